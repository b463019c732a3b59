"""What readers change by the link in their mail: wishes, pauses, address, feedback; to take all along; to be forgotten.

The link ends; whoever has an old one gets a new one by mail, at the address that is known.
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
from newsletter.errors import NewsletterError, ProfileError, StoreError
from newsletter.models import Status, Subscriber
from newsletter.store import Store
from newsletter.subscribers.double_opt_in import request_address_change, request_link
from newsletter.subscribers.privacy import erase, export_data
from newsletter.subscribers.subscriptions import FILE, UNSUBSCRIBED, change_preferences, pause, resume
from newsletter.web.http.forms import Form, posting
from newsletter.web.site_pages import PRIVATE, Pages
from newsletter.web.subscribers.outgoing import Outgoing
from newsletter.web.subscribers.profile_form import fields_of, read_profile_form

_LONGEST_PAUSE = timedelta(days=366)
_SHOWN = 20
#: What a page says after something was done, by what its address says.
_DONE = {
    "saved": "Your wishes are saved, and count from the next mail on.",
    "paused": "Your mails are paused.",
    "resumed": "Your mails go on.",
    "moved": "Please confirm the new address by the link that was mailed there. Until then nothing changes.",
    "forgotten": "Nothing is learned any more from this paper.",
}
#: Does one thing for a reader; returns a key of `_DONE`.
Act = Callable[[Store, Subscriber, Form], str]


class Preferences:
    """Answers who changes what they get."""

    def __init__(self, pages: Pages, post: Outgoing) -> None:
        self.pages = pages
        self.post = post

    def routes(self) -> list[Route]:
        """Return what is answered."""
        acts: dict[str, Act] = {
            "": self._save,
            "/pause": self._pause,
            "/resume": self._resume,
            "/move": self._move,
            "/unsay": self._withdraw_feedback,
        }
        return [
            Route("/preferences", self.ask, methods=["GET"]),
            Route("/preferences", posting(self.mail_link), methods=["POST"]),
            Route("/preferences/{token}", self.page, methods=["GET"]),
            Route("/preferences/{token}/data.json", self.data, methods=["GET"]),
            Route("/preferences/{token}/forget", posting(self.erase), methods=["POST"]),
            *(
                Route(f"/preferences/{{token}}{path}", posting(self._acting(act)), methods=["POST"])
                for path, act in acts.items()
            ),
        ]

    # -- without a link -------------------------------------------------------------------------------

    def ask(self, _request: Request) -> Response:
        """Show where a link is asked for."""
        return self.pages.show("link.html", error="")

    def mail_link(self, _request: Request, form: Form) -> Response:
        """Have a link mailed, if the address has a subscription; what is answered does not tell."""
        try:
            with self.pages.store() as store:
                request_link(store, form.one("email"), self.pages.clock())
        except ProfileError as error:
            return self.pages.show("link.html", 422, error=error.message.removeprefix("email: "))
        answer = self.pages.tell(
            "Now look into your mailbox", "If there is a subscription at this address, a link is on its way to it."
        )
        answer.background = BackgroundTask(self.post.send_waiting)
        return answer

    # -- with one -------------------------------------------------------------------------------------

    def page(self, request: Request) -> Response:
        """Show all that may be changed."""
        with self.pages.store() as store:
            subscriber = self._reader(store, request)
            if subscriber is None:
                return self._ended()
            return self._shown(store, subscriber, request, done=_DONE.get(request.query_params.get("done", ""), ""))

    def data(self, request: Request) -> Response:
        """Give all that is known of the reader."""
        with self.pages.store() as store:
            subscriber = self._reader(store, request)
            if subscriber is None:
                return self._ended()
            content = json.dumps(export_data(store, subscriber.email), default=str, ensure_ascii=False, indent=2)
        headers = PRIVATE | {"Content-Disposition": 'attachment; filename="newsletter.json"'}
        return Response(content, media_type="application/json", headers=headers)

    def erase(self, request: Request, form: Form) -> Response:
        """Forget the reader, if they say that they mean it."""
        with self.pages.store() as store:
            subscriber = self._reader(store, request)
            if subscriber is None:
                return self._ended()
            if form.one("sure") != "yes":
                return self._shown(store, subscriber, request, 422, error="Please tick that you mean it.")
            erase(store, subscriber.email, self.pages.clock())
        return self.pages.tell("All is forgotten", "Your address, wishes, mails and feedback are deleted.")

    def _acting(self, act: Act) -> Callable[[Request, Form], Response]:
        def answer(request: Request, form: Form) -> Response:
            with self.pages.store() as store:
                subscriber = self._reader(store, request)
                if subscriber is None:
                    return self._ended()
                try:
                    done = act(store, subscriber, form)
                except NewsletterError as error:
                    words = f"{error.message}" + (f" ({error.hint})" if isinstance(error, ProfileError) else "")
                    return self._shown(store, subscriber, request, 422, error=words.replace(" (None)", ""))
            there = f"{self.pages.prefix}/preferences/{request.path_params['token']}?done={done}"
            return RedirectResponse(there, 303, background=BackgroundTask(self.post.send_waiting))

        return answer

    # -- what is done ---------------------------------------------------------------------------------

    def _save(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        change_preferences(store, subscriber.email, form.one("name"), read_profile_form(form))
        return "saved"

    def _pause(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        today = self.pages.clock().date()
        try:
            until = date.fromisoformat(form.one("until"))
        except ValueError:
            raise ProfileError("the pause ends on no day", hint="as in 2026-12-31") from None
        if not today < until <= today + _LONGEST_PAUSE:
            raise ProfileError("the pause ends on a day of the next twelve months")
        pause(store, subscriber.email, self.pages.clock(), until)
        return "paused"

    def _resume(self, store: Store, subscriber: Subscriber, _form: Form) -> str:
        why = store.subscribers.why_suppressed(subscriber.email)
        if why is not None and not why.startswith(UNSUBSCRIBED):
            raise StoreError("mails to this address came back: please change the address")
        resume(store, subscriber.email, self.pages.clock(), resubscribe=True)
        return "resumed"

    def _move(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        request_address_change(store, subscriber, form.one("email"), self.pages.clock())
        return "moved"

    def _withdraw_feedback(self, store: Store, subscriber: Subscriber, form: Form) -> str:
        number, key = form.one("paper"), form.one("key")
        with store.transaction():
            if number.isascii() and number.isdecimal() and len(number) <= 18:
                store.feedback.withdraw(subscriber.id, int(number))
            if key:
                store.feedback.forget_example(subscriber.id, key)
        return "forgotten"

    # -- answers --------------------------------------------------------------------------------------

    def _reader(self, store: Store, request: Request) -> Subscriber | None:
        token = str(request.path_params["token"])
        known = tokens.read_until(store.secret(), tokens.PREFERENCES, token, self.pages.clock().date())
        return store.subscribers.find_by_id(known[0]) if known and known[1] else None

    def _ended(self) -> Response:
        return self.pages.show("link.html", 404, error="This link is not whole, or too old.")

    def _shown(
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
            sent=store.deliveries.of_subscriber(subscriber.id)[:_SHOWN],
            said=[(papers[number], liked) for number, liked in likes.items()],
            examples=store.feedback.examples(subscriber.id),
            tomorrow=self.pages.clock().date() + timedelta(days=1),
            done=done,
            error=error,
        )
