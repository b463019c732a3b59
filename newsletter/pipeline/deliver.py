"""digests → rendering → sending → ledger.

    plan | can we send? | queue all in one transaction | claim | write letters | carry | outcomes

Every move in the ledger is committed when it happens, so that whatever dies, the next run goes on from there: nobody
is skipped, and only a delivery found in `sending` is in doubt: at most one for each connection. It is sent again with
the same Message-ID, or held, as the site chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, islice
from pathlib import Path

from filelock import FileLock, Timeout
from jinja2 import Environment

from newsletter.addresses import email_key
from newsletter.config.model import Config
from newsletter.errors import NewsletterError, TransportError
from newsletter.models import Delivery, DeliveryStatus, Digest, Message, Subscriber
from newsletter.pipeline.ledger import MAX_ATTEMPTS, Claim, DeliveryReport, Outcome, SendingLedger, Tally
from newsletter.pipeline.messages import MessageRenderer, make_message_id
from newsletter.pipeline.notes import Notes
from newsletter.pipeline.plan import Intent, plan
from newsletter.pipeline.workers import Writer, load_keys, render_in_workers
from newsletter.sending import Transport
from newsletter.store import Store

__all__ = ["MAX_ATTEMPTS", "DeliveryReport", "Outcome", "deliver"]

#: So many deliveries are claimed and rendered for together.
_BATCH = 200
#: For fewer it does not pay to start other processes.
_WORTH_WORKERS = 1000
#: So many of those that a stopped run leaves waiting are told by name.
_NAMED = 1000


@dataclass
class _Run:
    """What stays the same throughout one run."""

    store: Store
    config: Config
    writer: Writer
    clock: Callable[[], datetime]
    secret: bytes
    tally: Tally
    ledger: SendingLedger
    stopped: Callable[[], bool]
    #: The keys of the addresses to serve, or None for all.
    only: AbstractSet[str] | None
    #: Why no more letters are written, if so.
    error: NewsletterError | None = None
    #: Styles and languages of which a letter was written.
    looks: set[tuple[str, str]] = field(default_factory=set)

    def serves(self, subscriber: Subscriber) -> bool:
        return self.only is None or email_key(subscriber.email) in self.only

    def tell_waiting(self, subscriber: Subscriber, edition_key: str, error: NewsletterError) -> None:
        self.tally.tell(
            Outcome(subscriber.email, "not sent", f"waiting: {error.message}", edition_key, 0, subscriber.id)
        )

    def report(self) -> DeliveryReport:
        waiting = self.store.deliveries.open_count(self.clock()) if self.stopped() else 0
        return DeliveryReport(tuple(self.tally.outcomes), self.tally.counts, self.error, self.ledger.in_doubt, waiting)


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
    expect: Callable[[int], None] = lambda _number: None,
    stopped: Callable[[], bool] = lambda: False,
) -> DeliveryReport:
    """Send every reader what is due and not sent yet; without a transport, only tell what would be.

    `only` names the addresses to serve, in any case; `watch` is told of each outcome as it happens, and `expect`
    how many there will be; when `stopped` says so, what is under way is finished, and the rest waits for the next run.

    Raises:
        NewsletterError: Another process is sending for this site, or a key to sign with is not as it should be.
    """
    tally = Tally(watch)
    run = _Run(
        store,
        config,
        Writer(store, MessageRenderer(config, environment, store.secret(), store.summaries), load_keys(config)),
        clock,
        store.secret(),
        tally,
        SendingLedger(store, clock, tally, holds_doubtful=config.delivery.in_doubt == "hold"),
        stopped,
        None if only is None else frozenset(map(email_key, only)),
    )
    notes = Notes(config.site.notes, note)
    if transport is None:
        for intent in _intents(run, notes, dry=True):
            subject = _message(run, intent.digest, intent.subscriber, intent.edition.key).subject
            would = len(intent.digest.items)
            subscriber = intent.subscriber
            tally.tell(Outcome(subscriber.email, "would send", subject, intent.edition.key, would, subscriber.id))
        return run.report()
    with _only_sender(config.site.lock):
        _deliver(run, transport, _intents(run, notes, dry=False), expect)
    return run.report()


def _intents(run: _Run, notes: Notes, *, dry: bool) -> Iterator[Intent]:
    """Yield the plan's intents, and tell of every silence but those that this run is about to end."""
    now = run.clock()
    for decided in plan(run.store, now, notes=notes, only=run.only, weights=run.config.weights):
        if isinstance(decided, Intent):
            yield decided
        elif dry or not (decided.delivery and _is_open(decided.delivery, now)):
            subscriber = decided.subscriber
            run.tally.tell(Outcome(subscriber.email, "not sent", decided.why, decided.edition.key, 0, subscriber.id))


def _deliver(run: _Run, transport: Transport, intents: Iterator[Intent], expect: Callable[[int], None]) -> None:
    """Queue the plan and send what is open in the ledger.

    A server that cannot be reached leaves the ledger as it was. What is left when a run stops waits for the next.
    """
    _tidy(run)
    first = next(intents, None)
    if first is None and next(_claims(run, 1), None) is None:
        return
    if first is not None:
        _try_out(run, first)
    intents = chain([] if first is None else [first], intents)
    try:
        transport.open()
    except TransportError as error:
        run.error = error
        for intent in intents:
            run.tell_waiting(intent.subscriber, intent.edition.key, error)
    else:
        _queue(run, intents)
        expect(run.store.deliveries.open_count(run.clock()))
        _carry(run, transport)
    if run.error is not None:
        _tell_rest(run, run.error)


