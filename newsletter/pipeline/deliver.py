"""digests → rendering → sending → ledger.

    plan | can we send? | queue all in one transaction | then each: sending → send → outcome

Every move in the ledger is committed when it happens, so that whatever dies, the next run goes on from there: nobody
is skipped, and only a delivery found in `sending` is in doubt. It is sent again with the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from filelock import FileLock, Timeout
from jinja2 import Environment

from newsletter.config import Config
from newsletter.errors import MessageDeferred, MessageRefused, NewsletterError, TemplateError, TransportError
from newsletter.models import Delivery, DeliveryStatus, Digest, Message, Status, Subscriber
from newsletter.pipeline.compose import without_withdrawn
from newsletter.pipeline.letters import Letters, make_message_id
from newsletter.pipeline.notes import Notes
from newsletter.pipeline.plan import Intent, plan
from newsletter.sending import Transport
from newsletter.store import Store
from newsletter.store.subscribers import email_key

MAX_ATTEMPTS = 8
#: So many deliveries are rendered for together, and so many digests are kept at hand.
_BATCH = 200
_FIRST_PAUSE = timedelta(minutes=5)
_LONGEST_PAUSE = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did for one reader, and why."""

    email: str
    #: A `DeliveryStatus`, or "not sent", or (in a dry run) "would send".
    status: str
    detail: str
    edition: str = ""
    papers: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one run did."""

    outcomes: tuple[Outcome, ...]
    #: Why the run stopped short, if it did.
    error: NewsletterError | None = None

    @property
    def is_clean(self) -> bool:
        """Nobody's mail failed or has to wait."""
        return self.error is None and not any(o.status in ("failed", "deferred") for o in self.outcomes)


