"""The operator's page: status, recent errors and actions, behind the password `web.password`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.config.cron import next_run
from newsletter.errors import NewsletterError, StoreError
from newsletter.models import DeliveryStatus, Message, Profile, Status, Subscriber
from newsletter.pipeline.edition_state import Action, change_state
from newsletter.pipeline.messages import MessageRenderer, make_test_message_id, sent_as_test
from newsletter.pipeline.preview import preview_digest, sample_digest
from newsletter.sending import Transport, Verdict, send_one
from newsletter.store import Store
from newsletter.web.http.forms import Form, form_endpoint
from newsletter.web.http.login_limit import LoginLimit
from newsletter.web.operator_login import OperatorLogin
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.outgoing import Outgoing

#: Maximum number of rows shown.
_EDITIONS, _ERRORS, _TOPICS = 7, 10, 15
_CHART_DAYS = 90
#: The confirmation that is shown for each value of ?done=.
_DONE = {"sent": "Test email queued.", "paused": "Edition paused.", "resumed": "Edition resumed."}


@dataclass(frozen=True, slots=True)
class Chart:
    """A line chart of the number of subscribers."""

    #: The points of an SVG polyline in a box of 600 by 100.
    points: str
    peak: int
    today: int


class Operator:
    """Serves the operator's page and its actions."""

    def __init__(self, pages: SitePages, outgoing: Outgoing, limit: LoginLimit | None = None) -> None:
        self.pages = pages
        self.outgoing = outgoing
        self.login = OperatorLogin(pages, limit)

    def routes(self) -> list[Route]:
        """Return the routes; none unless a password is set."""
        if not self.pages.config.web_password:
            return []
        actions = {"pause": self._pause, "resume": self._resume, "test-email": self._send_test_email}
        return [
            *self.login.routes(),
            Route("/operator", self.page, methods=["GET"]),
            Route("/operator/logout", form_endpoint(self.log_out), methods=["POST"]),
            *(
                Route(f"/operator/{name}", form_endpoint(self._endpoint(action)), methods=["POST"])
                for name, action in actions.items()
            ),
        ]

    def page(self, request: Request) -> Response:
        """Show the status page."""
        refusal = self.login.refusal(request)
        if refusal is not None:
            return refusal
        return self._render_page(done=_DONE.get(request.query_params.get("done", ""), ""))

    def log_out(self, request: Request, form: Form) -> Response:
        """End the session."""
        refusal = self.login.refusal(request)
        if refusal is not None:
            return refusal
        with self.pages.store() as store:
            return self._csrf_refusal(store, form) or self.login.log_out(store, request)

    def _endpoint(self, action: Callable[[Store, Form], str]) -> Callable[[Request, Form], Response]:
        def endpoint(request: Request, form: Form) -> Response:
            refusal = self.login.refusal(request)
            if refusal is not None:
                return refusal
            with self.pages.store() as store:
                refusal = self._csrf_refusal(store, form)
                if refusal is not None:
                    return refusal
                try:
                    done = action(store, form)
                except StoreError:
                    raise
                except NewsletterError as error:
                    return self._render_page(status=422, error=str(error))
            return RedirectResponse(f"{self.pages.prefix}/operator?done={done}", 303)

        return endpoint

    def _csrf_refusal(self, store: Store, form: Form) -> Response | None:
        if hmac.compare_digest(form.one("csrf_token").encode(), self._csrf_token(store).encode()):
            return None
        return PlainTextResponse("Invalid or expired CSRF token: reload the page and try again.\n", 403)

    def _csrf_token(self, store: Store) -> str:
        """Return today's CSRF token: browsers send the password with forms of other sites, which cannot know it."""
        day = self.pages.clock().date().isoformat()
        return hmac.digest(store.secret(), f"operator|{day}".encode(), hashlib.sha256).hex()[:32]

    # -- actions --------------------------------------------------------------------------------------

    def _pause(self, store: Store, form: Form) -> str:
        change_state(store, form.one("edition"), Action.PAUSE, self.pages.clock())
        return "paused"

    def _resume(self, store: Store, form: Form) -> str:
        change_state(store, form.one("edition"), Action.RESUME, self.pages.clock())
        return "resumed"

    def _send_test_email(self, store: Store, form: Form) -> str:
        """Have the digest of a subscriber without topics sent to one address; the page shows what became of it."""
        now, config = self.pages.clock(), self.pages.config
        anyone = Subscriber(id=0, email="", profile=Profile(max_papers=5), subscribed_at=now, status_at=now)
        recipient = sent_as_test(anyone, form.one("email"))
        digest = preview_digest(store, recipient, now, 7, config.weights) if store.papers.count() else None
        if digest is None or not digest.items:
            digest = sample_digest(recipient, now)
        message_id = make_test_message_id(now, config.sender)
        renderer = MessageRenderer(config, self.pages.environment, store.secret(), store.summaries)
        message = renderer.write(digest, recipient, message_id, now)
        if not self.outgoing.submit(partial(_send, message)):
            raise NewsletterError("the test email before this one was not sent yet")
        return "sent"

    # -- status ---------------------------------------------------------------------------------------

    def _render_page(self, status: int = 200, *, done: str = "", error: str = "") -> Response:
        now = self.pages.clock()
        with self.pages.store() as store:
            editions = store.editions.latest(_EDITIONS)
            failed = store.deliveries.with_status([DeliveryStatus.FAILED], None, _ERRORS)
            subscribers = store.subscribers.get_many(one.subscriber_id for one in failed)
            topics = sorted(store.topics.subscribers().items(), key=lambda one: (-one[1], one[0]))[:_TOPICS]
            counts = store.subscribers.counts()
            first = now.date() - timedelta(days=_CHART_DAYS - 1)
            return self.pages.show(
                "operator.html",
                status,
                done=done,
                error=error,
                test_email=self.outgoing.job_result,
                csrf_token=self._csrf_token(store),
                counts=counts,
                chart=_chart(counts, store.subscribers.daily_changes(first), first),
                days=_CHART_DAYS,
                editions=[(one, store.deliveries.counts(one.key)) for one in editions],
                states=store.editions.states(),
                bounces=store.bounces.counts(),
                suppressed=sum(store.suppressions.count()),
                topics=topics,
                failed=[
                    (one, subscribers[one.subscriber_id].email) for one in failed if one.subscriber_id in subscribers
                ],
                pulls=store.pulls.errors(_ERRORS),
                papers=store.papers.count(),
                next_run=next_run(self.pages.config.cron, now),
            )


def _send(message: Message, transport: Transport, abandoned: Callable[[], bool]) -> str:
    """Send a test email; return what became of it."""
    result = send_one(transport, message, abandoned)
    outcome = "sent" if result.verdict is Verdict.SENT else "not sent"
    return f"Test email to {message.recipient} {outcome}: {result.response}"


def _chart(counts: dict[str, int], changes: dict[date, tuple[int, int]], first: date) -> Chart:
    """Chart the number of subscribers of each day from `first` on: today's, minus the changes since, going back.

    `changes` maps a day to how many people subscribed and how many unsubscribed.
    """
    today = sum(number for status, number in counts.items() if status != Status.UNSUBSCRIBED)
    numbers = [today]
    for day in reversed(range(1, _CHART_DAYS)):
        subscribed, unsubscribed = changes.get(first + timedelta(days=day), (0, 0))
        numbers.append(numbers[-1] - subscribed + unsubscribed)
    numbers.reverse()
    peak = max(*numbers, 1)
    step = 600 / (_CHART_DAYS - 1)
    points = (f"{day * step:.1f},{100 - number * 96 / peak:.1f}" for day, number in enumerate(numbers))
    return Chart(" ".join(points), peak, today)
