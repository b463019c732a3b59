"""Sign-up with double opt-in: a form, a JSON endpoint, and the confirmation link.

No response depends on whether an address is known: it is only looked up when the confirmation email is written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import ProfileError, QueryError, RequestError
from newsletter.errors.installation import has_scikit_learn
from newsletter.limits import FORM_BYTES
from newsletter.models import Profile, Topic
from newsletter.models.addresses import parse_address
from newsletter.store import Store
from newsletter.store.confirmations import Kind
from newsletter.store.confirmations import Request as Pending
from newsletter.subscribers.double_opt_in import confirm, read_request, request_subscription
from newsletter.subscribers.preferences_access import session_token
from newsletter.web.http.forms import Form, form_endpoint, limited_body, parse_query
from newsletter.web.http.json_body import read_json
from newsletter.web.http.page_language import speak
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers import session
from newsletter.web.subscribers.live_preview import LivePreview
from newsletter.web.subscribers.mistakes import address_mistake
from newsletter.web.subscribers.openapi import DESCRIPTION
from newsletter.web.subscribers.outgoing import Outgoing
from newsletter.web.subscribers.profile_form import ReadForm, fields_of_form, read_profile_form, shown_rows
from newsletter.web.subscribers.query_problems import query_problem
from newsletter.web.subscribers.signup_limits import signup_limits
from newsletter.web.subscribers.topic_rows import TopicRow, moved, rows_of_form
from newsletter.web.topic_help import Help, help_with, topic_help

#: A field that is hidden from people; spam bots fill it in.
_HONEYPOT = "website"

#: Topics of a form that are checked together.
_CHECKED = 10


class Signup:
    """Serves the sign-up form, its JSON endpoint and the confirmation page."""

    def __init__(self, pages: SitePages, outgoing: Outgoing, previews: LivePreview) -> None:
        self.pages = pages
        self.outgoing = outgoing
        self.previews = previews
        self.limits = signup_limits(pages.config.web_signups_per_hour, pages.counts)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/subscribe", self.form, methods=["GET"]),
            Route("/subscribe", form_endpoint(self.submit), methods=["POST"]),
            Route("/subscribe/requested", self.requested, methods=["GET"]),
            Route("/subscribe/arrange", form_endpoint(self.arrange), methods=["POST"]),
            Route("/subscribe/preview", self.preview_default, methods=["GET"]),
            Route("/subscribe/preview", form_endpoint(self.preview), methods=["POST"]),
            Route("/subscribe/check", form_endpoint(self.check), methods=["POST"]),
            Route("/subscribe/embed", self.embed, methods=["GET"]),
            Route("/sample.json", self.sample, methods=["GET"]),
            Route("/confirm/{token}", self.confirmation_page, methods=["GET"]),
            Route("/confirm/{token}", form_endpoint(self.confirm), methods=["POST"]),
            Route("/api/subscribe", self.submit_json, methods=["POST"]),
            Route("/api/openapi.json", self.openapi, methods=["GET"]),
        ]

    # -- the form -------------------------------------------------------------------------------------

    def form(self, request: Request) -> Response:
        """Show the form, filled in from the query string: ?email=…&topic=…"""
        prefilled = parse_query(request)
        counts = self._topic_counts()
        return self._render_form(prefilled, counts, shown_rows(prefilled, counts))

    def arrange(self, _request: Request, form: Form) -> Response:
        """Show the form as it is filled in, with a topic moved, removed or added; nothing is stored."""
        counts = self._topic_counts()
        return self._render_form(form, counts, moved(rows_of_form(form, counts), form))

    def preview_default(self, request: Request) -> Response:
        """Show what somebody would get who changes nothing in the form."""
        return self.preview(request, None)

    def preview(self, request: Request, form: Form | None) -> Response:
        """Show the email that somebody would get with the values of the form; nothing is stored."""
        with self.pages.store() as store:
            return self.previews.show(request, store, None, form)

    def submit(self, request: Request, form: Form) -> Response:
        """Accept the form; a bot that fills in the honeypot gets the same response, and nothing happens."""
        wait_s = self.limits.wait_s(_host(request))
        if not wait_s and not form.one(_HONEYPOT):
            counts, spoken = self._topic_counts(), self.pages.language
            read = read_profile_form(form, counts, spoken)
            try:
                parse_address(form.one("email"))
            except ProfileError:
                read = replace(read, errors={"email": address_mistake(spoken), **read.errors})
            if not read.is_valid:
                return self._render_form(form, counts, shown_rows(form, counts), read)
            preferences = {"language": spoken.code, **read.preferences}
            wait_s = self._request_subscription(form.one("email"), form.one("name"), preferences)
        if wait_s:
            return self._too_many(wait_s)
        self.outgoing.wake()
        return RedirectResponse(f"{self.pages.prefix}/subscribe/requested", 303)

    def requested(self, _request: Request) -> Response:
        """Explain the next step."""
        _ = self.pages.language.gettext
        text = _(
            "We sent you an email with a link. Click it within three days to confirm your subscription. "
            "You get nothing else before that."
        )
        return self.pages.show_message(_("Check your inbox"), text)

    def embed(self, _request: Request) -> Response:
        """Show the HTML of a sign-up form for other sites."""
        return self.pages.show("embed.html", noindex=False, url=f"{self.pages.config.site_url or ''}/subscribe")

    def check(self, _request: Request, form: Form) -> Response:
        """Show what the topics of a form match and miss, for browsers without JavaScript; nothing is stored."""
        spoken, rows = self.pages.language, [row for row in shown_rows(form, {}) if row.choice is None]
        checks: list[tuple[str, Help | None, str]] = []
        for row in rows[:_CHECKED]:
            try:
                checks.append(
                    (row.name or row.query, help_with(self.pages.topic_counts, row.query or row.name, spoken), "")
                )
            except QueryError as error:
                checks.append((row.name or row.query, None, query_problem(error, spoken)))
        return self.pages.show("topic_check.html", checks=checks)

    def sample(self, request: Request) -> Response:
        """Return what a query matched in the last week, as JSON, with sentences in the language of the page."""
        return topic_help(self.pages.topic_counts, request.query_params.get("q", ""), self.pages.language)

    def _render_form(
        self, form: Form, counts: Mapping[Topic, int], rows: list[TopicRow], read: ReadForm | None = None
    ) -> Response:
        """Show the form as it is filled in; with `read`, what is wrong is shown beside the fields."""
        spoken = self.pages.language
        proposed = Profile(language=spoken.code, first_at_once=True)
        fields = fields_of_form(form, rows, proposed, counts, spoken, read=read)
        typed = {name: form.one(name) for name in ("email", "name")}
        return self.pages.show("subscribe.html", 422 if read else 200, fields=fields, typed=typed)

    def _topic_counts(self) -> dict[Topic, int]:
        with self.pages.store() as store:
            topics = store.topics.catalogue()
        return self.pages.topic_counts.counts(topics)

    def _request_subscription(self, email: str, name: str, preferences: Mapping[str, Any]) -> float:
        """Store a request; return the seconds to wait if the site has had too many of them, else 0.

        Raises:
            ProfileError: The address or a field is not valid.
        """
        wait_s = 0.0

        def admit(address: str) -> bool:
            nonlocal wait_s
            wait_s = self.limits.wait_for_site_s()
            return not wait_s and self.limits.is_mailbox_allowed(address)

        with self.pages.store() as store:
            request_subscription(store, email, name, preferences, self.pages.clock(), admit)
        return wait_s

    def _too_many(self, wait_s: float) -> Response:
        _ = self.pages.language.gettext
        text = _("Too many people are signing up at the moment. Please try again later.")
        response = self.pages.show_message(_("Please try again later"), text, 429)
        response.headers["Retry-After"] = str(math.ceil(wait_s))
        return response

    # -- JSON -----------------------------------------------------------------------------------------

    async def submit_json(self, request: Request) -> Response:
        """Accept {"email": …, "name": …} and preferences as in a profile's file."""
        try:
            body = await limited_body(request, FORM_BYTES)
        except ClientDisconnect:
            return PlainTextResponse("", 400)
        if body is None:
            return _json_error("request body too large", None, 413)
        wait_s = await run_in_threadpool(self.limits.wait_s, _host(request))
        if wait_s:
            return _json_too_many(wait_s)
        return await run_in_threadpool(self._handle_json, body)

    def _handle_json(self, body: bytes) -> Response:
        try:
            preferences = read_json(body)
        except ValueError:
            return _json_error("malformed JSON", None, 400)
        if not isinstance(preferences, dict) or not isinstance(preferences.get("email"), str):
            return _json_error("expected an object with an email", '{"email": "you@example.org"}', 422)
        email, name = preferences.pop("email"), preferences.pop("name", "")
        if not isinstance(name, str):
            return _json_error("name: expected a string", None, 422)
        try:
            wait_s = self._request_subscription(email, name, preferences)
        except ProfileError as error:
            return _json_error(error.message, error.hint, 422)
        if wait_s:
            return _json_too_many(wait_s)
        self.outgoing.wake()
        return JSONResponse({"status": "pending"}, 202)

    def openapi(self, _request: Request) -> Response:
        """Return the OpenAPI description of the JSON endpoints."""
        config = self.pages.config
        servers = [{"url": config.site_url or "/"}]
        info = {"title": config.site_name, "version": "1"}
        return JSONResponse(DESCRIPTION | {"info": info, "servers": servers})

    # -- confirmation ---------------------------------------------------------------------------------

    def confirmation_page(self, request: Request) -> Response:
        """Ask for a click; a GET must change nothing, because mail scanners follow links."""
        try:
            with self.pages.store() as store:
                pending = read_request(store, request.path_params["token"], self.pages.clock())
                _speak_to(store, pending)
        except RequestError:
            return self._invalid_link()
        is_new_address = pending.kind is Kind.CHANGE_ADDRESS
        return self.pages.show("confirm.html", email=pending.email, is_new_address=is_new_address)

    def confirm(self, request: Request, _form: Form) -> Response:
        """Confirm a subscription or a new address, and let this browser see the preferences."""
        token, now = request.path_params["token"], self.pages.clock()
        try:
            with self.pages.store() as store, store.transaction():
                pending = read_request(store, token, now)
                subscriber = confirm(store, token, now)
                opened = session_token(store, pending.id, now) if pending.confirmed_at is None else None
                comes_at_once = subscriber.profile.first_at_once and not store.deliveries.of_subscriber(subscriber.id)
        except RequestError:
            return self._invalid_link()
        speak(subscriber.profile.language)
        response = self.pages.show(
            "confirmed.html",
            email=subscriber.email if opened else None,
            comes_at_once=comes_at_once,
            can_rate=opened is not None and has_scikit_learn(),
        )
        if opened:  # the link does this once, as one to the preferences does
            session.begin(self.pages, response, opened)
        return response

    def _invalid_link(self) -> Response:
        _ = self.pages.language.gettext
        text = _("This link is incomplete or has expired, or the request no longer exists. Please sign up again.")
        return self.pages.show_message(_("Not confirmed"), text, 404, to="/subscribe", label=_("Sign up again"))


def _speak_to(store: Store, pending: Pending) -> None:
    """Let the page be in the language of the subscriber who asked, or the one that a new one chose."""
    known = None if pending.subscriber_id is None else store.subscribers.find_by_id(pending.subscriber_id)
    chosen = known.profile.language if known else pending.preferences.get("language")
    if chosen:
        speak(str(chosen))


def _host(request: Request) -> str:
    return request.client.host if request.client else ""


def _json_too_many(wait_s: float) -> JSONResponse:
    response = _json_error("too many sign-ups", "try again later", 429)
    response.headers["Retry-After"] = str(math.ceil(wait_s))
    return response


def _json_error(message: str, hint: str | None, status: int) -> JSONResponse:
    return JSONResponse({"error": message, "hint": hint}, status)
