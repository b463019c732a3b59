"""Unsubscribing: in one click by a mail program (RFC 8058) or on a page; and undoing it within a day.

A GET changes nothing: mail scanners follow every link.
"""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.errors import RequestError
from newsletter.models import Cadence, Status, Subscriber, tokens
from newsletter.models.languages import translatable
from newsletter.store import Store
from newsletter.store.suppressions import UNSUBSCRIBED
from newsletter.subscribers.subscriptions import FILE, change_preferences, resume, unsubscribe
from newsletter.web.http.forms import Form, form_endpoint
from newsletter.web.http.page_language import speak
from newsletter.web.site_pages import SitePages

#: How long unsubscribing can be undone: the links of old emails must not resubscribe anybody.
_UNDO_WINDOW = timedelta(days=1)
#: What is asked for on the page, by what is stored.
REASONS = {
    "too many emails": translatable("Too many emails"),
    "not relevant": translatable("Not relevant to me"),
    "reads elsewhere": translatable("I read papers elsewhere"),
    "never signed up": translatable("I never signed up"),
}
#: Digests sent before 0.2 link to /leave/, and unsubscribe links never expire.
_PATHS = ("unsubscribe", "leave")


class Unsubscribe:
    """Serves the unsubscribe page and its actions."""

    def __init__(self, pages: SitePages) -> None:
        self.pages = pages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            route
            for path in _PATHS
            for route in (
                Route(f"/{path}/{{token}}", self.page, methods=["GET"]),
                Route(f"/{path}/{{token}}", form_endpoint(self.unsubscribe), methods=["POST"]),
                Route(f"/{path}/{{token}}/undo", form_endpoint(self.undo), methods=["POST"]),
                Route(f"/{path}/{{token}}/fewer", form_endpoint(self.fewer), methods=["POST"]),
            )
        ]

    def page(self, request: Request) -> Response:
        """Ask for confirmation; change nothing."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
        if subscriber is None:
            return self._invalid_link()
        if subscriber.status is Status.UNSUBSCRIBED:
            return self._unsubscribed(request, subscriber)
        is_in_file = subscriber.origin.startswith(FILE)
        may_have_fewer = subscriber.profile.cadence is not Cadence.MONTHLY and not is_in_file
        return self.pages.show(
            "unsubscribe.html", subscriber=subscriber, token=self._token(request), may_have_fewer=may_have_fewer
        )

    def unsubscribe(self, request: Request, form: Form) -> Response:
        """Unsubscribe at once, by one click or by the page's form; `reason` is optional and may be posted later."""
        token = self._token(request)
        try:
            with self.pages.store() as store:
                if self._subscriber(store, request) is None:  # an email address instead of a token will not do
                    return self._invalid_link()
                subscriber = unsubscribe(store, token, self.pages.clock(), form.one("reason"))
        except RequestError:
            return self._invalid_link()
        return self._unsubscribed(request, subscriber, has_reason=bool(form.one("reason")))

    def undo(self, request: Request, _form: Form) -> Response:
        """Subscribe again, within a day of unsubscribing; never after a bounce or complaint."""
        now = self.pages.clock()
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return self._invalid_link()
            if subscriber.status is Status.UNSUBSCRIBED:
                reason = store.suppressions.why_suppressed(subscriber.email) or UNSUBSCRIBED
                if now - subscriber.status_at > _UNDO_WINDOW or not reason.startswith(UNSUBSCRIBED):
                    return self._too_late()
                resume(store, subscriber.email, now, resubscribe=True)
        _ = self.pages.language.gettext
        return self.pages.show_message(
            _("You’re subscribed again"), _("Nothing has changed: your emails come as before.")
        )

    def _too_late(self) -> Response:
        _ = self.pages.language.gettext
        text = _("It is too late to undo this. Please subscribe again.")
        return self.pages.show_message(_("Welcome back?"), text, 409, to="/subscribe", label=_("Subscribe"))

    def fewer(self, request: Request, _form: Form) -> Response:
        """Lower the frequency instead: to weekly, or from weekly to monthly."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return self._invalid_link()
            is_weekly_or_less = subscriber.profile.cadence in (Cadence.WEEKLY, Cadence.MONTHLY)
            cadence = Cadence.MONTHLY if is_weekly_or_less else Cadence.WEEKLY
            try:
                change_preferences(store, subscriber.email, None, {"cadence": cadence.value}, self.pages.clock())
            except RequestError:  # the message names an address and what the operator can do
                return self._not_changed()
        _ = self.pages.language.gettext
        monthly, weekly = _("You’ll now get one email per month."), _("You’ll now get one email per week.")
        return self.pages.show_message(_("Fewer emails"), monthly if cadence is Cadence.MONTHLY else weekly)

    def _not_changed(self) -> Response:
        _ = self.pages.language.gettext
        text = _("Your preferences cannot be changed here. To stop the emails, unsubscribe.")
        return self.pages.show_message(_("Your preferences have not changed"), text, 409)

    def _unsubscribed(self, request: Request, subscriber: Subscriber, *, has_reason: bool = False) -> Response:
        return self.pages.show(
            "unsubscribed.html",
            subscriber=subscriber,
            token=self._token(request),
            can_undo=self.pages.clock() - subscriber.status_at <= _UNDO_WINDOW,
            has_reason=has_reason,
            reasons=[(key, self.pages.language.gettext(reason)) for key, reason in REASONS.items()],
        )

    def _subscriber(self, store: Store, request: Request) -> Subscriber | None:
        subscriber_id = tokens.read(store.accepted_keys(self.pages.clock()), tokens.UNSUBSCRIBE, self._token(request))
        found = None if subscriber_id is None else store.subscribers.find_by_id(subscriber_id)
        if found is not None:
            speak(found.profile.language)
        return found

    @staticmethod
    def _token(request: Request) -> str:
        return str(request.path_params["token"])

    def _invalid_link(self) -> Response:
        _ = self.pages.language.gettext
        text = _("This link is incomplete, or your data has already been deleted and you get no more emails.")
        return self.pages.show_message(_("Link not valid"), text, 404)
