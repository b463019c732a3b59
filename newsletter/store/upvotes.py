"""How the upvotes of papers grew: one number a day, for the days on which a pull found another one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from newsletter.store.database import Database

#: A paper's history has no more days; its source lists it for a few.
_MOST_DAYS = 366


class Upvotes:
    """The `upvote_history` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def record(self, day: date, upvotes: Iterable[tuple[int, int | None]]) -> None:
        """Store how many upvotes papers have, given by id; of a day the last number stays, and None is nothing."""
        rows = [(number, day.isoformat(), count) for number, count in upvotes if count is not None]
        if rows:
            sql = """
                INSERT INTO upvote_history VALUES (?, ?, ?)
                ON CONFLICT (paper_id, day) DO UPDATE SET upvotes = excluded.upvotes"""
            self._db.executemany(sql, rows)

    def of(self, paper_id: int) -> list[tuple[date, int]]:
        """Return the numbers of a paper's upvotes, the earliest first."""
        sql = "SELECT day, upvotes FROM upvote_history WHERE paper_id = ? ORDER BY day DESC LIMIT ?"
        rows = self._db.execute(sql, [paper_id, _MOST_DAYS])
        return rows.into(lambda row: (date.fromisoformat(row[0]), int(row[1])))[::-1]
