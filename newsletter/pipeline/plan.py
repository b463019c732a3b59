"""Which subscribers are due, and the digest each gets or the reason why there is none, before anything is sent.

`decide` is pure; `plan` reads what it needs from the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from newsletter.models import Delivery, DeliveryStatus, Digest, Edition, EditionState, Status, Subscriber
from newsletter.models.addresses import email_key
from newsletter.pipeline.compose import compose, find_edition, read_matcher, read_statistics
from newsletter.pipeline.notes import NO_NOTES, Notes
from newsletter.pipeline.schedule import Due, due_edition
from newsletter.pipeline.taste import TasteScores
from newsletter.ranking.index import Numbers
from newsletter.ranking.matching import Matcher
from newsletter.ranking.weights import Weights
from newsletter.store import Store
from newsletter.text import counted


@dataclass(frozen=True, slots=True)
class Intent:
    """A digest to be delivered to a subscriber."""

    subscriber: Subscriber
    edition: Edition
    digest: Digest


@dataclass(frozen=True, slots=True)
class NoDelivery:
    """A subscriber who gets nothing now, and why."""

    subscriber: Subscriber
    edition: Edition
    why: str
    #: This subscriber's delivery of this edition, if the ledger holds one.
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class DamagedSubscriber:
    """A subscriber whose row in the store cannot be read; the others are served."""

    email: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberState:
    """What `decide` needs to know about one subscriber and one edition."""

    #: Why the address is suppressed, or None.
    suppressed: str | None
    #: This subscriber's delivery of this edition, if the ledger holds one.
    delivery: Delivery | None
    edition: Edition
    #: Over the edition's papers.
    matcher: Matcher
    #: Ids of the papers that this subscriber was sent, and when each was last sent.
    sent_before: Mapping[int, datetime]
    #: When the newest paper of all was first seen.
    last_seen_at: datetime | None
    #: Whether a person paused or cancelled the edition.
    edition_state: EditionState = EditionState.OPEN
    #: The score of each of the edition's papers by this subscriber's taste model, if there is one.
    taste: Numbers | None = None


def decide(subscriber: Subscriber, due: Due, state: SubscriberState) -> Digest | str:
    """Return the digest to send to a subscriber, or the reason why there is none."""
    if subscriber.status is not Status.ACTIVE:
        return f"{subscriber.status.value} since {subscriber.status_at.date()}"
    if state.suppressed is not None:
        return f"suppressed: {state.suppressed}"
    if state.delivery is not None:
        return _delivery_so_far(state.delivery, due)
    if state.edition_state is not EditionState.OPEN:
        return f"{due.key} is {state.edition_state}"
    digest = compose(state.matcher, state.edition, subscriber.profile, state.sent_before, state.taste)
    return digest if digest.items or subscriber.profile.even_if_empty else _why_empty(digest, subscriber, state)


def _delivery_so_far(delivery: Delivery, due: Due) -> str:
    at = f"{delivery.updated_at:%Y-%m-%d %H:%M} UTC"
    if delivery.status is DeliveryStatus.SENT:
        return f"already sent {due.key} at {at}; not due before {due.next_at:%Y-%m-%d %H:%M} UTC"
    if delivery.status is DeliveryStatus.DEFERRED and delivery.next_attempt_at:
        return f"{due.key} deferred until {delivery.next_attempt_at:%Y-%m-%d %H:%M} UTC: {delivery.detail}"
    return f"{due.key} {delivery.status.value} at {at}" + (f": {delivery.detail}" if delivery.detail else "")


def _why_empty(digest: Digest, subscriber: Subscriber, state: SubscriberState) -> str:
    topics = ", ".join(topic.name for topic in subscriber.profile.topics)
    if digest.considered:
        return f"no match: {counted(digest.considered, 'new paper')}, none on {topics}"
    if state.last_seen_at is None:
        return "nothing new: the store holds no papers yet"
    if len(state.matcher.index):
        return f"nothing new: {counted(len(state.matcher.index), 'paper')} in {digest.edition.key}, all sent before"
    return f"nothing new since {state.last_seen_at:%A, %Y-%m-%d %H:%M} UTC"


def plan(
    store: Store,
    now: datetime,
    *,
    notes: Notes = NO_NOTES,
    only: AbstractSet[str] | None = None,
    weights: Weights | None = None,
) -> Iterator[Intent | NoDelivery | DamagedSubscriber]:
    """Decide for each subscriber, or for those whose `email_key` is in `only`. Writes nothing."""
    editions: dict[str, tuple[Edition, Matcher]] = {}
    edition_states = store.editions.states()
    last_seen_at = store.papers.last_seen_at()
    statistics, tastes = read_statistics(store), TasteScores(store)
    damaged: list[DamagedSubscriber] = []
    for subscriber in store.subscribers.each(lambda key, error: damaged.append(DamagedSubscriber(key, error.message))):
        key = email_key(subscriber.email)
        if only is not None and key not in only:
            continue
        due = due_edition(subscriber.profile, now)
        if due.key not in editions:
            edition = find_edition(store, due, subscriber.profile.cadence, now, notes)
            editions[due.key] = edition, read_matcher(store, edition.since, weights, statistics)
        edition, matcher = editions[due.key]
        delivery = store.deliveries.find(due.key, subscriber.id)
        is_open = delivery is None and subscriber.status is Status.ACTIVE  # scoring by taste is expensive
        state = SubscriberState(
            suppressed=store.subscribers.why_suppressed(subscriber.email),
            edition_state=edition_states.get(due.key, EditionState.OPEN),
            delivery=delivery,
            edition=edition,
            matcher=matcher,
            sent_before=store.deliveries.papers_planned_for(subscriber.id),
            last_seen_at=last_seen_at,
            taste=tastes.of(subscriber.id, matcher.index) if is_open else None,
        )
        decided = decide(subscriber, due, state)
        if isinstance(decided, Digest):
            yield Intent(subscriber, edition, decided)
        else:
            yield NoDelivery(subscriber, edition, decided, state.delivery)
    yield from (one for one in damaged if only is None or one.email in only)
