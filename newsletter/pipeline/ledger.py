"""What leaves and what comes of it → the ledger: the one place where a delivery's status changes while mail goes out.

Nothing leaves that is not written down as leaving, in a transaction that asks once more whether its reader still wants
it. Outcomes are written in the same transaction as the next departures.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.addresses import email_key
from newsletter.errors import NewsletterError, StoreError
from newsletter.models import Delivery, DeliveryStatus, Message, Status, Subscriber
from newsletter.sending import Result, Verdict
from newsletter.sending.bounces.reports import fingerprint_of
from newsletter.sending.status_codes import Kind, code_in
from newsletter.store import Store
from newsletter.store.bounces import Bounce

MAX_ATTEMPTS = 8
_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=4)
#: How often a store that is locked or full is tried again before the run ends, and how long between.
_TRIES = 5
_BETWEEN_TRIES_S = 2.0
#: So many outcomes are kept to be shown; all are counted.
_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did for one reader, and why."""

    email: str
    #: A `DeliveryStatus`, or "not sent", or (in a dry run) "would send".
    status: str
    detail: str
    edition: str = ""
    papers: int = 0
    #: The reader's number, by which a journal knows them.
    subscriber_id: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one run did."""

    #: The first thousand.
    outcomes: tuple[Outcome, ...]
    #: How many there are of each status.
    counts: Counter[str]
    #: Why the run stopped short, if it did.
    error: NewsletterError | None = None
    #: Messages that may have been delivered twice, or not: sent again under the same Message-ID, or held.
    in_doubt: int = 0
    #: How many were left for the next run by one that was told to stop.
    waiting: int = 0

    @property
    def is_clean(self) -> bool:
        """Nobody's mail failed, has to wait or is held."""
        return self.error is None and not any(self.counts[bad] for bad in ("failed", "deferred", "held"))


