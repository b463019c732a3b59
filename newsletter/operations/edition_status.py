"""How far editions are: what `newsletter status`, `newsletter deliveries` and the operator's page show of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.models import DeliveryStatus, Edition, EditionState
from newsletter.pipeline.edition_state import Action, Stage, stage_of, waiting_in
from newsletter.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionStatus:
    """How far an edition is."""

    key: str
    #: As `newsletter editions` has it.
    state: Stage
    created_at: datetime
    #: Number of deliveries by status.
    deliveries: Mapping[str, int]
    #: Number of messages that bounced or were complained about.
    bounced: int = 0
    #: When messages left, or may have left; None if none did, or the deliveries were pruned.
    first_left_at: datetime | None = None
    last_left_at: datetime | None = None
    #: Messages that left in a minute, on average over the minutes in which some did.
    per_minute: float | None = None

    @property
    def planned(self) -> int:
        """The number of deliveries."""
        return sum(self.deliveries.values())

    @property
    def waiting(self) -> int:
        """The number of deliveries that are still to be sent."""
        return waiting_in(self.deliveries)

    @property
    def done(self) -> int:
        """The number of deliveries that were sent."""
        return self.deliveries.get(DeliveryStatus.SENT, 0)

    @property
    def progress(self) -> float:
        """How much of it needs nothing more to be done, from 0 to 1."""
        return 1 - self.waiting / self.planned if self.planned else 0.0

    @property
    def actions(self) -> tuple[Action, ...]:
        """What an operator may do about it that makes a difference."""
        match self.state:
            case Stage.SENDING:
                return Action.PAUSE, Action.CANCEL
            case Stage.PAUSED:
                return Action.RESUME, Action.CANCEL
            case Stage.DRAFT | Stage.DONE | Stage.CANCELLED:
                return ()


def edition_statuses(store: Store, editions: Sequence[Edition]) -> Iterator[EditionStatus]:
    """Yield how far editions are."""
    if not editions:
        return
    states = store.editions.states()
    bounced = store.edition_numbers.bounced([one.key for one in editions], min(one.created_at for one in editions))
    for one in editions:
        counts, left = store.deliveries.counts(one.key), store.edition_numbers.departures(one.key)
        state, planned = states.get(one.key, EditionState.OPEN), sum(counts.values())
        yield EditionStatus(
            key=one.key,
            state=stage_of(state, planned=planned, waiting=waiting_in(counts)),
            created_at=one.created_at,
            deliveries=counts,
            bounced=bounced.get(one.key, 0),
            first_left_at=left.first_at,
            last_left_at=left.last_at,
            per_minute=round(left.messages / left.minutes, 1) if left.minutes else None,
        )
