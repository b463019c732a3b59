"""The preferences page: change preferences or address, pause, withdraw feedback, export and erase one's data (GDPR).

It is opened by a link that is mailed on request, to the address on record, and works once (`preferences_access`). The
links of digests, which people forward, are less powerful: `digest_link`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import ProfileError, RequestError
from newsletter.errors.installation import has_scikit_learn
from newsletter.limits import NAME
from newsletter.models import Status, Subscriber, Topic
from newsletter.models.languages import translatable
from newsletter.models.tokens import is_id
from newsletter.pipeline.next_mail import next_mail, why_nothing_today
from newsletter.store import Store
from newsletter.store.suppressions import UNSUBSCRIBED
from newsletter.subscribers.double_opt_in import request_address_change, request_link
from newsletter.subscribers.preferences_access import open_preferences, subscriber_of_link
from newsletter.subscribers.privacy import erase, export_data
from newsletter.subscribers.subscriptions import FILE, change_preferences, pause, resume
from newsletter.web.http.forms import Form, form_endpoint
from newsletter.web.http.page_language import speak
from newsletter.web.site_pages import NOINDEX, SitePages
from newsletter.web.subscribers import session
from newsletter.web.subscribers.live_preview import LivePreview
from newsletter.web.subscribers.mail_times import delivery_sentence, next_mail_sentence, nothing_sentence
from newsletter.web.subscribers.mistakes import address_mistake, pause_mistake, refusal
from newsletter.web.subscribers.outgoing import Outgoing
from newsletter.web.subscribers.profile_form import (
    ONLY_AT_SIGNUP,
    Fields,
    fields_of,
    fields_of_form,
    read_profile_form,
    shown_rows,
)
from newsletter.web.subscribers.topic_rows import moved, rows_of_form

_LONGEST_PAUSE = timedelta(days=366)
#: Maximum number of past deliveries shown.
_DELIVERIES = 20
#: The confirmation that is shown for each value of ?done=.
_DONE = {
    "saved": translatable("Your preferences are saved, and apply from the next email on."),
    "paused": translatable("Your emails are paused."),
    "resumed": translatable("Your emails are resumed."),
    "requested": translatable("Please click the link that was sent to the new address. Until then nothing changes."),
    "rated": translatable("Your ratings are saved. Your next digest is ranked accordingly."),
    "withdrawn": translatable("Your feedback on this paper is removed."),
}
_USED = translatable("This link has expired or was used: it works once, within an hour. Please request a new one.")
#: Carry out what a form asks for; return a key of `_DONE`.
Action = Callable[[Store, Subscriber, Form], str]


class Preferences:
    """Serves the preferences page and its actions."""

    def __init__(self, pages: SitePages, outgoing: Outgoing, previews: LivePreview) -> None:
        self.pages = pages
        self.outgoing = outgoing
        self.previews = previews

    def routes(self) -> list[Route]:
        """Return the routes."""
        actions: dict[str, Action] = {
            "pause": self._pause,
            "resume": self._resume,
            "change-address": self._change_address,
            "withdraw-feedback": self._withdraw_feedback,
        }
        return [
            Route("/preferences", self.page, methods=["GET"]),
            Route("/preferences", form_endpoint(self.send_link), methods=["POST"]),
            Route("/preferences/open/{token}", self.opening_page, methods=["GET"]),
            Route("/preferences/open/{token}", form_endpoint(self.open), methods=["POST"]),
            Route("/preferences/save", form_endpoint(self.save), methods=["POST"]),
            Route("/preferences/arrange", form_endpoint(self.arrange), methods=["POST"]),
            Route("/preferences/preview", self.preview_saved, methods=["GET"]),
            Route("/preferences/preview", form_endpoint(self.preview), methods=["POST"]),
            Route("/preferences/close", form_endpoint(self.close), methods=["POST"]),
            Route("/preferences/data.json", self.export, methods=["GET"]),
            Route("/preferences/erase", form_endpoint(self.erase), methods=["POST"]),
            *(
                Route(f"/preferences/{name}", form_endpoint(self._endpoint(action)), methods=["POST"])
                for name, action in actions.items()
            ),
        ]

    # -- links ----------------------------------------------------------------------------------------

    def send_link(self, _request: Request, form: Form) -> Response:
        """Email a link to a subscriber; the response is the same for every address, known or not."""
        try:
            with self.pages.store() as store:
                request_link(store, form.one("email"), self.pages.clock())
        except ProfileError:
            return self.pages.show("link.html", 422, error=address_mistake(self.pages.language))
        _ = self.pages.language.gettext
        response = self.pages.show_message(
            _("Check your inbox"), _("If this address is subscribed, a link to your preferences is on its way.")
        )
        self.outgoing.wake()
        return response

    def opening_page(self, request: Request) -> Response:
        """Ask for a click; a GET must not use up the link, because mail scanners follow links."""
        with self.pages.store() as store:
            subscriber = subscriber_of_link(store, request.path_params["token"], self.pages.clock())
        if subscriber is None:
            return self._closed(_USED, 404)
        speak(subscriber.profile.language)
        return self.pages.show("open.html")

    def open(self, request: Request, _form: Form) -> Response:
        """Use up the link, and let this browser see the preferences."""
        with self.pages.store() as store:
            token = open_preferences(store, request.path_params["token"], self.pages.clock())
        if token is None:
            return self._closed(_USED, 404)
        response = RedirectResponse(f"{self.pages.prefix}/preferences", 303)
        session.begin(self.pages, response, token)
        return response

    def close(self, _request: Request, _form: Form) -> Response:
        """End the session of this browser."""
        _ = self.pages.language.gettext
        response = self.pages.show_message(_("Preferences closed"), _("To open them again, request a new link."))
        session.end(self.pages, response)
        return response

    # -- in a session ---------------------------------------------------------------------------------

    def page(self, request: Request) -> Response:
        """Show the preferences; without a session, the form that requests a link."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return self._closed("", 200)
            done = _DONE.get(request.query_params.get("done", ""), "")
            return self._render_page(store, subscriber, done=self.pages.language.gettext(done) if done else "")

    def save(self, request: Request, form: Form) -> Response:
        """Save the form; if a field has a mistake, show all as it was filled in, with what is wrong beside it."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return session.expired(self.pages)
            counts, spoken = self._counts(store), self.pages.language
            read = read_profile_form(form, counts, spoken)
            if not read.is_valid:
                fields = fields_of_form(
                    form, shown_rows(form, counts), subscriber.profile, counts, spoken, read=read,
                    left_out=_left_out(store, subscriber),
                )  # fmt: skip
                return self._render_page(store, subscriber, 422, fields=fields, name=form.one("name"))
            try:
                name = form.one("name")[:NAME] if "name" in form.fields else None
                change_preferences(store, subscriber.email, name, read.preferences, self.pages.clock())
            except RequestError:
                return self._refuse(store, subscriber)
        self.outgoing.wake()
        return RedirectResponse(f"{self.pages.prefix}/preferences?done=saved", 303)

    def arrange(self, request: Request, form: Form) -> Response:
        """Show the form as it is filled in, with a topic moved, removed or added; nothing is saved."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return session.expired(self.pages)
            counts = self._counts(store)
            rows = moved(rows_of_form(form, counts), form)
            left_out = _left_out(store, subscriber)
            fields = fields_of_form(form, rows, subscriber.profile, counts, self.pages.language, left_out=left_out)
            return self._render_page(store, subscriber, fields=fields, name=form.one("name"))

    def preview_saved(self, request: Request) -> Response:
        """Show the next email with the preferences that are saved."""
        return self.preview(request, None)

    def preview(self, request: Request, form: Form | None) -> Response:
        """Show the next email with the values of the form; nothing is saved."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return session.expired(self.pages)
            return self.previews.show(request, store, subscriber, form)

    def export(self, request: Request) -> Response:
        """Return all data about the subscriber as a JSON file (GDPR, article 20)."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return session.expired(self.pages)
            content = json.dumps(export_data(store, subscriber.email), default=str, ensure_ascii=False, indent=2)
        headers = NOINDEX | {"Content-Disposition": 'attachment; filename="newsletter.json"'}
        return Response(content, media_type="application/json", headers=headers)

    def erase(self, request: Request, form: Form) -> Response:
        """Erase all data about the subscriber (GDPR, article 17), if the form's checkbox is ticked."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return session.expired(self.pages)
            if form.one("sure") != "yes":
                error = self.pages.language.gettext("Please tick the box to confirm that everything is deleted.")
                return self._render_page(store, subscriber, 422, error=error)
            erase(store, subscriber.email, self.pages.clock(), self.pages.config.outbox, self.pages.config.log_path)
        _ = self.pages.language.gettext
        text = _("Your address, preferences, emails and feedback are deleted.")
        response = self.pages.show_message(_("Your data is deleted"), text)
        session.end(self.pages, response)
        return response

    def _endpoint(self, action: Action) -> Callable[[Request, Form], Response]:
        def endpoint(request: Request, form: Form) -> Response:
            with self.pages.store() as store:
                subscriber = self._subscriber(store, request)
                if subscriber is None:
                    return session.expired(self.pages)
                try:
                    done = action(store, subscriber, form)
                except ProfileError:
                    is_pause, spoken = action == self._pause, self.pages.language
                    text = pause_mistake(spoken) if is_pause else address_mistake(spoken)
                    return self._render_page(store, subscriber, 422, error=text)
                except RequestError:
                    return self._refuse(store, subscriber)
            location = f"{self.pages.prefix}/preferences?done={done}"
            self.outgoing.wake()
            return RedirectResponse(location, 303)

        return endpoint

    # -- actions --------------------------------------------------------------------------------------

    def _pause(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        pause_until(store, subscriber, form.one("until"), self.pages.clock())
        return "paused"

    def _resume(self, store: Store, subscriber: Subscriber, _form: Form) -> str:
        reason = store.suppressions.why_suppressed(subscriber.email)
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
            if is_id(paper_id):
                store.feedback.withdraw(subscriber.id, int(paper_id))
            if key:
                store.feedback.forget_example(subscriber.id, key)
        return "withdrawn"

    # -- responses ------------------------------------------------------------------------------------

    def _subscriber(self, store: Store, request: Request) -> Subscriber | None:
        return session.subscriber(store, request, self.pages.clock())

    def _counts(self, store: Store) -> dict[Topic, int]:
        return self.pages.topic_counts.counts(store.topics.catalogue())

    def _closed(self, error: str, status: int) -> Response:
        return self.pages.show("link.html", status, error=self.pages.language.gettext(error) if error else "")

    def _refuse(self, store: Store, subscriber: Subscriber) -> Response:
        text = refusal(subscriber, self.pages.language, is_in_file=subscriber.origin.startswith(FILE))
        return self._render_page(store, subscriber, 422, error=text)

    def _render_page(
        self,
        store: Store,
        subscriber: Subscriber,
        status: int = 200,
        *,
        done: str = "",
        error: str = "",
        fields: Fields | None = None,
        name: str | None = None,
    ) -> Response:
        now, spoken = self.pages.clock(), self.pages.language
        likes = store.feedback.of(subscriber.id)
        papers = store.papers.get_many(likes)
        return self.pages.show(
            "preferences.html",
            status,
            subscriber=subscriber,
            is_in_file=subscriber.origin.startswith(FILE),
            is_mailed=subscriber.status is Status.ACTIVE
            and store.suppressions.why_suppressed(subscriber.email) is None,
            fields=fields or fields_of(subscriber.profile, self._counts(store), spoken, _left_out(store, subscriber)),
            typed_name=subscriber.name if name is None else name,
            next_mail=next_mail_sentence(next_mail(store, subscriber, now), spoken),
            today=nothing_sentence(why_nothing_today(store, subscriber, now), spoken),
            deliveries=[
                delivery_sentence(one, spoken) for one in store.deliveries.of_subscriber(subscriber.id)[:_DELIVERIES]
            ],
            feedback=[(papers[paper_id], liked) for paper_id, liked in likes.items()],
            can_rate=has_scikit_learn(),
            examples=store.feedback.examples(subscriber.id),
            tomorrow=now.date() + timedelta(days=1),
            done=done,
            error=error,
        )


def _left_out(store: Store, subscriber: Subscriber) -> dict[str, str]:
    """Return the fields that the form does not show, with the reason."""
    return ONLY_AT_SIGNUP if store.deliveries.of_subscriber(subscriber.id) else {}


def pause_until(store: Store, subscriber: Subscriber, day: str, now: datetime) -> None:
    """Pause a subscription until a day, as a form gives it.

    Raises:
        ProfileError: It is not a day within the next twelve months.
        RequestError: They unsubscribed.
    """
    today = now.date()
    try:
        until = date.fromisoformat(day)
    except ValueError:
        raise ProfileError("choose an end date for the pause", hint="for example 2026-12-31") from None
    if not today < until <= today + _LONGEST_PAUSE:
        raise ProfileError("choose an end date for the pause within the next twelve months")
    pause(store, subscriber.email, now, until)
