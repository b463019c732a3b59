"""To leave: with one click by a mail program (RFC 8058), or on a page; and to come back at once.

A GET changes nothing: programs that look at mail follow every link in it.
"""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter import tokens
from newsletter.errors import StoreError
from newsletter.models import Cadence, Status, Subscriber
from newsletter.store import Store
from newsletter.subscribers.subscriptions import FILE, UNSUBSCRIBED, change_preferences, resume, unsubscribe
from newsletter.web.http.forms import Form, posting
from newsletter.web.site_pages import Pages

#: For so long who left may come back by the same page; links of old mails must not bring anybody back.
_UNDONE_WITHIN = timedelta(days=1)
REASONS = ("Too many mails", "Not my topics", "I read papers elsewhere", "I never asked for it")


#: Digests mailed before 0.2 link to /leave/, and their links work for ever.
_PATHS = ("unsubscribe", "leave")


class Unsubscribe:
    """Answers who wants no more mail."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages

    def routes(self) -> list[Route]:
        """Return what is answered."""
        return [
            route
            for name in _PATHS
            for route in (
                Route(f"/{name}/{{token}}", self.page, methods=["GET"]),
                Route(f"/{name}/{{token}}", posting(self.unsubscribe), methods=["POST"]),
                Route(f"/{name}/{{token}}/undo", posting(self.undo), methods=["POST"]),
                Route(f"/{name}/{{token}}/fewer", posting(self.fewer), methods=["POST"]),
            )
        ]

    def page(self, request: Request) -> Response:
        """Ask whether they mean it."""
        with self.pages.store() as store:
            known = self._reader(store, request)
        if known is None:
            return self._unknown()
        if known.status is Status.UNSUBSCRIBED:
            return self._left(request, known)
        may_have_fewer = known.profile.cadence is not Cadence.MONTHLY and not known.origin.startswith(FILE)
        return self.pages.show(
            "unsubscribe.html", subscriber=known, token=self._token(request), may_have_fewer=may_have_fewer
        )

    def unsubscribe(self, request: Request, form: Form) -> Response:
        """End the mails, whoever asks: a mail program, or the page; a reason may be added."""
        try:
            with self.pages.store() as store:
                known = unsubscribe(
                    store, _only_token(store, self._token(request)), self.pages.clock(), form.one("reason")
                )
        except StoreError:
            return self._unknown()
        return self._left(request, known, thanks=bool(form.one("reason")))

    def undo(self, request: Request, _form: Form) -> Response:
        """Take leaving back, shortly after."""
        now = self.pages.clock()
        with self.pages.store() as store:
            known = self._reader(store, request)
            if known is None:
                return self._unknown()
            if known.status is Status.UNSUBSCRIBED:
                why = store.subscribers.why_suppressed(known.email) or UNSUBSCRIBED
                if now - known.status_at > _UNDONE_WITHIN or not why.startswith(UNSUBSCRIBED):
                    words = "That was a while ago. Please subscribe once more."
                    return self.pages.tell("Welcome back?", words, 409, to="/subscribe", label="Subscribe")
                resume(store, known.email, now, resubscribe=True)
        return self.pages.tell("You are back", "Nothing changed, and the next mail comes as usual.")

    def fewer(self, request: Request, _form: Form) -> Response:
        """Write less often instead: weekly instead of daily, monthly instead of weekly."""
        with self.pages.store() as store:
            known = self._reader(store, request)
            if known is None:
                return self._unknown()
            less = Cadence.MONTHLY if known.profile.cadence in (Cadence.WEEKLY, Cadence.MONTHLY) else Cadence.WEEKLY
            try:
                known = change_preferences(store, known.email, None, {"cadence": less.value})
            except StoreError as error:
                return self.pages.tell("This does not work", f"{error.message}.", 409)
        often = "month" if less is Cadence.MONTHLY else "week"
        return self.pages.tell("Fewer mails", f"From now on there is one mail a {often}.")

    def _left(self, request: Request, subscriber: Subscriber, *, thanks: bool = False) -> Response:
        is_fresh = self.pages.clock() - subscriber.status_at <= _UNDONE_WITHIN
        return self.pages.show(
            "unsubscribed.html",
            subscriber=subscriber,
            token=self._token(request),
            is_fresh=is_fresh,
            thanks=thanks,
            reasons=REASONS,
        )

    def _reader(self, store: Store, request: Request) -> Subscriber | None:
        number = tokens.read(store.secret(), tokens.UNSUBSCRIBE, self._token(request))
        return None if number is None else store.subscribers.find_by_id(number)

    @staticmethod
    def _token(request: Request) -> str:
        return str(request.path_params["token"])

    def _unknown(self) -> Response:
        words = "This link is not whole, or what it names is forgotten already: then there are no more mails."
        return self.pages.tell("Nothing to end here", words, 404)


def _only_token(store: Store, token: str) -> str:
    """Return a token if it is one; an address will not do here.

    Raises:
        StoreError: It was not signed by this site.
    """
    if tokens.read(store.secret(), tokens.UNSUBSCRIBE, token) is None:
        raise StoreError("not a token of this site")
    return token
