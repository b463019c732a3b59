"""Departures and results → the ledger: the one place where a delivery's status changes while messages go out.

No message leaves before its departure is committed, in a transaction that checks once more that the subscriber is
still subscribed, that it is their hour, and that nothing else left for them on this day. Results are written in the
same transaction as the next departures. How many share one is decided by the transport.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from newsletter.config.model import InDoubtPolicy
from newsletter.errors import StoreFull, StoreLocked
from newsletter.models import Delivery, DeliveryStatus, Message, Status, Subscriber
from newsletter.models.addresses import email_key
from newsletter.pipeline.fuse import may_suppress
from newsletter.pipeline.outcomes import Outcome, OutcomeStatus, Tally
from newsletter.pipeline.schedule import Gate, day_began, gate
from newsletter.sending import Result, Verdict
from newsletter.sending.bounces.reports import fingerprint_of
from newsletter.sending.status_codes import Kind, code_in
from newsletter.store import Store
from newsletter.store.bounces import Bounce
from newsletter.store.departures import DaySlot

#: After this many temporary failures a delivery fails.
MAX_ATTEMPTS = 8
_FIRST_BACKOFF = timedelta(minutes=5)
MAX_BACKOFF = timedelta(hours=4)
#: A policy may have rejected one message; after this many attempts it means it.
_MAX_REJECTIONS = 3
#: Stands in the detail of each delivery whose outcome a crash, or a connection that was lost, left unknown.
IN_DOUBT = "in doubt"
#: How often, and after which pause, a commit is tried again while the store is locked or full.
_COMMIT_ATTEMPTS = 5
_COMMIT_RETRY_S = 2.0


@dataclass(slots=True)
class Claim:
    """A delivery that is being carried out."""

    delivery: Delivery
    subscriber: Subscriber
    #: The day of its edition: it may not leave on another. None for a special edition, which may leave on any.
    day: date | None
    #: In its message, once that is rendered.
    papers: int = 0


class Slots:
    """In which slots deliveries may leave at one moment: asked for many subscribers, who share few profiles."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        #: By the id of a profile, which the caller keeps, and day: the slot, and whether it is open.
        self._known: dict[tuple[int, date], tuple[DaySlot, bool]] = {}

    def find(self, subscriber: Subscriber, day: date) -> DaySlot | None:
        """Return the slot in which a delivery may leave now, or None if it may not; `day` is that of its `Claim`."""
        profile = subscriber.profile
        key = id(profile), day
        known = self._known.get(key)
        if known is None:
            slot = DaySlot(day_began(profile, self._now), profile.cadence, profile.hour, profile.time_zone)
            known = self._known[key] = slot, gate(profile, day, self._now) is Gate.OPEN
        slot, is_open = known  # to all who have the profile; before its hour it may be to who subscribed today
        return slot if is_open or gate(profile, day, self._now, subscriber.status_at) is Gate.OPEN else None


