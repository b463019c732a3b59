"""The preferences page: change preferences or address, pause, withdraw feedback, export and erase one's data (GDPR).

Its link is in every email and expires; a subscriber with an old one requests a new link by email.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter import tokens
from newsletter.errors import NewsletterError, ProfileError, RequestError, StoreError
from newsletter.models import Status, Subscriber
from newsletter.store import Store
from newsletter.subscribers.double_opt_in import request_address_change, request_link
from newsletter.subscribers.privacy import erase, export_data
from newsletter.subscribers.subscriptions import FILE, UNSUBSCRIBED, change_preferences, pause, resume
from newsletter.web.http.forms import Form, form_endpoint
from newsletter.web.site_pages import NOINDEX, SitePages
from newsletter.web.subscribers.outgoing import Outgoing
from newsletter.web.subscribers.profile_form import fields_of, read_profile_form

_LONGEST_PAUSE = timedelta(days=366)
#: Maximum number of past deliveries shown.
_DELIVERIES = 20
#: The confirmation that is shown for each value of ?done=.
_DONE = {
    "saved": "Your preferences are saved, and apply from the next email on.",
    "paused": "Your emails are paused.",
    "resumed": "Your emails are resumed.",
    "requested": "Please click the link that was sent to the new address. Until then nothing changes.",
    "withdrawn": "Your feedback on this paper is removed.",
}
#: Carry out what a form asks for; return a key of `_DONE`.
Action = Callable[[Store, Subscriber, Form], str]


class Preferences:
    """Serves the preferences page and its actions."""

    def __init__(self, pages: SitePages, outgoing: Outgoing) -> None:
        self.pages = pages
        self.outgoing = outgoing

    def routes(self) -> list[Route]:
        """Return the routes."""
        actions: dict[str, Action] = {
            "": self._save,
            "/pause": self._pause,
            "/resume": self._resume,
            "/change-address": self._change_address,
            "/withdraw-feedback": self._withdraw_feedback,
        }
        return [
            Route("/preferences", self.ask_for_address, methods=["GET"]),
            Route("/preferences", form_endpoint(self.send_link), methods=["POST"]),
            Route("/preferences/{token}", self.page, methods=["GET"]),
            Route("/preferences/{token}/data.json", self.export, methods=["GET"]),
            Route("/preferences/{token}/erase", form_endpoint(self.erase), methods=["POST"]),
            *(
                Route(f"/preferences/{{token}}{path}", form_endpoint(self._endpoint(action)), methods=["POST"])
                for path, action in actions.items()
            ),
        ]

    # -- without a link -------------------------------------------------------------------------------

    def ask_for_address(self, _request: Request) -> Response:
        """Show the form that requests a link."""
        return self.pages.show("link.html", error="")

    def send_link(self, _request: Request, form: Form) -> Response:
        """Email a link to a subscriber; the response is the same for every address, known or not."""
        try:
            with self.pages.store() as store:
                request_link(store, form.one("email"), self.pages.clock())
        except ProfileError as error:
            return self.pages.show("link.html", 422, error=error.message.removeprefix("email: "))
        response = self.pages.show_message(
            "Check your inbox", "If this address is subscribed, a link to your preferences is on its way."
        )
        response.background = BackgroundTask(self.outgoing.send_waiting)
        return response

    # -- with a link ----------------------------------------------------------------------------------

    def page(self, request: Request) -> Response:
        """Show the preferences."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return self._expired()
            done = _DONE.get(request.query_params.get("done", ""), "")
            return self._render_page(store, subscriber, request, done=done)

    def export(self, request: Request) -> Response:
        """Return all data about the subscriber as a JSON file (GDPR, article 20)."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return self._expired()
            content = json.dumps(export_data(store, subscriber.email), default=str, ensure_ascii=False, indent=2)
        headers = NOINDEX | {"Content-Disposition": 'attachment; filename="newsletter.json"'}
        return Response(content, media_type="application/json", headers=headers)

    def erase(self, request: Request, form: Form) -> Response:
        """Erase all data about the subscriber (GDPR, article 17), if the form's checkbox is ticked."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return self._expired()
            if form.one("sure") != "yes":
                error = "Please tick the box to confirm that everything is deleted."
                return self._render_page(store, subscriber, request, 422, error=error)
            erase(store, subscriber.email, self.pages.clock(), self.pages.config)
        text = "Your address, preferences, emails and feedback are deleted."
        return self.pages.show_message("Your data is deleted", text)

    def _endpoint(self, action: Action) -> Callable[[Request, Form], Response]:
        def endpoint(request: Request, form: Form) -> Response:
            with self.pages.store() as store:
                subscriber = self._subscriber(store, request)
                if subscriber is None:
                    return self._expired()
                try:
                    done = action(store, subscriber, form)
                except StoreError:
                    raise
                except NewsletterError as error:
                    # Other hints are for the operator: they name commands.
                    hint = error.hint if isinstance(error, ProfileError) else None
                    text = f"{error.message} ({hint})" if hint else error.message
                    return self._render_page(store, subscriber, request, 422, error=text)
            location = f"{self.pages.prefix}/preferences/{request.path_params['token']}?done={done}"
            return RedirectResponse(location, 303, background=BackgroundTask(self.outgoing.send_waiting))

        return endpoint

    # -- actions --------------------------------------------------------------------------------------

    def _save(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        change_preferences(store, subscriber.email, form.one("name"), read_profile_form(form))
        return "saved"

    def _pause(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        today = self.pages.clock().date()
        try:
            until = date.fromisoformat(form.one("until"))
        except ValueError:
            raise ProfileError("choose an end date for the pause", hint="for example 2026-12-31") from None
        if not today < until <= today + _LONGEST_PAUSE:
            raise ProfileError("choose an end date for the pause within the next twelve months")
        pause(store, subscriber.email, self.pages.clock(), until)
        return "paused"

    def _resume(self, store: Store, subscriber: Subscriber, _form: Form) -> str:
        reason = store.subscribers.why_suppressed(subscriber.email)
        if reason is not None and not reason.startswith(UNSUBSCRIBED):
            raise RequestError("emails to this address bounced or were reported as spam: please change the address")
        resume(store, subscriber.email, self.pages.clock(), resubscribe=True)
        return "resumed"

    def _change_address(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        request_address_change(store, subscriber, form.one("email"), self.pages.clock())
        return "requested"

    def _withdraw_feedback(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        paper_id, key = form.one("paper"), form.one("key")
        with store.transaction():
            if paper_id.isascii() and paper_id.isdecimal() and len(paper_id) <= 18:
                store.feedback.withdraw(subscriber.id, int(paper_id))
            if key:
                store.feedback.forget_example(subscriber.id, key)
        return "withdrawn"

    # -- responses ------------------------------------------------------------------------------------

    def _subscriber(self, store: Store, request: Request) -> Subscriber | None:
        """Return the subscriber of the link's token; None if it is invalid or expired."""
        token = str(request.path_params["token"])
        signed = tokens.read_until(store.secret(), tokens.PREFERENCES, token, self.pages.clock().date())
        if signed is None:
            return None
        subscriber_id, is_valid = signed
        return store.subscribers.find_by_id(subscriber_id) if is_valid else None

    def _expired(self) -> Response:
        return self.pages.show("link.html", 404, error="This link is incomplete or has expired.")

    def _render_page(
        self,
        store: Store,
        subscriber: Subscriber,
        request: Request,
        status: int = 200,
        *,
        done: str = "",
        error: str = "",
    ) -> Response:
        counts = self.pages.topic_counts.counts(store.topics.catalogue())
        likes = store.feedback.of(subscriber.id)
        papers = store.papers.get_many(likes)
        return self.pages.show(
            "preferences.html",
            status,
            subscriber=subscriber,
            token=str(request.path_params["token"]),
            is_in_file=subscriber.origin.startswith(FILE),
            is_mailed=subscriber.status is Status.ACTIVE and store.subscribers.why_suppressed(subscriber.email) is None,
            fields=fields_of(subscriber.profile, counts),
            deliveries=store.deliveries.of_subscriber(subscriber.id)[:_DELIVERIES],
            feedback=[(papers[paper_id], liked) for paper_id, liked in likes.items()],
            examples=store.feedback.examples(subscriber.id),
            tomorrow=self.pages.clock().date() + timedelta(days=1),
            done=done,
            error=error,
        )
