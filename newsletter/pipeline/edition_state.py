"""An edition's life: what an operator may do to it, and what follows.

    draft → sending ⇄ paused → done
               └─────────┴──→ cancelled

Pages and commands only call `change_state`; which moves there are stands here alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from newsletter.errors import NewsletterError
from newsletter.models import DeliveryStatus, EditionState
from newsletter.store import Store


class Action(StrEnum):
    """What an operator does to an edition."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


class Stage(StrEnum):
    """Where an edition is in its life, as it is shown."""

    DRAFT = "draft"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


#: A delivery in one of these is still to be sent.
WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.DEFERRED)
#: Why deliveries of a cancelled edition are skipped.
_CANCELLED = "the edition was cancelled"
#: How far the first time zone is ahead of UTC.
_FIRST_ZONE = timedelta(hours=14)
#: (state, action) → state. What is missing is refused: a cancelled edition stays cancelled, whatever follows.
_MOVES = {
    (EditionState.DRAFT, Action.PAUSE): EditionState.PAUSED,
    (EditionState.DRAFT, Action.RESUME): EditionState.DRAFT,
    (EditionState.DRAFT, Action.CANCEL): EditionState.CANCELLED,
    (EditionState.OPEN, Action.PAUSE): EditionState.PAUSED,
    (EditionState.OPEN, Action.RESUME): EditionState.OPEN,
    (EditionState.OPEN, Action.CANCEL): EditionState.CANCELLED,
    (EditionState.PAUSED, Action.PAUSE): EditionState.PAUSED,
    (EditionState.PAUSED, Action.RESUME): EditionState.OPEN,
    (EditionState.PAUSED, Action.CANCEL): EditionState.CANCELLED,
    (EditionState.CANCELLED, Action.CANCEL): EditionState.CANCELLED,
}


def change_state(store: Store, key: str, action: Action, now: datetime) -> int:
    """Pause, resume or cancel an edition; return how many unsent deliveries were skipped.

    Nothing leaves from the first transaction on; unsent deliveries are skipped after that, many of them in several.

    Raises:
        NewsletterError: There is no such edition, or it was cancelled.
    """
    with store.transaction():
        check_known(store, key)
        state = store.editions.states().get(key, EditionState.OPEN)
        if (state, action) not in _MOVES:
            raise NewsletterError(
                f"{key} was cancelled: its unsent deliveries were skipped", hint="see: newsletter deliveries"
            )
        store.editions.set_state(key, _MOVES[state, action])
    return store.deliveries.skip_open(now, _CANCELLED, edition_key=key) if action is Action.CANCEL else 0


def skip_cancelled(store: Store, now: datetime) -> int:
    """Skip what a crash left of editions while they were cancelled; return how many deliveries there were."""
    return store.deliveries.skip_cancelled(now, _CANCELLED)


@dataclass(frozen=True, slots=True)
class Requeued:
    """What became of deliveries that were to be requeued."""

    queued: int
    #: Not requeued: their day is over, and what they had comes with the next edition.
    over: int
    #: Not requeued: suppressed, or of editions that are too old.
    others: int


def queue_again(store: Store, status: DeliveryStatus, key: str | None, now: datetime, max_age: timedelta) -> Requeued:
    """Requeue the deliveries of an edition, or of all, that have a status, under the same Message-ID.

    Those planned more than `max_age` ago stay as they are, as do those to suppressed addresses.

    Raises:
        NewsletterError: There is no such edition.
    """
    check_known(store, key)
    close_past_days(store, now)
    number = store.deliveries.queue_again([status], key, now, since=now - max_age)
    over = min(number, close_past_days(store, now))
    return Requeued(number - over, over, store.deliveries.counts(key).get(status.value, 0))


def close_past_days(store: Store, now: datetime) -> int:
    """Skip the deliveries whose day is over where their subscribers are; return how many there were.

    What they had comes with the next edition, dated the day it leaves.
    """
    closed = 0
    for key, day, time_zone in store.deliveries.open_days((now + _FIRST_ZONE).date()):
        if now.astimezone(ZoneInfo(time_zone)).date() > day:
            detail = f"{day} is over; its papers come with the next edition"
            closed += store.deliveries.close_day(key, time_zone, now, detail)
    return closed


def check_known(store: Store, key: str | None) -> None:
    """Check that an edition with this key exists, unless the key is None.

    Raises:
        NewsletterError: There is none.
    """
    if key is not None and store.editions.find(key) is None:
        raise NewsletterError(f"{key}: no such edition", hint="see: newsletter deliveries")


def stage_of(state: EditionState, *, planned: int, waiting: int) -> Stage:
    """Return where an edition is, from its state and the numbers of its planned and of its waiting deliveries."""
    if state is not EditionState.OPEN:
        return Stage(state.value)
    if not planned:
        return Stage.DRAFT
    return Stage.SENDING if waiting else Stage.DONE


def waiting_in(counts: Mapping[str, int]) -> int:
    """Return how many deliveries are still to be sent, of their numbers by status."""
    return sum(counts.get(status, 0) for status in WAITING)
