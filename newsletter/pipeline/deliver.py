"""digests → rendering → sending → ledger.

    who is due | decide: a digest, or why not | queue all in one transaction | then each: sending → send → outcome

`decide` is pure. Carrying out commits every move in the ledger when it happens, so that whatever dies, the next run
goes on from there: nobody is skipped, and only a delivery found in `sending` is in doubt. It is sent again with the
same Message-ID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout
from jinja2 import Environment

from newsletter.config import Config
from newsletter.errors import MessageDeferred, MessageRefused, NewsletterError, TemplateError, TransportError
from newsletter.models import Delivery, DeliveryStatus, Digest, Edition, Message, Status, Subscriber
from newsletter.pipeline.calendar import Due, due_edition
from newsletter.pipeline.compose import compose, find_edition
from newsletter.pipeline.letters import make_message_id, write_letter
from newsletter.ranking.index import PaperIndex
from newsletter.sending import Transport
from newsletter.store import Store
from newsletter.store.subscribers import email_key

MAX_ATTEMPTS = 8
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that `decide` needs to know of one reader and one edition."""

    #: Why the address must not be mailed, or None.
    suppressed: str | None
    #: What the ledger holds of this edition for this reader.
    delivery: Delivery | None
    edition: Edition
    #: Of the edition's papers.
    index: PaperIndex
    #: Ids of the papers that this reader was sent.
    sent_before: AbstractSet[int]
    #: When the newest paper of all was first seen.
    last_seen_at: datetime | None


def decide(subscriber: Subscriber, due: Due, standing: Standing) -> Digest | str:
    """Return the digest to send to a reader, or why there is none."""
    if subscriber.status is not Status.ACTIVE:
        return f"{subscriber.status.value} since {subscriber.status_at.date()}"
    if standing.suppressed is not None:
        return f"suppressed: {standing.suppressed}"
    if standing.delivery is not None:
        return _already(standing.delivery, due)
    digest = compose(standing.index, standing.edition, subscriber.profile, standing.sent_before)
    return digest if digest.items else _why_empty(digest, subscriber, standing)


def _already(delivery: Delivery, due: Due) -> str:
    at = f"{delivery.updated_at:%Y-%m-%d %H:%M} UTC"
    if delivery.status is DeliveryStatus.SENT:
        return f"already sent {due.key} at {at}; not due before {due.next_at:%Y-%m-%d %H:%M} UTC"
    if delivery.status is DeliveryStatus.DEFERRED and delivery.next_attempt_at:
        return f"{due.key} waits until {delivery.next_attempt_at:%Y-%m-%d %H:%M} UTC: {delivery.detail}"
    return f"{due.key} {delivery.status.value} at {at}" + (f": {delivery.detail}" if delivery.detail else "")


def _why_empty(digest: Digest, subscriber: Subscriber, standing: Standing) -> str:
    topics = ", ".join(topic.name for topic in subscriber.profile.topics)
    if digest.considered:
        return f"no match: {_papers(digest.considered, 'new paper')}, none on {topics}"
    if standing.last_seen_at is None:
        return "nothing new: the store holds no papers yet"
    if standing.index.papers:
        return f"nothing new: {_papers(len(standing.index.papers), 'paper')} in {digest.edition.key}, all sent before"
    return f"nothing new since {standing.last_seen_at:%A, %Y-%m-%d %H:%M} UTC"