@dataclass
class _Run:
    """What stays the same throughout one run."""

    store: Store
    config: Config
    letters: Letters
    clock: Callable[[], datetime]
    watch: Callable[[Outcome], None]
    secret: bytes
    #: The keys of the addresses to serve, or None for all.
    only: AbstractSet[str] | None
    outcomes: list[Outcome] = field(default_factory=list)
    digests: dict[int, Digest] = field(default_factory=dict)

    def digest(self, delivery: Delivery) -> Digest:
        """Return what is to be delivered, read once for all who get the same, as it was when this run began."""
        if delivery.digest_id not in self.digests:
            if len(self.digests) >= _BATCH:
                self.digests.pop(next(iter(self.digests)))
            self.digests[delivery.digest_id] = without_withdrawn(self.store.editions.get_digest(delivery.digest_id))
        return self.digests[delivery.digest_id]

    def serves(self, subscriber: Subscriber) -> bool:
        return self.only is None or email_key(subscriber.email) in self.only

    def tell(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.watch(outcome)

    def tell_waiting(self, subscriber: Subscriber, edition_key: str, error: NewsletterError) -> None:
        self.tell(Outcome(subscriber.email, "not sent", f"waiting: {error.message}", edition_key))


def deliver(
    store: Store,
    transport: Transport | None,
    config: Config,
    environment: Environment,
    clock: Callable[[], datetime],
    *,
    note: str = "",
    only: AbstractSet[str] | None = None,
    watch: Callable[[Outcome], None] = lambda _outcome: None,
) -> DeliveryReport:
    """Send every reader what is due and not sent yet; without a transport, only tell what would be.

    `only` names the addresses to serve, in any case; `watch` is told of each outcome as it happens.

    Raises:
        NewsletterError: Another process is sending for this site.
    """
    run = _Run(
        store,
        config,
        Letters(config, environment, store.secret(), store.summaries),
        clock,
        watch,
        store.secret(),
        None if only is None else frozenset(map(email_key, only)),
    )
    notes = Notes(config.site.notes, note)
    if transport is None:
        for intent in _intents(run, notes, dry=True):
            subject = _letter(run, intent.digest, intent.subscriber, intent.edition.key).subject
            would = len(intent.digest.items)
            run.tell(Outcome(intent.subscriber.email, "would send", subject, intent.edition.key, would))
        return DeliveryReport(tuple(run.outcomes))
    with _only_sender(config.site.lock):
        error = _deliver(run, transport, list(_intents(run, notes, dry=False)))
    return DeliveryReport(tuple(run.outcomes), error)


def _intents(run: _Run, notes: Notes, *, dry: bool) -> Iterator[Intent]:
    """Yield the plan's intents, and tell of every silence but those that this run is about to end."""
    now = run.clock()
    for decided in plan(run.store, now, notes=notes, only=run.only, weights=run.config.weights):
        if isinstance(decided, Intent):
            yield decided
        elif dry or not (decided.delivery and _is_open(decided.delivery, now)):
            run.tell(Outcome(decided.subscriber.email, "not sent", decided.why, decided.edition.key))


def _queue(run: _Run, intents: Iterable[Intent]) -> None:
    """Write the plan into the ledger: all of it or nothing."""
    with run.store.transaction():
        for intent in intents:
            key, reader = intent.edition.key, intent.subscriber.id
            run.store.editions.put(intent.edition)
            digest_id = run.store.editions.put_digest(intent.digest)
            message_id = make_message_id(run.secret, key, reader, run.config.sender)
            run.store.deliveries.queue(key, reader, digest_id, message_id, run.clock())


def _is_open(delivery: Delivery, now: datetime) -> bool:
    """Whether a delivery is to be carried out now."""
    waits = delivery.next_attempt_at is not None and delivery.next_attempt_at > now
    return delivery.status in (DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.DEFERRED) and not waits


def _deliver(run: _Run, transport: Transport, intents: list[Intent]) -> NewsletterError | None:
    """Queue the plan and send what is open in the ledger; return why it stopped, if it did.

    A server that cannot be reached leaves the ledger as it was. What is left when a run stops waits for the next.
    """
    waiting = [delivery for delivery in run.store.deliveries.open() if _is_open(delivery, run.clock())]
    stopped: NewsletterError | None = None
    if intents or waiting:
        _try_out(run, intents)
        try:
            transport.open()
            _queue(run, intents)
        except TransportError as error:
            stopped = error
            for intent in intents:
                run.tell_waiting(intent.subscriber, intent.edition.key, error)
    for delivery, subscriber in _open(run):
        if stopped is None:
            try:
                _carry_out(run, transport, delivery, subscriber)
            except (TransportError, TemplateError) as error:
                stopped = error
                run.store.deliveries.put_back(delivery)
        if stopped is not None:
            run.tell_waiting(subscriber, delivery.edition_key, stopped)
    return stopped


def _open(run: _Run) -> Iterator[tuple[Delivery, Subscriber]]:
    """Yield what is open in the ledger, rendering what some of it needs together."""
    todo = iter(run.store.deliveries.open())
    while batch := list(islice(todo, _BATCH)):
        with suppress(TemplateError):  # it is told of by the letter that needs the template
            run.letters.prepare((run.digest(delivery), subscriber) for delivery, subscriber in _due(run, batch))
        yield from _due(run, batch)  # asked again for each: who left meanwhile must not be mailed


def _due(run: _Run, batch: Iterable[Delivery]) -> Iterator[tuple[Delivery, Subscriber]]:
    for delivery in batch:
        subscriber = run.store.subscribers.find_by_id(delivery.subscriber_id)
        if subscriber is not None and run.serves(subscriber) and _is_open(delivery, run.clock()):
            yield delivery, subscriber


def _try_out(run: _Run, intents: list[Intent]) -> None:
    """Write one letter of every look that is asked for, so that a broken template stops an edition before its first.

    Raises:
        TemplateError: A template is missing or broken.
    """
    looks = {(intent.subscriber.profile.style, intent.subscriber.profile.language): intent for intent in intents}
    for intent in looks.values():
        _letter(run, intent.digest, intent.subscriber, intent.edition.key)


def _carry_out(run: _Run, transport: Transport, delivery: Delivery, subscriber: Subscriber) -> None:
    def move(status: DeliveryStatus, detail: str, next_attempt_at: datetime | None = None) -> None:
        run.store.deliveries.move(delivery.id, status, run.clock(), detail=detail, next_attempt_at=next_attempt_at)
        if status is not DeliveryStatus.SENDING:
            told = subject + in_doubt if status is DeliveryStatus.SENT else detail
            run.tell(Outcome(subscriber.email, status.value, told, delivery.edition_key, papers))

    subject, papers = "", 0
    was_sending = delivery.status is DeliveryStatus.SENDING
    in_doubt = " (in doubt since a crash: sent again under the same Message-ID)" if was_sending else ""
    if why := _must_not(run.store, subscriber):
        move(DeliveryStatus.SKIPPED, why)
        return
    digest = run.digest(delivery)
    if not digest.items and run.store.editions.get_digest(delivery.digest_id).items:
        move(DeliveryStatus.SKIPPED, "all its papers were withdrawn after planning")
        return
    letter = _letter(run, digest, subscriber, delivery.edition_key, delivery.message_id)
    subject, papers = letter.subject, len(digest.items)
    move(DeliveryStatus.SENDING, "")
    try:
        words = transport.send(letter)
    except MessageDeferred as error:
        attempts = delivery.attempts + 1
        if attempts >= MAX_ATTEMPTS:
            move(DeliveryStatus.FAILED, f"gave up after {attempts} attempts: {error.message}")
        else:
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempts - 1))
            move(DeliveryStatus.DEFERRED, error.message, run.clock() + pause)
    except MessageRefused as error:
        move(DeliveryStatus.FAILED, error.message)
    else:
        move(DeliveryStatus.SENT, words)


def _must_not(store: Store, subscriber: Subscriber) -> str | None:
    """Return why a reader, whose delivery was planned, must not be mailed any more."""
    if subscriber.status is not Status.ACTIVE:
        return f"{subscriber.status.value} after planning"
    return store.subscribers.why_suppressed(subscriber.email)


def _letter(run: _Run, digest: Digest, subscriber: Subscriber, edition_key: str, message_id: str = "") -> Message:
    known_as = message_id or make_message_id(run.secret, edition_key, subscriber.id, run.config.sender)
    return run.letters.write(digest, subscriber, known_as, run.clock())


@contextmanager
def _only_sender(lock: Path) -> Iterator[None]:
    """Hold the site's lock; the system lets go of it when the process dies, however it dies."""
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout:
        raise NewsletterError("another newsletter is sending for this site", hint="wait until it is done") from None