@dataclass
class Tally:
    """Counts outcomes, keeps the first of them, and tells whoever watches."""

    watch: Callable[[Outcome], None]
    outcomes: list[Outcome] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def tell(self, outcome: Outcome) -> None:
        """Add one outcome."""
        self.counts[outcome.status] += 1
        if len(self.outcomes) < _KEPT:
            self.outcomes.append(outcome)
        self.watch(outcome)

    def add(self, status: str, number: int) -> None:
        """Add outcomes of which nothing is known but their number."""
        if number:
            self.counts[status] += number


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is under way."""

    delivery: Delivery
    subscriber: Subscriber
    papers: int


@dataclass
class SendingLedger:
    """The `newsletter.sending.Ledger` of one run."""

    store: Store
    clock: Callable[[], datetime]
    tally: Tally
    #: Whether what is in doubt is kept for a person, not sent again.
    holds_doubtful: bool = False
    under_way: dict[str, Claim] = field(default_factory=dict)
    #: How many messages came back from a lost connection, to be sent again.
    returned: int = 0
    in_doubt: int = 0
    _sent: int = 0
    _told: list[Outcome] = field(default_factory=list)

    def commit(self, results: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
        """Write down what became of messages and which are about to leave; see `newsletter.sending.Ledger`.

        Raises:
            StoreError: The store is locked or full, and stays so.
        """
        for remaining in reversed(range(_TRIES)):
            self._told = []
            try:
                with self.store.transaction():
                    may_go = self._write(results, departing)
            except StoreError:
                if not remaining:
                    raise
                time.sleep(_BETWEEN_TRIES_S)
            else:
                break
        for result in results:
            self.under_way.pop(result.message.message_id, None)
        for message in departing:
            if message.message_id not in may_go:
                self.under_way.pop(message.message_id, None)
        for outcome in self._told:
            self.tally.tell(outcome)
        return may_go

    def skip(self, claim: Claim, why: str) -> None:
        """Write down that a delivery is not to be carried out any more."""
        with self.store.transaction():
            self.store.deliveries.move(claim.delivery.id, DeliveryStatus.SKIPPED, self.clock(), detail=why)
        self.tally.tell(self._outcome(claim, DeliveryStatus.SKIPPED, why, 0))

    def why_not(self, subscriber: Subscriber) -> str | None:
        """Return why a reader, whose delivery was planned, must not be mailed any more."""
        if subscriber.status is not Status.ACTIVE:
            return f"{subscriber.status.value} after planning"
        return self.store.subscribers.why_suppressed(subscriber.email)

    # -- inside the transaction -----------------------------------------------------------------------

    def _write(self, results: Sequence[Result], departing: Sequence[Message]) -> set[str]:
        now = self.clock()
        for result in results:
            self._settle(self.under_way[result.message.message_id], result, now)
        may_go = set()
        for message in departing:
            claim = self.under_way[message.message_id]
            if self.store.deliveries.depart(claim.delivery.id, now):
                may_go.add(message.message_id)
            else:
                self._stay(claim, now)
        return may_go

    def _stay(self, claim: Claim, now: datetime) -> None:
        """Write down why a message must not leave that was about to."""
        subscriber = self.store.subscribers.find_by_id(claim.subscriber.id)
        why = "forgotten after planning" if subscriber is None else self.why_not(subscriber)
        if why is not None:  # else its edition was held up, and it waits
            self._move(claim, DeliveryStatus.SKIPPED, why, now)

    def _settle(self, claim: Claim, result: Result, now: datetime) -> None:
        delivery, words = claim.delivery, result.response
        attempts = delivery.attempts + 1
        match result.verdict:
            case Verdict.SENT:
                self._sent += 1
                self.store.deliveries.move(delivery.id, DeliveryStatus.SENT, now, attempts=attempts, detail=words)
                told = result.message.subject + self._doubt(delivery)
                self._tell(claim, DeliveryStatus.SENT, told)
            case Verdict.UNSENT:
                self.returned += 1
                self.store.deliveries.put_back(delivery)
            case Verdict.POLICY:
                self._put_off(claim, words, now)
            case Verdict.BOUNCED:
                self._move(claim, DeliveryStatus.FAILED, words, now, attempts)
                self._bounced(claim, words, now)
            case Verdict.REFUSED:
                self._move(claim, DeliveryStatus.FAILED, words, now, attempts)
            case Verdict.IN_DOUBT if self.holds_doubtful:
                self.in_doubt += 1
                self._move(claim, DeliveryStatus.HELD, f"in doubt: {words}", now, attempts)
            case Verdict.IN_DOUBT:
                self.in_doubt += 1
                self._defer(claim, f"in doubt, will be sent again under the same Message-ID: {words}", now, attempts)
            case Verdict.DEFERRED:
                self._defer(claim, words, now, attempts)

    def _bounced(self, claim: Claim, words: str, now: datetime) -> None:
        """Remember that a mailbox does not exist, which the server said at once."""
        subscriber, delivery_id = claim.subscriber, claim.delivery.id
        row = Bounce(
            fingerprint=fingerprint_of("smtp", str(delivery_id), now.isoformat()),
            email_key=email_key(subscriber.email),
            subscriber_id=subscriber.id,
            delivery_id=delivery_id,
            kind=Kind.HARD,
            code=code_in(words),
            response=words,
            origin="smtp",
            reported_at=now,
        )
        self.store.bounces.put(row)
        self.store.subscribers.suppress(subscriber.email, f"hard bounce: {words}", now)

    def _defer(self, claim: Claim, words: str, now: datetime, attempts: int) -> None:
        if attempts >= MAX_ATTEMPTS:
            self._move(claim, DeliveryStatus.FAILED, f"gave up after {attempts} attempts: {words}", now, attempts)
            return
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempts - 1))
        jitter = random.uniform(0.8, 1.0)  # noqa: S311 - so that not all come back at one moment
        self._move(claim, DeliveryStatus.DEFERRED, words, now, attempts, now + pause * jitter)

    def _put_off(self, claim: Claim, words: str, now: datetime) -> None:
        """Put a message back that a server's policy refused, which is no attempt.

        Where others got through, it goes to the end of the line: it must not keep everybody behind it waiting.
        """
        self.store.deliveries.put_back(claim.delivery)
        if self._sent:
            self._move(
                claim, DeliveryStatus.DEFERRED, words, now, claim.delivery.attempts, now + _FIRST_PAUSE, tell=False
            )

    def _move(
        self,
        claim: Claim,
        status: DeliveryStatus,
        detail: str,
        now: datetime,
        attempts: int | None = None,
        next_attempt_at: datetime | None = None,
        *,
        tell: bool = True,
    ) -> None:
        self.store.deliveries.move(
            claim.delivery.id, status, now, attempts=attempts, detail=detail, next_attempt_at=next_attempt_at
        )
        if tell:
            self._tell(claim, status, detail)

    def _tell(self, claim: Claim, status: DeliveryStatus, detail: str) -> None:
        papers = claim.papers if status is not DeliveryStatus.SKIPPED else 0
        self._told.append(self._outcome(claim, status, detail, papers))

    @staticmethod
    def _outcome(claim: Claim, status: DeliveryStatus, detail: str, papers: int) -> Outcome:
        subscriber = claim.subscriber
        return Outcome(subscriber.email, status.value, detail, claim.delivery.edition_key, papers, subscriber.id)

    def _doubt(self, delivery: Delivery) -> str:
        if delivery.status is not DeliveryStatus.SENDING:
            return ""
        self.in_doubt += 1
        return " (in doubt since a crash: sent again under the same Message-ID)"
