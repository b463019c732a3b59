"""Digests → rendering → sending → ledger.

    plan | can we send? | queue it as a draft, in batches | open it | claim | render | hand over | results

Every move in the ledger is committed when it happens, so that after a crash the next run continues from there. Nobody
is missed, and only a delivery found in `sending` is in doubt: at most one for each connection, and a few more where
many leave at once (`sending.smtp.group_commit`). It is resent under the same Message-ID, or held, by the site's
in-doubt policy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from pathlib import Path

from jinja2 import Environment

from newsletter.config.model import Config, InDoubtPolicy
from newsletter.errors import AlreadySending, NewsletterError, TransportError
from newsletter.models import Delivery, Edition, EditionState
from newsletter.models.addresses import email_key
from newsletter.pipeline.delivery_run import BATCH, DeliveryRun
from newsletter.pipeline.edition_state import WAITING, close_past_days, skip_cancelled
from newsletter.pipeline.garbage_collection import without_older_objects
from newsletter.pipeline.ledger import IN_DOUBT, MAX_ATTEMPTS, MAX_BACKOFF, SendingLedger
from newsletter.pipeline.messages import MessageRenderer, make_message_id
from newsletter.pipeline.notes import Notes
from newsletter.pipeline.outcomes import DeliveryReport, Outcome, OutcomeStatus, Tally
from newsletter.pipeline.plan import DamagedSubscriber, Intent, NoDelivery, NotDue, plan, plan_due
from newsletter.pipeline.senders import send_shared
from newsletter.pipeline.signing import SigningRenderer, load_keys
from newsletter.pipeline.site_lock import SENDING_LOCK, sending_lock
from newsletter.pipeline.source_schedule import NO_PATIENCE, read_patience
from newsletter.sending import Transport, never
from newsletter.store import Store

__all__ = ["MAX_ATTEMPTS", "DeliveryReport", "Outcome", "OutcomeStatus", "deliver"]

#: So many deliveries are planned by one transaction: digests of one batch share what they say of papers.
PLANNED_BATCH = 500


def deliver(
    store: Store,
    transport: Transport | None,
    config: Config,
    environment: Environment,
    clock: Callable[[], datetime],
    *,
    note: str = "",
    only: AbstractSet[str] | None = None,
    everyone: bool = False,
    waits: bool = False,
    watch: Callable[[Outcome], None] = lambda _outcome: None,
    expect: Callable[[int], None] = lambda _number: None,
    stopped: Callable[[], bool] = never,
    abandoned: Callable[[], bool] = never,
    is_shared: bool = False,
) -> DeliveryReport:
    """Send every subscriber the edition that is due; without a transport, only report what would be sent.

    Args:
        note: Markdown that opens new editions, in place of the site's note of the day.
        only: The addresses to serve, in any case; None for all.
        everyone: Whether to report of each subscriber why nothing is due to them, however many there are.
        waits: Whether new editions may wait for the list of the day of their sources.
        watch: Is called with each outcome as it happens.
        expect: Is called with the number of messages before the first is sent.
        stopped: Whether a shutdown was requested: messages in flight are finished, the rest waits for the next run.
        abandoned: Whether messages in flight are given up, too: they are in doubt.
        is_shared: Whether the workers of a fleet send what is queued: this process does not.

    Raises:
        NewsletterError: Another process is sending for this site, or a DKIM key cannot be read.
        TemplateError: A template is missing or broken; nothing leaves.
        StoreError: The store cannot be written; the next run continues from the ledger.
    """
    tally, secret = Tally(watch), store.secret()
    messages = MessageRenderer(config, environment, secret, store.summaries)
    run = DeliveryRun(
        store,
        config,
        SigningRenderer(store, messages, load_keys(config)),
        clock,
        secret,
        tally,
        SendingLedger(store, clock, tally, config.delivery.in_doubt),
        stopped,
        abandoned,
        None if only is None else frozenset(map(email_key, only)),
        read_patience(store, config) if waits else NO_PATIENCE,
        is_for_everyone=everyone,
    )
    notes = Notes(config.site.notes, note)
    if transport is None:
        _preview(run, notes)
    elif is_shared:
        _deliver(run, transport, notes, expect, None)
    else:
        with sending_lock(config.site.lock) as lock, _no_fleet(store):
            _deliver(run, transport, notes, expect, partial(send_shared, lock=lock))
    return run.report()


def _preview(run: DeliveryRun, notes: Notes) -> None:
    """Report what would be sent."""
    for intent in _intents(run, run.clock(), notes, dry_run=True):
        subject = run.render(intent.digest, intent.subscriber, intent.edition.key).subject
        papers = len(intent.digest.items)
        run.add_outcome(intent.subscriber, OutcomeStatus.WOULD_SEND, subject, intent.edition.key, papers)


@contextmanager
def _no_fleet(store: Store) -> Iterator[None]:
    """Hold the lock of the server, so that no other machine sends for this site; a database in a file has none.

    Raises:
        AlreadySending: Another machine does, or workers do.
    """
    with store.lock(SENDING_LOCK) as has_it:
        if not has_it:
            raise AlreadySending(
                "newsletter workers, or another machine, are sending for this site", hint="newsletter status shows them"
            )
        yield


def _intents(run: DeliveryRun, now: datetime, notes: Notes, *, dry_run: bool) -> Iterator[Intent]:
    """Yield the plan's intents; report who gets nothing, except subscribers with an open delivery of this run."""
    for decided in _plan(run, now, notes):
        if isinstance(decided, Intent):
            yield decided
        elif isinstance(decided, NotDue):
            run.tally.add_count(OutcomeStatus.NOT_SENT, decided.number)
        elif isinstance(decided, DamagedSubscriber):
            run.tally.add(Outcome(decided.email, OutcomeStatus.FAILED, decided.why))
        else:
            run.look_again(decided.again_at, decided.subscriber)
            if not dry_run and decided.delivery and _is_open(decided.delivery, now):
                continue
            if decided.is_empty:
                run.tally.empty[decided.edition_key] += 1
            run.add_outcome(decided.subscriber, OutcomeStatus.NOT_SENT, decided.why, decided.edition_key)


