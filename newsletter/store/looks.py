"""When everybody's slots were looked at: what a slot that is past was decided by."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.store.database import Database

#: Longer than a slot is open, of any cadence and in any time zone.
_LOOKS_KEPT = timedelta(days=10)
PUT_LOOK = "INSERT INTO looks (quarter, at) VALUES (?, ?) ON CONFLICT (quarter) DO UPDATE SET at = excluded.at"


class Looks:
    """The `looks` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def until(self, now: datetime) -> list[datetime]:
        """Return when everybody's slots were looked at and what was due was queued, the last time of each quarter hour.

        They are kept for as long as a slot may be caught up.
        """
        sql = "SELECT at FROM looks WHERE quarter <= ? ORDER BY quarter"
        return self._db.execute(sql, [quarter_of(now)]).into(lambda row: datetime.fromisoformat(row[0]))

    def add(self, now: datetime) -> None:
        """Store that everybody's slots were looked at, and what is due is queued."""
        with self._db.transaction():
            self._db.execute(PUT_LOOK, [quarter_of(now), now.isoformat()])
            self._db.execute("DELETE FROM looks WHERE quarter < ?", [quarter_of(now - _LOOKS_KEPT)])
            self._db.note({"look": now.isoformat()})


def quarter_of(moment: datetime) -> int:
    """Return the number of the quarter of an hour that a moment is in."""
    return int(moment.timestamp()) // 900
