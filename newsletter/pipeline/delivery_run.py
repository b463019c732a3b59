"""What is open in the ledger → claims → rendered messages → transport: the state that one run of `deliver` shares.

A run of one process works on the whole ledger. Where senders share an edition, each has a run of its own, which works
on the shards that it leases.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime

from newsletter.config.model import Config, InDoubtPolicy
from newsletter.errors import NewsletterError, TransportError
from newsletter.models import Delivery, DeliveryStatus, Digest, Message, Status, Subscriber
from newsletter.models.addresses import email_key
from newsletter.pipeline.ledger import IN_DOUBT, Claim, SendingLedger, Slots
from newsletter.pipeline.messages import make_message_id
from newsletter.pipeline.outcomes import DeliveryReport, Outcome, OutcomeStatus, Tally
from newsletter.pipeline.shard_lease import ShardLease
from newsletter.pipeline.signing import SigningRenderer
from newsletter.pipeline.source_schedule import NO_PATIENCE, Patience
from newsletter.sending import Transport
from newsletter.store import Store
from newsletter.store.shards import WHOLE, Shard

#: Deliveries are claimed, and what they need is rendered, this many at a time.
BATCH = 200


@dataclass
class DeliveryRun:
    """What stays the same throughout one run, and why it ended."""

    store: Store
    config: Config
    renderer: SigningRenderer
    clock: Callable[[], datetime]
    secret: bytes
    tally: Tally
    ledger: SendingLedger
    is_shutting_down: Callable[[], bool]
    #: Whether messages in flight are given up.
    is_grace_over: Callable[[], bool]
    #: The `email_key` of each address to serve, or None for all.
    only: AbstractSet[str] | None
    #: How long new editions wait for their sources.
    patience: Patience = NO_PATIENCE
    #: The shards to work on; None for the whole ledger.
    lease: ShardLease | None = None
    #: Whether it reports of each subscriber why nothing is due to them.
    is_for_everyone: bool = False
    #: Why the run stopped short, if it did.
    error: NewsletterError | None = None
    #: Styles and languages of which a message was rendered.
    rendered_looks: set[tuple[str, str]] = field(default_factory=set)
    #: When to look at subscribers again, once the plan is in the ledger: their ids by the moment.
    again: defaultdict[datetime, array[int]] = field(default_factory=lambda: defaultdict(lambda: array("q")))
    #: The days of editions, by key; None for one that may leave on any.
    _days: dict[str, date | None] = field(default_factory=dict)

    def look_again(self, at: datetime | None, subscriber: Subscriber) -> None:
        """Remember when to look at an active subscriber again; None: by the next run."""
        if at is not None and subscriber.status is Status.ACTIVE:
            self.again[at].append(subscriber.id)

    def serves(self, subscriber: Subscriber) -> bool:
        """Whether this run is for a subscriber."""
        return self.only is None or email_key(subscriber.email) in self.only

    def add_outcome(
        self, subscriber: Subscriber, status: OutcomeStatus, detail: str, edition_key: str, papers: int = 0
    ) -> None:
        """Report an outcome that the ledger does not hold."""
        self.tally.add(Outcome(subscriber.email, status, detail, edition_key, papers, subscriber.id))

    def add_waiting(self, subscriber: Subscriber, edition_key: str, error: NewsletterError) -> None:
        """Report that a message waits for the next run."""
        self.add_outcome(subscriber, OutcomeStatus.NOT_SENT, f"waiting: {error.message}", edition_key)

    def add_moved(self, status: OutcomeStatus, moment: datetime, number: int) -> None:
        """Report each of the `number` deliveries that were moved to a status together, at this moment."""
        last, reported = 0, 0
        while reported < number:
            batch = self.store.deliveries.moved_at(DeliveryStatus(status.value), moment, after=last, limit=BATCH)
            if not batch:
                break
            last = batch[-1].id
            ids = (delivery.subscriber_id for delivery in batch)
            found = self.store.subscribers.get_many(ids, unreadable=lambda _key, _error: None)
            for delivery in batch:
                if subscriber := found.get(delivery.subscriber_id):
                    self.add_outcome(subscriber, status, delivery.detail, delivery.edition_key)
                    reported += 1
                else:  # erased, or not readable
                    self.tally.add_count(status, 1)
                    number -= 1

    def render(self, digest: Digest, subscriber: Subscriber, edition_key: str) -> Message:
        """Render one message, unsigned.

        Raises:
            TemplateError: A template is missing or broken.
        """
        message_id = make_message_id(self.secret, edition_key, subscriber.id, self.config.sender)
        return self.renderer.messages.write(digest, subscriber, message_id, self.clock())

    def messages(self) -> Generator[Message]:
        """Yield the signed message of each open delivery; an error that ends this early is in `error`."""
        try:
            for batch in self._claims_to_render():
                for message in self.renderer.render(batch, self.clock):
                    # One that would be too large has fewer papers than planned.
                    self.ledger.under_way[message.message_id].papers = message.papers
                    yield message
        except NewsletterError as error:
            self.error = error

    def _claims_to_render(self) -> Iterator[list[Claim]]:
        """Yield claims in batches, and skip deliveries of which every paper was withdrawn after planning."""
        for batch in self.claims(BATCH):
            claims = []
            digest_ids = {claim.delivery.digest_id for claim in batch}
            self.renderer.read(digest_ids)
            withdrawn = {number for number in digest_ids if self._is_withdrawn(number)}
            for claim in batch:
                if claim.delivery.digest_id in withdrawn:
                    self.ledger.skip(claim, "all its papers were withdrawn after planning")
                else:
                    claims.append(claim)
            self.ledger.under_way |= {claim.delivery.message_id: claim for claim in claims}
            yield claims

    def _is_withdrawn(self, digest_id: int) -> bool:
        """Whether a planned digest had papers, and every one was withdrawn since."""
        has_papers = any(section.items for section in self.renderer.digest(digest_id).sections)
        return not has_papers and bool(self.store.editions.get_digest(digest_id).items)

    def claims(self, batch_size: int) -> Iterator[list[Claim]]:
        """Yield what is open in the ledger, may leave now and is not under way, in batches of at most `batch_size`."""
        for shard in self._shards():
            last = shard.first - 1
            while batch := self.store.deliveries.claim(self.clock(), after=last, until=shard.last, limit=batch_size):
                last = batch[-1].id
                if claims := self._claims_of(batch):
                    yield claims

    def _shards(self) -> Iterator[Shard]:
        """Yield the parts of the ledger to work on, until there are no more."""
        if self.lease is None:
            yield WHOLE
            return
        while True:
            shard = self.lease.next(self.ledger.busy())
            if shard is not None:
                yield shard
            elif not any(self.take_over(holder) for holder in self.store.shards.expired(self.clock())):
                return

    def take_over(self, holder: str) -> int:
        """Free the shards of a sender that died or hangs; return how many there were.

        What it had in flight is in doubt: held if so configured, or else sent again by whoever leases the shard.
        """
        now, held = self.clock(), 0
        with self.store.transaction():
            shards = self.store.shards.release(holder)
            if self.config.delivery.in_doubt is InDoubtPolicy.HOLD:
                detail = f"{IN_DOUBT} since a crash: it may have been delivered"
                held = sum(self.store.deliveries.hold(now, detail, shard) for shard in shards)
        self.ledger.in_doubt += held
        self.add_moved(OutcomeStatus.HELD, now, held)
        return len(shards)

    def _claims_of(self, batch: Sequence[Delivery]) -> list[Claim]:
        # Who cannot be read was reported when this run was planned.
        ids = (delivery.subscriber_id for delivery in batch)
        subscribers = self.store.subscribers.get_many(ids, unreadable=lambda _key, _error: None)
        slots, claims = Slots(self.clock()), []
        for delivery in batch:
            subscriber = subscribers.get(delivery.subscriber_id)
            if subscriber is None or delivery.message_id in self.ledger.under_way or not self.serves(subscriber):
                continue
            day = self._day_of(delivery.edition_key)
            if day is None or slots.find(subscriber, day):
                claims.append(Claim(delivery, subscriber, day))
        return claims

    def _day_of(self, edition_key: str) -> date | None:
        if edition_key not in self._days:
            edition = self.store.editions.find(edition_key)
            self._days[edition_key] = None if edition and edition.is_special else edition.day if edition else date.min
        return self._days[edition_key]

    def send_open(self, transport: Transport) -> None:
        """Send what is open in the ledger; repeat for messages that lost connections left unsent."""
        while True:
            try:
                with closing(self.messages()) as messages:
                    transport.send(
                        messages,
                        self.ledger,
                        lambda: self.ledger.fuse_blown or self.is_shutting_down(),
                        self.is_grace_over,
                    )
            except TransportError as error:
                self.error = self.error or error
            if self.ledger.fuse_blown:
                self.error = self.error or TransportError(
                    "stopped: servers report too many addresses at once as gone; the last ones are not suppressed",
                    hint="decide: newsletter bounces review",
                )
            is_done = self.error is not None or not self.ledger.unsent or self.is_shutting_down()
            if self.lease is not None:
                self.lease.end(self.ledger.busy())
            self.ledger.unsent.clear()
            if is_done:
                return

    def report(self) -> DeliveryReport:
        """Return what was done so far."""
        waiting = self.store.deliveries.open_count(self.clock()) if self.is_shutting_down() else 0
        return DeliveryReport(
            tuple(self.tally.outcomes), self.tally.counts, self.error, self.ledger.in_doubt, waiting, self.tally.empty
        )