def _tidy(run: _Run) -> None:
    """Deal with what earlier runs left: what is in doubt, what is too old to be news, and pauses that are over."""
    now, delivery = run.clock(), run.config.delivery
    with run.store.transaction():
        run.store.subscribers.wake(now)
        if run.ledger.holds_doubtful:
            held = run.store.deliveries.hold(now, "in doubt since a crash: it may have been delivered")
            run.ledger.in_doubt += held
            run.tally.add("held", held)
        words = f"not sent within {delivery.max_age_hours} hours"
        too_old = run.store.deliveries.skip_open(now, words, before=now - timedelta(hours=delivery.max_age_hours))
        run.tally.add("skipped", too_old)


def _queue(run: _Run, intents: Iterator[Intent]) -> None:
    """Write the plan into the ledger: all of it, or nothing if the run is stopped meanwhile.

    It is put aside as it is made, so that neither the plan has to be held nor the store locked until it is whole.

    Raises:
        TemplateError: A template is missing or broken: nothing is queued.
    """
    store = run.store
    store.deliveries.unstage()
    while batch := list(islice(intents, _BATCH)):
        if run.stopped():
            break
        rows = []
        with store.transaction():
            for intent in batch:
                _try_out(run, intent)
                key, subscriber = intent.edition.key, intent.subscriber.id
                store.editions.put(intent.edition)
                digest_id = store.editions.put_digest(intent.digest)
                rows.append(
                    (key, subscriber, digest_id, make_message_id(run.secret, key, subscriber, run.config.sender))
                )
            store.deliveries.stage(rows)
    if not run.stopped():
        with store.transaction():
            store.deliveries.stage([])
            store.deliveries.queue_staged(run.clock())
    store.deliveries.unstage()


def _try_out(run: _Run, intent: Intent) -> None:
    """Write one letter of every look that is asked for, so that a broken template stops an edition before its first.

    Raises:
        TemplateError: A template is missing or broken.
    """
    look = intent.subscriber.profile.style, intent.subscriber.profile.language
    if look not in run.looks:
        run.looks.add(look)
        _message(run, intent.digest, intent.subscriber, intent.edition.key)


def _carry(run: _Run, transport: Transport) -> None:
    """Send what is open in the ledger, and again what came back from lost connections."""
    while True:
        run.ledger.returned = 0
        try:
            with closing(_messages(run)) as messages:
                transport.send(messages, run.ledger, run.stopped)
        except TransportError as error:
            run.error = run.error or error
        if run.error is not None or not run.ledger.returned or run.stopped():
            return


def _messages(run: _Run) -> Generator[Message]:
    """Write the letters of what is open in the ledger, one after the other, until one cannot be written."""
    config = run.config
    workers = config.delivery.workers
    is_worth_it = workers > 1 and run.store.deliveries.open_count(run.clock()) >= _WORTH_WORKERS
    try:
        if is_worth_it:
            yield from render_in_workers(_wanted(run), run.writer, config, workers, run.clock)
        else:
            for claims in _wanted(run):
                yield from run.writer.write(claims, run.clock)
    except NewsletterError as error:
        run.error = error


def _wanted(run: _Run) -> Iterator[list[Claim]]:
    """Yield, batch by batch, the claims whose letters are to be written."""
    for batch in _claims(run, _BATCH):
        wanted = []
        for claim in batch:
            digest_id = claim.delivery.digest_id
            papers = sum(len(section.items) for section in run.writer.digest(digest_id).sections)
            if not papers and run.store.editions.get_digest(digest_id).items:
                run.ledger.skip(claim, "all its papers were withdrawn after planning")
            else:
                wanted.append(replace(claim, papers=papers))
        run.ledger.under_way |= {claim.delivery.message_id: claim for claim in wanted}
        yield wanted


def _claims(run: _Run, at_once: int) -> Iterator[list[Claim]]:
    """Yield, batch by batch, what is open in the ledger."""
    last = 0
    while batch := run.store.deliveries.claim(run.clock(), after=last, limit=at_once):
        last = batch[-1].id
        subscribers = run.store.subscribers.get_many(delivery.subscriber_id for delivery in batch)
        claims = [Claim(one, subscribers[one.subscriber_id], 0) for one in batch if one.subscriber_id in subscribers]
        claims = [
            one for one in claims if run.serves(one.subscriber) and one.delivery.message_id not in run.ledger.under_way
        ]
        if claims:
            yield claims


def _tell_rest(run: _Run, error: NewsletterError) -> None:
    """Tell of those who wait since a run stopped."""
    for claim in islice(chain.from_iterable(_claims(run, _BATCH)), _NAMED):
        run.tell_waiting(claim.subscriber, claim.delivery.edition_key, error)


def _is_open(delivery: Delivery, now: datetime) -> bool:
    """Whether a delivery is to be carried out now."""
    waits = delivery.next_attempt_at is not None and delivery.next_attempt_at > now
    return delivery.status in (DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.DEFERRED) and not waits


def _message(run: _Run, digest: Digest, subscriber: Subscriber, edition_key: str) -> Message:
    message_id = make_message_id(run.secret, edition_key, subscriber.id, run.config.sender)
    return run.writer.messages.write(digest, subscriber, message_id, run.clock())


@contextmanager
def _only_sender(lock: Path) -> Iterator[None]:
    """Hold the site's lock; the system lets go of it when the process dies, however it dies."""
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout:
        raise NewsletterError("another newsletter is sending for this site", hint="wait until it is done") from None
