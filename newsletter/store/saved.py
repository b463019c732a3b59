"""The papers that subscribers saved to read later."""

from __future__ import annotations

from datetime import datetime

from newsletter.models import Paper
from newsletter.store.database import Database
from newsletter.store.paper_rows import PAPER_COLUMNS, paper_of


class Saved:
    """The `saved_papers` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, subscriber_id: int, paper_id: int, now: datetime, most: int) -> bool:
        """Save a paper; one that is saved already stays as it is. Return False if the list has `most` papers."""
        sql = """
            INSERT INTO saved_papers SELECT :subscriber, :paper, :at
            WHERE (SELECT count(*) FROM saved_papers WHERE subscriber_id = :subscriber) < :most
            ON CONFLICT DO NOTHING"""
        row = {"subscriber": subscriber_id, "paper": paper_id, "at": now.isoformat(), "most": most}
        return self._db.execute(sql, row).rowcount > 0 or self.has(subscriber_id, paper_id)

    def remove(self, subscriber_id: int, paper_id: int) -> None:
        """Take a paper off a subscriber's list."""
        sql = "DELETE FROM saved_papers WHERE subscriber_id = ? AND paper_id = ?"
        self._db.execute(sql, [subscriber_id, paper_id])

    def has(self, subscriber_id: int, paper_id: int) -> bool:
        """Return whether a subscriber saved a paper."""
        sql = "SELECT 1 FROM saved_papers WHERE subscriber_id = ? AND paper_id = ?"
        return self._db.execute(sql, [subscriber_id, paper_id]).fetchone() is not None

    def of(self, subscriber_id: int) -> list[tuple[Paper, datetime]]:
        """Return a subscriber's papers, the last saved first, and when each was saved."""
        sql = f"""
            SELECT saved_at, {PAPER_COLUMNS} FROM saved_papers JOIN papers ON papers.id = paper_id
            WHERE subscriber_id = ? ORDER BY saved_at DESC, papers.key"""
        rows = self._db.execute(sql, [subscriber_id])
        return rows.into(lambda row: (paper_of(row[1:]), datetime.fromisoformat(row[0])))
