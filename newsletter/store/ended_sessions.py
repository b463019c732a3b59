"""The sessions of the operator that were ended by logging out, until they would have ended by themselves."""

from __future__ import annotations

from datetime import datetime

from newsletter.store.database import Database


class EndedSessions:
    """The `ended_sessions` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, number: int, until: datetime, now: datetime) -> None:
        """Store that a session has ended, which would be valid until then; forget those that are over by now."""
        with self._db.transaction():
            self._db.execute("DELETE FROM ended_sessions WHERE until < ?", [now.isoformat()])
            sql = "INSERT INTO ended_sessions VALUES (?, ?) ON CONFLICT DO NOTHING"
            self._db.execute(sql, [number, until.isoformat()])

    def has(self, number: int) -> bool:
        """Whether a session has ended."""
        sql = "SELECT EXISTS (SELECT 1 FROM ended_sessions WHERE number = ?)"
        return bool(self._db.execute(sql, [number]).fetchone()[0])
