"""The operator's page: how the newsletter stands, and what may be done about it; behind a password of the settings."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.addresses import check_email
from newsletter.errors import NewsletterError
from newsletter.models import DeliveryStatus, EditionState, Profile, Status, Subscriber
from newsletter.pipeline.messages import MessageRenderer
from newsletter.pipeline.preview import preview_digest, sample_digest
from newsletter.pipeline.schedule import next_run
from newsletter.sending import Verdict, send_one
from newsletter.store import Store
from newsletter.web.http.forms import Form, posting
from newsletter.web.http.rate_limit import Limits
from newsletter.web.site_pages import Pages
from newsletter.web.subscribers.outgoing import Outgoing

_EDITIONS, _ERRORS, _TOPICS, _DAYS = 7, 10, 15, 90
_DONE = {"sent": "The trial is sent.", "paused": "The edition is paused.", "resumed": "The edition goes on."}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart: the points of a polyline in a box of 600 by 100."""

    points: str
    most: int
    last: int


class Operator:
    """Answers who runs the site."""

    def __init__(self, pages: Pages, post: Outgoing) -> None:
        self.pages = pages
        self.post = post
        self.wrong = Limits(burst=10, per_minute=6, clock=time.monotonic)

    def routes(self) -> list[Route]:
        """Return what is answered; nothing without a password in the settings."""
        if not self.pages.config.web_password:
            return []
        acts = {"pause": self._pause, "resume": self._resume, "trial": self._trial}
        return [
            Route("/operator", self.page, methods=["GET"]),
            *(Route(f"/operator/{name}", posting(self._acting(act)), methods=["POST"]) for name, act in acts.items()),
        ]

    def page(self, request: Request) -> Response:
        """Show how things stand."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        return self._shown(done=_DONE.get(request.query_params.get("done", ""), ""))

    def _acting(self, act: Callable[[Store, Form], str]) -> Callable[[Request, Form], Response]:
        def answer(request: Request, form: Form) -> Response:
            refusal = self._refusal(request)
            if refusal is not None:
                return refusal
            with self.pages.store() as store:
                if not hmac.compare_digest(form.one("form").encode(), self._mark(store).encode()):
                    return PlainTextResponse("This form is not of today's page.\n", 403)
                try:
                    done = act(store, form)
                except NewsletterError as error:
                    return self._shown(status=422, error=str(error))
            return RedirectResponse(f"{self.pages.prefix}/operator?done={done}", 303)

        return answer

    # -- who asks -------------------------------------------------------------------------------------

    def _refusal(self, request: Request) -> Response | None:
        """Ask for the password (RFC 7617), under any name; whoever guesses waits."""
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "basic" and self._is_right(shown):
            return None
        headers = {"WWW-Authenticate": 'Basic realm="operator", charset="UTF-8"'}
        if shown:
            wait_s = self.wrong.take(request.client.host if request.client else "")
            if wait_s:
                headers = {"Retry-After": str(math.ceil(wait_s))}
                return PlainTextResponse("Too many wrong passwords.\n", 429, headers)
        return PlainTextResponse("A password is needed.\n", 401, headers)

    def _is_right(self, shown: str) -> bool:
        try:
            _, _, password = base64.b64decode(shown, validate=True).decode("utf-8", "replace").partition(":")
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(password.encode(), (self.pages.config.web_password or "").encode())

    def _mark(self, store: Store) -> str:
        """Return what a form of ours holds, and no other site knows: browsers show the password to any form."""
        day = self.pages.clock().date().isoformat()
        return hmac.digest(store.secret(), f"operator|{day}".encode(), hashlib.sha256).hex()[:32]

    # -- what is done ---------------------------------------------------------------------------------

    def _pause(self, store: Store, form: Form) -> str:
        return self._set_state(store, form.one("edition"), EditionState.PAUSED)

    def _resume(self, store: Store, form: Form) -> str:
        return self._set_state(store, form.one("edition"), EditionState.OPEN)

    @staticmethod
    def _set_state(store: Store, key: str, state: EditionState) -> str:
        if store.editions.states().get(key) is EditionState.CANCELLED or store.editions.find(key) is None:
            raise NewsletterError(f"{key}: no edition that can be paused")
        with store.transaction():
            store.editions.set_state(key, state)
        return "paused" if state is EditionState.PAUSED else "resumed"

    def _trial(self, store: Store, form: Form) -> str:
        """Send what a reader of no topics would get to one address."""
        now, config = self.pages.clock(), self.pages.config
        somebody = Subscriber(
            id=0, email=check_email(form.one("email")), profile=Profile(max_papers=5), subscribed_at=now, status_at=now
        )  # fmt: skip
        digest = preview_digest(store, somebody, now, 7, config.weights) if store.papers.count() else None
        if digest is None or not digest.items:
            digest = sample_digest(somebody, now)
        name = f"<trial-{now:%Y%m%d%H%M%S%f}@{config.sender.domain}>"
        messages = MessageRenderer(config, self.pages.environment, store.secret(), store.summaries)
        transport = self.post.transport()
        try:
            result = send_one(transport, messages.write(digest, somebody, name, now))
        finally:
            transport.close()
        if result.verdict is not Verdict.SENT:
            raise NewsletterError(f"not sent: {result.response}")
        return "sent"

    # -- how things stand -----------------------------------------------------------------------------

    def _shown(self, status: int = 200, *, done: str = "", error: str = "") -> Response:
        now = self.pages.clock()
        with self.pages.store() as store:
            editions = store.editions.latest(_EDITIONS)
            failed = store.deliveries.with_status([DeliveryStatus.FAILED], None, _ERRORS)
            subscribers = store.subscribers.get_many(one.subscriber_id for one in failed)
            topics = sorted(store.topics.subscribers().items(), key=lambda one: (-one[1], one[0]))[:_TOPICS]
            counts = store.subscribers.counts()
            first = now.date() - timedelta(days=_DAYS - 1)
            return self.pages.show(
                "operator.html",
                status,
                done=done,
                error=error,
                form=self._mark(store),
                counts=counts,
                line=_line(counts, store.subscribers.daily_changes(first), first),
                days=_DAYS,
                editions=[(one, store.deliveries.counts(one.key)) for one in editions],
                states=store.editions.states(),
                bounces=store.bounces.counts(),
                suppressed=len(store.subscribers.suppressions()),
                topics=topics,
                failed=[
                    (one, subscribers[one.subscriber_id].email) for one in failed if one.subscriber_id in subscribers
                ],
                pulls=store.pulls.errors(_ERRORS),
                papers=store.papers.count(),
                next_run=next_run(self.pages.config.cron, now),
            )


def _line(counts: dict[str, int], changes: dict[date, tuple[int, int]], first: date) -> Line:
    """Return how many subscribers there were on each day: today's number, less what came, and what went, since."""
    today = sum(number for status, number in counts.items() if status != Status.UNSUBSCRIBED)
    numbers = [today]
    for at in reversed(range(1, _DAYS)):
        came, went = changes.get(first + timedelta(days=at), (0, 0))
        numbers.append(numbers[-1] - came + went)
    numbers.reverse()
    most = max(*numbers, 1)
    points = (f"{at * 600 / (_DAYS - 1):.1f},{100 - number * 96 / most:.1f}" for at, number in enumerate(numbers))
    return replace(Line("", most, today), points=" ".join(points))