def _plan(run: DeliveryRun, now: datetime, notes: Notes) -> Iterator[Intent | NoDelivery | DamagedSubscriber | NotDue]:
    """Yield the plan: for those to whom something may be due, unless the run is to report of others, too."""
    weights = run.config.weights
    if run.only is None and not run.is_for_everyone:
        return plan_due(run.store, now, notes=notes, weights=weights, patience=run.patience)
    return plan(run.store, now, notes=notes, only=run.only, weights=weights, patience=run.patience)


def _is_open(delivery: Delivery, now: datetime) -> bool:
    """Whether a delivery is to be carried out now."""
    waits = delivery.next_attempt_at is not None and delivery.next_attempt_at > now
    return delivery.status in WAITING and not waits


def _check_restored(restoring: Path) -> None:
    """Refuse to send while it may not be known who unsubscribed: `Site.restoring` exists.

    Raises:
        NewsletterError: A restore was interrupted.
    """
    if restoring.exists():
        backup = restoring.read_text(encoding="utf-8") or "BACKUP"
        raise NewsletterError(
            "the restore of a backup was interrupted, so nothing is sent", hint=f"newsletter restore {backup}"
        )


def _deliver(
    run: DeliveryRun,
    transport: Transport,
    notes: Notes,
    expect: Callable[[int], None],
    send: Callable[[DeliveryRun, Transport, int], None] | None,
) -> None:
    """Queue the plan and send what is open in the ledger, unless others do: `send` is None.

    A server that cannot be reached leaves the ledger as it was.
    """
    _check_restored(run.config.site.restoring)
    _clean_up(run, is_shared=send is None)
    now = run.clock()
    intents = _intents(run, now, notes, dry_run=False)
    first = next(intents, None)
    if first is None:
        _note_look(run, now)
        if next(run.claims(1), None) is None:
            return
    if first is not None:
        _check_templates(run, first)
    intents = chain([] if first is None else [first], intents)
    try:
        transport.open(run.is_grace_over)
    except TransportError as error:
        run.error = error
        for intent in intents:
            run.add_waiting(intent.subscriber, intent.edition.key, error)
    else:
        with without_older_objects():  # of them the index of the papers, which stays until all is planned
            _queue(run, intents, now)
        if send is not None:
            number = run.store.deliveries.open_count(run.clock())
            expect(number)
            send(run, transport, number)
    if run.error is not None:
        for claim in chain.from_iterable(run.claims(BATCH)):
            run.add_waiting(claim.subscriber, claim.delivery.edition_key, run.error)