@dataclass
class SendingLedger:
    """The `newsletter.sending.Ledger` of one run."""

    store: Store
    clock: Callable[[], datetime]
    tally: Tally
    in_doubt_policy: InDoubtPolicy = InDoubtPolicy.RESEND
    #: Called in each transaction; it raises if the deliveries are not this sender's any more.
    check_lease: Callable[[], None] = lambda: None
    #: By Message-ID.
    under_way: dict[str, Claim] = field(default_factory=dict)
    #: Deliveries whose messages were lost with their connections, and are to be sent again by this run.
    unsent: set[int] = field(default_factory=set)
    in_doubt: int = 0
    #: Servers report so many addresses gone that no more are suppressed before an operator has looked.
    fuse_blown: bool = False
    _sent: int = 0
    #: Kept until the transaction is committed.
    _outcomes: list[Outcome] = field(default_factory=list)

    def commit(self, results: Sequence[Result], departing: Sequence[Message]) -> AbstractSet[str]:
        """Commit what became of messages and which are about to leave; see `newsletter.sending.Ledger`.

        Raises:
            StoreError: The store is locked or full, and stayed so through all attempts; or it cannot be used.
            LeaseLost: The deliveries were given to another sender; nothing was committed.
        """
        for remaining in reversed(range(_COMMIT_ATTEMPTS)):
            self._outcomes = []
            try:
                with self.store.transaction():
                    may_go = self._write(results, departing)
            except (StoreLocked, StoreFull):
                if not remaining:
                    raise
                time.sleep(_COMMIT_RETRY_S)
            else:
                break
        for result in results:
            self.under_way.pop(result.message.message_id, None)
        for message in departing:
            if message.message_id not in may_go:
                self.under_way.pop(message.message_id, None)
        for outcome in self._outcomes:
            self.tally.add(outcome)
        return may_go

    def busy(self) -> set[int]:
        """Return the deliveries that were claimed by this run, and are not settled."""
        return self.unsent.union(claim.delivery.id for claim in self.under_way.values())

    def skip(self, claim: Claim, reason: str) -> None:
        """Commit that a delivery will not be carried out."""
        with self.store.transaction():
            self.store.deliveries.move(claim.delivery.id, DeliveryStatus.SKIPPED, self.clock(), detail=reason)
        self.tally.add(_outcome(claim, OutcomeStatus.SKIPPED, reason))

    def why_not(self, subscriber: Subscriber) -> str | None:
        """Return why a subscriber whose delivery was planned must not be mailed any more, or None."""
        if subscriber.status is not Status.ACTIVE:
            return f"{subscriber.status.value} after planning"
        return self.store.suppressions.why_suppressed(subscriber.email)

    # -- inside the transaction -----------------------------------------------------------------------

    def _write(self, results: Sequence[Result], departing: Sequence[Message]) -> set[str]:
        now = self.clock()
        self.check_lease()
        if sent := [result for result in results if result.verdict is Verdict.SENT]:
            self._settle_sent(sent, now)
        for result in results:
            if result.verdict is Verdict.SENT:
                continue
            claim = self.under_way[result.message.message_id]
            if result.verdict is not Verdict.IN_DOUBT:
                self.store.deliveries.undo_departure(claim.delivery)
            self._settle(claim, result, now)
        return self._depart([self.under_way[message.message_id] for message in departing], now)

    def _depart(self, claims: Sequence[Claim], now: datetime) -> set[str]:
        """Let go what may leave; return the Message-IDs. All of one schedule is asked about by one statement."""
        groups: defaultdict[tuple[DaySlot | None, int], list[int]] = defaultdict(list)
        slots, times = Slots(now), dict[int, int]()
        for claim in claims:
            number, slot = claim.subscriber.id, None
            if claim.day is not None and (slot := slots.find(claim.subscriber, claim.day)) is None:
                continue
            # One statement would not see that it lets another message to them go.
            times[number] = time_of_it = times.get(number, 0) + 1
            groups[slot, time_of_it].append(claim.delivery.id)
        departed = set[int]()
        for (slot, _), group in groups.items():
            departed |= self.store.departures.depart(group, now, slot)
        stay = [claim for claim in claims if claim.delivery.id not in departed]
        for claim in stay:
            self._stay(claim, now)
        return {claim.delivery.message_id for claim in claims if claim.delivery.id in departed}

    def _stay(self, claim: Claim, now: datetime) -> None:
        """Write why a message that was about to leave must not."""
        subscriber = self.store.subscribers.find_by_id(claim.subscriber.id)
        reason = "erased after planning" if subscriber is None else self.why_not(subscriber)
        if reason is not None:  # else its edition was paused, or it is not the time, and the delivery waits
            self._move(claim, OutcomeStatus.SKIPPED, reason, now)

    def _settle_sent(self, results: Sequence[Result], now: datetime) -> None:
        rows = []
        for result in results:
            claim = self.under_way[result.message.message_id]
            delivery, note = claim.delivery, self._in_doubt_note(claim.delivery)
            rows.append((delivery.id, result.response + note))
            self._outcomes.append(_outcome(claim, OutcomeStatus.SENT, result.message.subject + note))
        self._sent += len(rows)
        self.store.departures.settle_sent(rows, now)

    def _settle(self, claim: Claim, result: Result, now: datetime) -> None:
        delivery, response = claim.delivery, result.response
        attempts = delivery.attempts + 1
        match result.verdict:
            case Verdict.UNSENT:
                self.unsent.add(delivery.id)
                self.store.deliveries.put_back(delivery)
            case Verdict.POLICY:
                self._requeue(claim, response, now)
            case Verdict.REJECTED:
                self._defer(claim, response, now, attempts, limit=_MAX_REJECTIONS)
            case Verdict.BOUNCED:
                self._move(claim, OutcomeStatus.FAILED, response, now, attempts)
                self._record_bounce(claim, response, now)
            case Verdict.REFUSED:
                self._move(claim, OutcomeStatus.FAILED, response, now, attempts)
            case Verdict.IN_DOUBT if self.in_doubt_policy is InDoubtPolicy.HOLD:
                self.in_doubt += 1
                self._move(claim, OutcomeStatus.HELD, f"{IN_DOUBT}: {response}", now, attempts)
            case Verdict.IN_DOUBT:
                self.in_doubt += 1
                self._defer(claim, f"{IN_DOUBT}, will be resent under the same Message-ID: {response}", now, attempts)
            case Verdict.DEFERRED:
                self._defer(claim, response, now, attempts)

    def _record_bounce(self, claim: Claim, response: str, now: datetime) -> None:
        """Record a hard bounce that the server reported during the SMTP session, and suppress the address."""
        subscriber, delivery_id = claim.subscriber, claim.delivery.id
        row = Bounce(
            fingerprint=fingerprint_of("smtp", str(delivery_id), now.isoformat()),
            email_key=email_key(subscriber.email),
            subscriber_id=subscriber.id,
            delivery_id=delivery_id,
            kind=Kind.HARD,
            code=code_in(response),
            response=response,
            origin="smtp",
            reported_at=now,
        )
        self.store.bounces.put(row)
        if may_suppress(self.store, row, now):
            self.store.suppressions.suppress(subscriber.email, f"hard bounce: {response}", now)
        else:
            self.fuse_blown = True

    def _defer(self, claim: Claim, response: str, now: datetime, attempts: int, *, limit: int = MAX_ATTEMPTS) -> None:
        """Retry with exponential backoff, and give up after `limit` attempts."""
        if attempts >= limit:
            self._move(claim, OutcomeStatus.FAILED, f"gave up after {attempts} attempts: {response}", now, attempts)
            return
        backoff = min(MAX_BACKOFF, _FIRST_BACKOFF * 2 ** (attempts - 1))
        jitter = random.uniform(0.8, 1.0)  # noqa: S311 - spreads the retries
        self._move(claim, OutcomeStatus.DEFERRED, response, now, attempts, now + backoff * jitter)

    def _requeue(self, claim: Claim, response: str, now: datetime) -> None:
        """Put back a message that the server's policy rejected, without counting an attempt.

        If other messages of this run were accepted, it is retried later: it must not block the queue behind it.
        """
        self.store.deliveries.put_back(claim.delivery)
        if self._sent:
            attempts, retry_at = claim.delivery.attempts, now + _FIRST_BACKOFF
            self._record(claim, OutcomeStatus.DEFERRED, response, now, attempts, retry_at)

    def _move(
        self,
        claim: Claim,
        status: OutcomeStatus,
        detail: str,
        now: datetime,
        attempts: int | None = None,
        next_attempt_at: datetime | None = None,
    ) -> None:
        self._record(claim, status, detail, now, attempts, next_attempt_at)
        self._outcomes.append(_outcome(claim, status, detail))

    def _record(
        self,
        claim: Claim,
        status: OutcomeStatus,
        detail: str,
        now: datetime,
        attempts: int | None = None,
        next_attempt_at: datetime | None = None,
    ) -> None:
        self.store.deliveries.move(
            claim.delivery.id,
            DeliveryStatus(status.value),
            now,
            attempts=attempts,
            detail=detail,
            next_attempt_at=next_attempt_at,
        )

    def _in_doubt_note(self, delivery: Delivery) -> str:
        if delivery.status is not DeliveryStatus.SENDING:
            was_lost = delivery.detail.startswith(IN_DOUBT)  # and counted, when its connection was
            return f" ({IN_DOUBT} before: resent under the same Message-ID)" if was_lost else ""
        self.in_doubt += 1
        return f" ({IN_DOUBT} since a crash: resent under the same Message-ID)"


def _outcome(claim: Claim, status: OutcomeStatus, detail: str) -> Outcome:
    papers = 0 if status is OutcomeStatus.SKIPPED else claim.papers
    return Outcome(claim.subscriber.email, status, detail, claim.delivery.edition_key, papers, claim.subscriber.id)