def _papers(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


@dataclass
class _Run:
    """What stays the same throughout one run."""

    store: Store
    config: Config
    environment: Environment
    clock: Callable[[], datetime]
    watch: Callable[[Outcome], None]
    secret: bytes
    outcomes: list[Outcome] = field(default_factory=list)

    def tell(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.watch(outcome)


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
    run = _Run(store, config, environment, clock, watch, store.secret())
    wanted = None if only is None else {email_key(email) for email in only}
    if transport is None:
        _plan(run, note, wanted, dry=True)
        return DeliveryReport(tuple(run.outcomes))
    with _only_sender(config.site.lock):
        with store.transaction():
            _plan(run, note, wanted, dry=False)
        error = _carry_out(run, transport, wanted)
    return DeliveryReport(tuple(run.outcomes), error)


# -- planning -----------------------------------------------------------------------------------------


def _plan(run: _Run, note: str, wanted: AbstractSet[str] | None, *, dry: bool) -> None:
    """Queue a delivery for every reader that `decide` has a digest for, and tell why for the others."""
    now = run.clock()
    editions: dict[str, tuple[Edition, PaperIndex]] = {}
    suppressions = run.store.subscribers.suppressions()
    last_seen_at = run.store.papers.last_seen_at()
    for subscriber in run.store.subscribers.all():
        if wanted is not None and email_key(subscriber.email) not in wanted:
            continue
        due = due_edition(subscriber.profile, now)
        if due.key not in editions:
            edition = find_edition(run.store, due, subscriber.profile.cadence, now, note)
            editions[due.key] = edition, PaperIndex(run.store.papers.seen_after(edition.since))
        edition, index = editions[due.key]
        standing = Standing(
            suppressed=suppressions.get(email_key(subscriber.email)),
            delivery=run.store.deliveries.find(due.key, subscriber.id),
            edition=edition,
            index=index,
            sent_before=run.store.deliveries.papers_planned_for(subscriber.id),
            last_seen_at=last_seen_at,
        )
        decided = decide(subscriber, due, standing)
        if isinstance(decided, str):
            if not (standing.delivery and _is_open(standing.delivery, now)) or dry:
                run.tell(Outcome(subscriber.email, "not sent", decided, due.key))
        elif dry:
            letter = _letter(run, decided, subscriber, due.key)
            run.tell(Outcome(subscriber.email, "would send", letter.subject, due.key, len(decided.items)))
        else:
            run.store.editions.put(edition)
            message_id = make_message_id(run.secret, due.key, subscriber.id, run.config.sender)
            run.store.deliveries.queue(due.key, subscriber.id, run.store.editions.put_digest(decided), message_id, now)


def _is_open(delivery: Delivery, now: datetime) -> bool:
    """Whether a delivery is to be carried out now."""
    waits = delivery.next_attempt_at is not None and delivery.next_attempt_at > now
    return delivery.status in (DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.DEFERRED) and not waits


# -- carrying out -------------------------------------------------------------------------------------


def _carry_out(run: _Run, transport: Transport, wanted: AbstractSet[str] | None) -> NewsletterError | None:
    """Send what is open in the ledger; return why it stopped, if it did. What is left then waits for the next run."""
    stopped: NewsletterError | None = None
    for delivery in run.store.deliveries.open():
        subscriber = run.store.subscribers.find_by_id(delivery.subscriber_id)
        if subscriber is None or (wanted is not None and email_key(subscriber.email) not in wanted):
            continue
        if not _is_open(delivery, run.clock()):
            continue
        if stopped is None:
            try:
                _carry_out_one(run, transport, delivery, subscriber)
            except (TransportError, TemplateError) as error:
                stopped = error
                run.store.deliveries.move(delivery.id, DeliveryStatus.QUEUED, run.clock())
        if stopped is not None:
            run.tell(Outcome(subscriber.email, "not sent", f"waiting: {stopped.message}", delivery.edition_key))
    return stopped


def _carry_out_one(run: _Run, transport: Transport, delivery: Delivery, subscriber: Subscriber) -> None:
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
    digest = run.store.editions.get_digest(delivery.digest_id)
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
    return write_letter(
        digest,
        subscriber,
        config=run.config,
        environment=run.environment,
        secret=run.secret,
        message_id=message_id or make_message_id(run.secret, edition_key, subscriber.id, run.config.sender),
        now=run.clock(),
    )


@contextmanager
def _only_sender(lock: Path) -> Iterator[None]:
    """Hold the site's lock; the system lets go of it when the process dies, however it dies."""
    try:
        with FileLock(lock, timeout=0):
            yield
    except Timeout:
        raise NewsletterError("another newsletter is sending for this site", hint="wait until it is done") from None