def _clean_up(run: DeliveryRun, *, is_shared: bool) -> None:
    """Resume subscriptions whose pause has ended, hold what is in doubt if so configured, and skip what is too late.

    Where others send meanwhile (`is_shared`), what is in doubt is theirs to say.
    """
    now, delivery, held = run.clock(), run.config.delivery, 0
    deliveries = run.store.deliveries
    with run.store.transaction():
        if not is_shared:
            run.store.shards.clear()
        run.store.subscribers.resume_due(now)
    deliveries.bring_forward(now, now + 2 * MAX_BACKOFF)
    if delivery.in_doubt is InDoubtPolicy.HOLD and not is_shared:
        held = deliveries.hold(now, f"{IN_DOUBT} since a crash: it may have been delivered")
        run.ledger.in_doubt += held
    skipped = close_past_days(run.store, now) + skip_cancelled(run.store, now)
    reason = f"stale: not sent within {delivery.max_age_hours} hours"
    skipped += deliveries.skip_open(now, reason, before=now - timedelta(hours=delivery.max_age_hours))
    run.add_moved(OutcomeStatus.HELD, now, held)
    run.add_moved(OutcomeStatus.SKIPPED, now, skipped)


def _note_look(run: DeliveryRun, now: datetime) -> None:
    """Open what was planned, now or by a run that was interrupted, and store that everybody's slots were looked at.

    Slots that are over by then are closed. When to look at whom again is stored after that, in short transactions.
    """
    if run.is_shutting_down():
        return
    with run.store.transaction():
        run.store.editions.open_drafts()
        if run.only is None:
            run.store.looks.add(now)
    if run.only is None:
        run.store.next_due.put(run.again, now)


def _queue(run: DeliveryRun, intents: Iterator[Intent], now: datetime) -> None:
    """Write the plan into the ledger, in batches: other writers wait for one of them at most.

    A new edition is a draft meanwhile, of which nothing leaves, and is opened when all of it is there. If a crash, a
    shutdown or a template keeps it from that, the next run goes on with those who are not planned yet. Whoever leaves
    or is suppressed meanwhile is left out when their message is about to depart.

    Raises:
        TemplateError: A template is missing or broken; what was planned stays a draft.
    """
    while batch := list(islice(intents, PLANNED_BATCH)):
        if run.is_shutting_down():
            return
        for intent in batch:
            _check_templates(run, intent)
        _queue_batch(run, batch, now)
    _note_look(run, now)


def _queue_batch(run: DeliveryRun, batch: list[Intent], now: datetime) -> None:
    """Write some deliveries with their digests into the ledger, and when to look at their subscribers again."""
    store, editions, again = run.store, dict[str, Edition](), defaultdict[datetime, list[int]](list)
    for intent in batch:
        editions[intent.edition.key] = intent.edition
        again[intent.again_at].append(intent.subscriber.id)
    with store.transaction():
        for edition in editions.values():
            store.editions.put(edition, EditionState.DRAFT)
        digests = store.editions.put_digests([intent.digest for intent in batch])
        rows = []
        for intent, digest_id in zip(batch, digests, strict=True):
            key, subscriber = intent.edition.key, intent.subscriber.id
            rows.append((key, subscriber, digest_id, make_message_id(run.secret, key, subscriber, run.config.sender)))
        store.deliveries.queue_many(rows, now)
        if run.only is None:
            store.next_due.put(again, now)


def _check_templates(run: DeliveryRun, intent: Intent) -> None:
    """Render one message of each style and language, so that a broken template stops an edition before it begins.

    Raises:
        TemplateError: A template is missing or broken.
    """
    look = intent.subscriber.profile.style, intent.subscriber.profile.language
    if look not in run.rendered_looks:
        run.rendered_looks.add(look)
        run.render(intent.digest, intent.subscriber, intent.edition.key)
