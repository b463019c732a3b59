"""The page that the link of a digest leads to: pause, unsubscribe, or have a fresh link to the preferences mailed.

Digests are forwarded, quoted and archived, so their links show nothing about a subscriber and change nothing but
whether emails come. For the rest, only the address on record is asked (`preferences_access`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import ProfileError, RequestError
from newsletter.models import Status, Subscriber, tokens
from newsletter.models.languages import translatable
from newsletter.store import Store
from newsletter.subscribers.double_opt_in import request_own_link
from newsletter.subscribers.subscriptions import resume
from newsletter.web.http.forms import Form, form_endpoint
from newsletter.web.http.page_language import speak
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.mistakes import pause_mistake
from newsletter.web.subscribers.outgoing import Outgoing
from newsletter.web.subscribers.preferences import pause_until

#: The confirmation that is shown for each value of ?done=.
_DONE = {
    "paused": translatable("Emails are paused."),
    "resumed": translatable("Emails are resumed."),
    "requested": translatable("A fresh link is on its way to your address."),
}


class DigestLink:
    """Serves the page and its actions."""

    def __init__(self, pages: SitePages, outgoing: Outgoing) -> None:
        self.pages = pages
        self.outgoing = outgoing

    def routes(self) -> list[Route]:
        """Return the routes; those of the preferences page, which has the same beginning, come first."""
        actions = {"pause": self._pause, "resume": self._resume, "link": self._request_link}
        return [
            Route("/preferences/{token}", self.page, methods=["GET"]),
            *(
                Route(f"/preferences/{{token}}/{name}", form_endpoint(self._endpoint(action)), methods=["POST"])
                for name, action in actions.items()
            ),
        ]

    def page(self, request: Request) -> Response:
        """Show what the link is good for; change nothing."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return self._expired()
            done = _DONE.get(request.query_params.get("done", ""))
            return self._render(store, subscriber, request, done=self.pages.language.gettext(done) if done else "")

    def _endpoint(self, action: Callable[[Store, Subscriber, Form], str]) -> Callable[[Request, Form], Response]:
        def endpoint(request: Request, form: Form) -> Response:
            with self.pages.store() as store:
                subscriber = self._subscriber(store, request)
                if subscriber is None:
                    return self._expired()
                try:
                    done = action(store, subscriber, form)
                except ProfileError:
                    return self._render(store, subscriber, request, 422, error=pause_mistake(self.pages.language))
                except RequestError:  # the message names an address
                    text = self.pages.language.gettext("This isn’t possible: the emails have already stopped.")
                    return self._render(store, subscriber, request, 409, error=text)
                except _TooOftenError:
                    text = self.pages.language.gettext(
                        "Three links were requested within a day. Please use the last one, or try again tomorrow."
                    )
                    return self._render(store, subscriber, request, 429, error=text)
            location = f"{self.pages.prefix}/preferences/{request.path_params['token']}?done={done}"
            self.outgoing.wake()
            return RedirectResponse(location, 303)

        return endpoint

    def _pause(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        pause_until(store, subscriber, form.one("until"), self.pages.clock())
        return "paused"

    def _resume(self, store: Store, subscriber: Subscriber, _form: Form) -> str:
        """End a pause. Who unsubscribed comes back by signing up again."""
        if subscriber.status is Status.PAUSED:
            resume(store, subscriber.email, self.pages.clock())
        return "resumed"

    def _request_link(self, store: Store, subscriber: Subscriber, _form: Form) -> str:
        if not request_own_link(store, subscriber, self.pages.clock()):
            raise _TooOftenError
        return "requested"

    def _subscriber(self, store: Store, request: Request) -> Subscriber | None:
        """Return the subscriber of the link's token; None if it is invalid or expired."""
        token = str(request.path_params["token"])
        now = self.pages.clock()
        signed = tokens.read_until(store.accepted_keys(now), tokens.PREFERENCES, token, now.date())
        if signed is None:
            return None
        subscriber_id, is_valid = signed
        found = store.subscribers.find_by_id(subscriber_id) if is_valid else None
        if found is not None:
            speak(found.profile.language)
        return found

    def _expired(self) -> Response:
        text = self.pages.language.gettext("This link is incomplete or has expired.")
        return self.pages.show("link.html", 404, error=text)

    def _render(
        self,
        store: Store,
        subscriber: Subscriber,
        request: Request,
        status: int = 200,
        *,
        done: str = "",
        error: str = "",
    ) -> Response:
        is_suppressed = store.suppressions.why_suppressed(subscriber.email) is not None
        return self.pages.show(
            "digest_link.html",
            status,
            token=str(request.path_params["token"]),
            unsubscribe_token=tokens.sign(store.secret(), tokens.UNSUBSCRIBE, subscriber.id),
            is_mailed=subscriber.status is Status.ACTIVE and not is_suppressed,
            contact=self.pages.config.sender.reply_to,
            is_paused=subscriber.status is Status.PAUSED,
            tomorrow=self.pages.clock().date() + timedelta(days=1),
            done=done,
            error=error,
        )


class _TooOftenError(Exception):
    """The address was mailed as many links as a day allows."""
