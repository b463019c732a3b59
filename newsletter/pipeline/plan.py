"""Which subscribers are due, and the digest each gets or the reason why there is none, before anything is sent.

`decide` is pure; `plan` reads what it needs from the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from newsletter.models import (
    Delivery,
    DeliveryStatus,
    Digest,
    Edition,
    EditionState,
    Paper,
    Profile,
    SectionKind,
    Status,
    Subscriber,
)
from newsletter.models.addresses import email_key
from newsletter.models.weights import Weights
from newsletter.pipeline.compose import compose, find_edition
from newsletter.pipeline.dislikes import Dislikes
from newsletter.pipeline.idle import EXPLAINED
from newsletter.pipeline.next_mail import History, read_histories
from newsletter.pipeline.notes import NO_NOTES, Notes
from newsletter.pipeline.schedule import (
    Due,
    Looks,
    due_edition,
    edition_key,
    local_day,
    look_again_at,
    next_edition,
)
from newsletter.pipeline.source_schedule import NO_PATIENCE, Patience
from newsletter.pipeline.taste import TasteScores
from newsletter.pipeline.windows import Window, Windows
from newsletter.ranking.index import Numbers
from newsletter.ranking.matching import Matcher
from newsletter.store import Store
from newsletter.text import counted

#: What an email has beside a subscriber's topics and follows: on its own it is no reason for one.
_BESIDE = (SectionKind.ALSO_TRENDING, SectionKind.SERENDIPITY)
#: The ledger is read for this many subscribers at once.
_BATCH = 1000
#: How many decisions are kept for other subscribers with the same profile and history.
_MAX_DECIDED = 1024


@dataclass(frozen=True, slots=True)
class Intent:
    """A digest to be delivered to a subscriber."""

    subscriber: Subscriber
    edition: Edition
    digest: Digest
    #: When something may be due to them next, once this is queued.
    again_at: datetime


@dataclass(frozen=True, slots=True)
class NoDelivery:
    """A subscriber who gets nothing now, and why."""

    subscriber: Subscriber
    edition_key: str
    why: str
    #: This subscriber's delivery that is open, or of this edition, if the ledger holds one.
    delivery: Delivery | None = None
    #: An edition is due, and has no papers for them.
    is_empty: bool = False
    #: When something may be due to them next; None if an edition is due already.
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotDue:
    """Subscribers to whom nothing is due, who are too many to say of each why."""

    number: int


@dataclass(frozen=True, slots=True)
class DamagedSubscriber:
    """A subscriber whose row in the store cannot be read; the others are served."""

    email: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberState:
    """What `decide` needs to know about one subscriber and the edition they are due."""

    now: datetime
    edition: Edition
    #: Over the edition's papers, and maybe older ones.
    matcher: Matcher
    #: Ids of the matcher's papers that are older than this subscriber's edition.
    old: AbstractSet[int] = frozenset()
    #: Ids of the papers that this subscriber was sent, and when each was last sent.
    sent_before: Mapping[int, datetime]
    #: When the newest paper of all was first seen.
    last_seen_at: datetime | None
    #: The score of each of the edition's papers by this subscriber's taste model, if there is one.
    taste: Numbers | None = None


def decide(subscriber: Subscriber, due: Due, state: SubscriberState) -> Digest | str:
    """Return the digest to send to a subscriber, or the reason why it has no papers."""
    profile = subscriber.profile
    digest = compose(state.matcher, state.edition, profile, state.sent_before, state.taste, (due.since, state.old))
    digest = replace(digest, since=local_day(profile, due.since), is_first=due.is_first)
    is_waiting = state.now < due.closes_at
    wanted = [item for section in digest.sections if section.kind not in _BESIDE for item in section.items]
    if (profile.even_if_empty and not is_waiting) or any(_came_by(item.paper, due) for item in wanted):
        return digest
    if wanted:
        return f"closed: nothing new by {_utc(due.closes_at)}; later papers come with the next edition"
    why = _why_empty(digest, subscriber, state)
    return f"{why}; waiting until {_utc(due.closes_at)}" if is_waiting else why


def _came_by(paper: Paper, due: Due) -> bool:
    """Whether a paper was new, or in a new version, before the slot closed."""
    came_at = paper.seen_at if paper.seen_at > due.since else paper.revised_at
    return due.needs_papers_by is None or came_at is None or came_at <= due.needs_papers_by


def why_not_due(
    subscriber: Subscriber,
    suppressed: str | None,
    delivery: Delivery | None,
    due: Due | None,
    coming: Callable[[], Due],
) -> str | None:
    """Return why a subscriber gets nothing, whatever papers there are; None if an edition is due.

    Args:
        suppressed: Why the address is suppressed, or None.
        delivery: Their delivery that is open, or else of the edition that is due.
        due: What is due.
        coming: Returns the next edition.
    """
    if subscriber.status is not Status.ACTIVE:
        return f"{subscriber.status.value} since {subscriber.status_at.date()}"
    if suppressed is not None:
        return f"suppressed: {suppressed}"
    if delivery is not None:
        return _delivery_so_far(delivery)
    return None if due is not None else f"not due before {_utc(coming().at)}"


def _delivery_so_far(delivery: Delivery) -> str:
    key = delivery.edition_key
    if delivery.status is DeliveryStatus.DEFERRED and delivery.next_attempt_at:
        return f"{key} deferred until {_utc(delivery.next_attempt_at)}: {delivery.detail}"
    return f"{key} {delivery.status.value} at {_utc(delivery.updated_at)}" + (
        f": {delivery.detail}" if delivery.detail else ""
    )


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _why_empty(digest: Digest, subscriber: Subscriber, state: SubscriberState) -> str:
    topics = ", ".join(topic.name for topic in subscriber.profile.topics)
    if digest.considered:
        return f"no match: {counted(digest.considered, 'new paper')}, none on {topics}"
    if state.last_seen_at is None:
        return "nothing new: the store holds no papers yet"
    if new := len(state.matcher.index.papers.keys() - state.old):
        return f"nothing new: {counted(new, 'paper')} for {digest.edition.key}, all sent before"
    return f"nothing new since {state.last_seen_at:%A, %Y-%m-%d %H:%M} UTC"


def plan(
    store: Store,
    now: datetime,
    *,
    notes: Notes = NO_NOTES,
    only: AbstractSet[str] | None = None,
    weights: Weights | None = None,
    patience: Patience = NO_PATIENCE,
) -> Iterator[Intent | NoDelivery | DamagedSubscriber]:
    """Decide for each subscriber, or for those whose `email_key` is in `only`. Writes nothing."""
    one_pass = _Pass(store, now, notes, weights, patience)
    damaged: list[DamagedSubscriber] = []
    everyone = store.subscribers.each(lambda key, error: damaged.append(DamagedSubscriber(key, error.message)))
    wanted = (one for one in everyone if only is None or email_key(one.email) in only)
    while batch := list(islice(wanted, _BATCH)):
        yield from one_pass.decide(batch)
    yield from (one for one in damaged if only is None or one.email in only)


def plan_due(
    store: Store,
    now: datetime,
    *,
    notes: Notes = NO_NOTES,
    weights: Weights | None = None,
    patience: Patience = NO_PATIENCE,
) -> Iterator[Intent | NoDelivery | DamagedSubscriber | NotDue]:
    """Decide for each subscriber to whom something may be due, by `store.next_due`: the intents are those of `plan`.

    All others are not read, unless they are few.
    """
    one_pass = _Pass(store, now, notes, weights, patience)
    damaged: list[DamagedSubscriber] = []
    read = 0
    for ids in store.next_due.batches(now):
        found = store.subscribers.get_many(
            ids, lambda key, error: damaged.append(DamagedSubscriber(key, error.message))
        )
        yield from one_pass.decide([found[number] for number in ids if number in found])
        read += len(ids)
    yield from damaged
    if 0 < (others := store.subscribers.number() - read) <= EXPLAINED:
        rest = store.subscribers.get_many(store.next_due.others(now), lambda _key, _error: None)
        yield from one_pass.explain(sorted(rest.values(), key=lambda one: email_key(one.email)))
    elif others > 0:
        yield NotDue(others)


@dataclass(frozen=True, slots=True)
class _DueEdition:
    """An edition that is due to a subscriber and to be composed, and when something may be due to them after it."""

    subscriber: Subscriber
    due: Due
    again_at: datetime


class _Pass:
    """One pass over the subscribers: what they share is read once, and the ledger for many of them at once."""

    def __init__(self, store: Store, now: datetime, notes: Notes, weights: Weights | None, patience: Patience) -> None:
        self._store, self._now, self._notes, self._patience = store, now, notes, patience
        self._looks = Looks(store.looks.until(now))
        self._windows, self._tastes, self._dislikes = Windows(store, now, weights), TasteScores(store), Dislikes(store)
        #: What the operator decided about editions that are not open; a draft is what this pass continues.
        self._states = {key: one for key, one in store.editions.states().items() if one is not EditionState.DRAFT}
        self._last_seen_at = store.papers.last_seen_at()
        self._editions: dict[str, Edition] = {}
        #: What was decided for subscribers with the same profile and history.
        self._decided: dict[Hashable, Digest | str] = {}

    def decide(self, subscribers: Sequence[Subscriber]) -> Iterator[Intent | NoDelivery]:
        """Yield what each of some subscribers gets, or why nothing."""
        found = self._due(subscribers)
        windows: defaultdict[Window, list[int]] = defaultdict(list)
        for one in found:
            if isinstance(one, _DueEdition):
                windows[self._windows.of(one.due.since)].append(one.subscriber.id)
        sent = {window: window.sent_to(self._store, ids) for window, ids in windows.items()}
        for one in found:
            if isinstance(one, _DueEdition):
                window = self._windows.of(one.due.since)
                yield self._compose(one, window, sent[window].get(one.subscriber.id, {}))
            else:
                yield one

    def explain(self, subscribers: Sequence[Subscriber]) -> Iterator[NoDelivery]:
        """Yield why each of some subscribers gets nothing, to whom nothing is due."""
        for one in self._due(subscribers):
            yield NoDelivery(one.subscriber, one.due.key, "not due") if isinstance(one, _DueEdition) else one

    def _due(self, subscribers: Sequence[Subscriber]) -> list[_DueEdition | NoDelivery]:
        """Return the edition that is to be composed for each of some subscribers, or why there is none."""
        histories = read_histories(self._store, subscribers, self._now)
        dues = [due_edition(one.profile, histories[one.id].schedule, self._now, self._looks) for one in subscribers]
        keys: defaultdict[str, list[int]] = defaultdict(list)
        for subscriber, due in zip(subscribers, dues, strict=True):
            if key := histories[subscriber.id].in_doubt or (due.key if due else ""):
                keys[key].append(subscriber.id)
        ledger = {
            (key, number): delivery
            for key, ids in keys.items()
            for number, delivery in self._store.planning.of_edition(key, ids).items()
        }
        return [
            self._state_of(subscriber, histories[subscriber.id], due, ledger)
            for subscriber, due in zip(subscribers, dues, strict=True)
        ]

    def _state_of(
        self, subscriber: Subscriber, history: History, due: Due | None, ledger: Mapping[tuple[str, int], Delivery]
    ) -> _DueEdition | NoDelivery:
        profile, last = subscriber.profile, history.last
        key = history.in_doubt or (due.key if due else "")
        delivery = history.waiting or ledger.get((key, subscriber.id))
        why = why_not_due(
            subscriber,
            history.suppressed,
            delivery,
            due,
            lambda: next_edition(profile, history.schedule, self._now, self._looks),
        )
        again_at = look_again_at(profile, history.schedule, self._now, self._looks)
        if why is None and due is not None:
            why = self._why_not_open(subscriber, due)
            return NoDelivery(subscriber, due.key, why) if why else _DueEdition(subscriber, due, again_at)
        if last is not None and delivery is None and due is None and subscriber.status is Status.ACTIVE:
            why = f"{last.edition_key} sent at {_utc(last.at)}; {why}"
        key = delivery.edition_key if delivery else due.key if due else last.edition_key if last else ""
        return NoDelivery(subscriber, key, why or "", delivery, again_at=again_at)

    def _why_not_open(self, subscriber: Subscriber, due: Due) -> str | None:
        """Return what became of the slot so far, if that settles it: paused, refused, or waiting for a source."""
        days = (due.slot + timedelta(days=after) for after in range((due.day - due.slot).days + 1))
        for key in (edition_key(subscriber.profile.cadence, day) for day in days):
            if key in self._states:
                return f"{key} is {self._states[key]}"
            delivery = self._store.deliveries.find(key, subscriber.id) if due.is_caught_up else None
            if delivery is not None and delivery.status is not DeliveryStatus.SKIPPED:
                return _delivery_so_far(delivery)
        wait = self._patience.wait(due.at, due.closes_at, self._now)
        return str(wait) if wait else None

    def _compose(self, one: _DueEdition, window: Window, sent_before: Mapping[int, datetime]) -> Intent | NoDelivery:
        subscriber, due = one.subscriber, one.due
        if due.key not in self._editions:
            cadence = subscriber.profile.cadence
            self._editions[due.key] = find_edition(self._store, due, cadence, self._now, self._notes)
        edition = self._editions[due.key]
        taste = self._tastes.of(subscriber.id, window.matcher.index)
        sent_before = self._dislikes.with_sent(subscriber.id, sent_before)
        key = self._key_of(subscriber.profile, due, window, sent_before) if taste is None else None
        decided = self._decided.get(key) if key else None
        if decided is None:
            decided = decide(subscriber, due, self._state(edition, window, sent_before, taste))
            if key:
                if len(self._decided) >= _MAX_DECIDED:
                    self._decided.clear()
                self._decided[key] = decided
        if isinstance(decided, Digest):
            return Intent(subscriber, edition, decided, one.again_at)
        return NoDelivery(subscriber, due.key, decided, is_empty=True)

    def _key_of(self, profile: Profile, due: Due, window: Window, sent_before: Mapping[int, datetime]) -> Hashable:
        """Return what is equal for subscribers to whom `decide` gives the same, but for their taste.

        When a paper was sent matters only where it has a new version since.
        """
        revised = window.matcher.index.revised
        again = frozenset((one.id, sent_before[one.id]) for one in revised if one.id in sent_before)
        return profile, due, window.since, frozenset(sent_before), again

    def _state(
        self, edition: Edition, window: Window, sent_before: Mapping[int, datetime], taste: Numbers | None
    ) -> SubscriberState:
        return SubscriberState(
            now=self._now,
            edition=edition,
            matcher=window.matcher,
            old=window.old,
            sent_before=sent_before,
            last_seen_at=self._last_seen_at,
            taste=taste,
        )
