"""Departures: the transaction in which messages are let go asks once more whether their subscribers may be mailed.

`left_at` is set here, and restored when the server says that it did not take a message; the rule of one email a day
rests on it. All messages of one schedule depart by one statement, and what was sent is settled by one: a statement of
its own for each would copy the pages of the table each time, so that it can be undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, product
from typing import Any, NamedTuple, TypeVar

from newsletter.models import Cadence, DeliveryStatus
from newsletter.store.database import Database
from newsletter.store.times import iso_of, to_ms

_T = TypeVar("_T")
#: The key of a delivery's edition, which is stored by number.
EDITION_KEY = "(SELECT key FROM editions WHERE editions.id = deliveries.edition_id)"
#: What the recovery log says of a delivery.
RECORDED = f"id, {EDITION_KEY}, subscriber_id, digest_id, planned_at"
#: What left later than this was recorded by a clock that was ahead, and counts for no day.
CLOCKS_APART = timedelta(days=1)
#: Two time zones are at most so far apart: whoever moves may be mailed on a day that began so much earlier elsewhere.
_ZONES_APART = timedelta(hours=26)
#: So many ids has a statement: few numbers, so that the database has it prepared.
_SIZES = (1, 2, 4, 8, 16, 32, 64)
#: Whether nothing that is dated this day or later left for the subscriber, and nothing since their day began.
_AND_FIRST_OF_DAY = """
            AND NOT EXISTS (
                SELECT 1 FROM deliveries AS other WHERE other.subscriber_id = deliveries.subscriber_id
                    AND other.id <> deliveries.id AND other.left_at BETWEEN ? AND ?
                    AND other.edition_id NOT IN (SELECT id FROM editions WHERE audience <> '')
                    AND (other.left_at >= ? OR (SELECT day FROM editions WHERE id = other.edition_id)
                        >= (SELECT day FROM editions WHERE id = deliveries.edition_id)))"""


class DaySlot(NamedTuple):
    """When subscribers of one schedule are mailed, and when their present day began."""

    day_began: datetime
    cadence: Cadence
    hour: int
    time_zone: str


class Departures:
    """The departures of the `deliveries` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def depart(self, ids: Sequence[int], now: datetime, slot: DaySlot | None = None) -> set[int]:
        """Mark deliveries as being sent, and record it; return those that may leave.

        A delivery may not if its subscriber unsubscribed, paused or was suppressed, or their mail is due at another
        time than `slot` says; or its edition was paused or cancelled; or if another one left for them since their day
        began, or is dated the same day or a later one.

        Args:
            ids: Deliveries to different subscribers: the statement does not see what it lets go itself.
            now: The time of departure.
            slot: The schedule of these subscribers; None for special editions, which leave whatever else left.
        """
        if not self._db.is_in_transaction:
            with self._db.transaction():
                return self.depart(ids, now, slot)
        departed, moment, is_logged = set(), now.isoformat(), self._db.recovery_log is not None
        for part in _parts(ids):
            sql, values = _SQL[len(part), slot is not None, is_logged], _values(part, now, slot)
            for row in self._db.execute(sql, values).fetchall():
                departed.add(row[0])
                if is_logged:  # who departed counts as mailed
                    self._db.note({"delivery": recorded(row, DeliveryStatus.SENDING), "at": moment})
        return departed

    def settle_sent(self, sent: Sequence[tuple[int, str]], now: datetime) -> None:
        """Store that the server took deliveries that departed: their ids, and its words."""
        if not self._db.is_in_transaction:
            with self._db.transaction():
                return self.settle_sent(sent, now)
        moment = to_ms(now)
        for part in _parts(sent):
            self._db.execute(_SETTLE_SQL[len(part)], [*chain.from_iterable(part), moment])
        return None


def recorded(row: Sequence[Any], status: DeliveryStatus) -> list[Any]:
    """Return what the recovery log says of a delivery, from a row of `RECORDED` and its status."""
    *names, planned_at = row
    return [*names, iso_of(planned_at), status.value]


def _parts(rows: Sequence[_T]) -> Iterator[list[_T]]:
    """Yield parts that statements exist for: the last row is repeated, which changes nothing."""
    for start in range(0, len(rows), _SIZES[-1]):
        part = rows[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if len(part) <= size)
        yield [*part, *[part[-1]] * (size - len(part))]


def _values(ids: list[int], now: datetime, slot: DaySlot | None) -> list[Any]:
    values: list[Any] = [to_ms(now), to_ms(now), *ids]
    if slot is not None:
        recent, soon = to_ms(slot.day_began - _ZONES_APART), to_ms(now + CLOCKS_APART)
        values += [slot.cadence.value, slot.hour, slot.time_zone, recent, soon, to_ms(slot.day_began)]
    return values


def _sql(size: int, *, has_slot: bool, is_logged: bool) -> str:
    return f"""
        UPDATE deliveries SET status = 'sending', attempts = attempts + 1, updated_at = ?, left_at = ?
        WHERE id IN ({", ".join("?" * size)}) AND status IN ('queued', 'sending', 'deferred')
            AND (SELECT state FROM editions WHERE id = edition_id) = 'open'
            AND EXISTS (
                SELECT 1 FROM subscribers WHERE subscribers.id = subscriber_id AND subscribers.status = 'active'
                    {"AND cadence = ? AND hour = ? AND time_zone = ?" if has_slot else ""}
                    AND NOT EXISTS (SELECT 1 FROM suppressions WHERE suppressions.email_key = subscribers.email_key))
            {_AND_FIRST_OF_DAY if has_slot else ""}
        RETURNING {RECORDED if is_logged else "id"}"""


def _settle_sql(size: int) -> str:
    return f"""
        WITH sent(id, detail) AS (VALUES (CAST(? AS INTEGER), ?){", (?, ?)" * (size - 1)})
        UPDATE deliveries SET status = 'sent', next_attempt_at = NULL, updated_at = ?, detail = sent.detail
        FROM sent WHERE deliveries.id = sent.id"""


#: By the number of ids, whether they have a slot, and whether there is a recovery log.
_SQL = {
    (size, has_slot, is_logged): _sql(size, has_slot=has_slot, is_logged=is_logged)
    for size, has_slot, is_logged in product(_SIZES, (False, True), (False, True))
}
#: By the number of ids.
_SETTLE_SQL = {size: _settle_sql(size) for size in _SIZES}
