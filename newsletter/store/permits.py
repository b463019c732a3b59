"""The permits of limits that several processes keep together, leased in blocks: one row for each limit.

The row says when the next permit may be used; to lease a block is to move that moment on, in one statement, so that no
two processes are given the same permits (the generic cell rate algorithm, ITU-T I.371).
"""

from __future__ import annotations

from newsletter.store.database import Database


class PermitBlocks:
    """The `permits` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def lease(self, name: str, per_s: float, number: int, burst: float, now_s: float) -> float:
        """Lease the next `number` permits of a limit of `per_s` per second; return when the first may be used.

        Each further one may be used 1 / `per_s` seconds later. What was not used before is saved up to `burst` permits.
        Times are seconds since 1970, by one clock for all processes.
        """
        sql = """
            INSERT INTO permits (name, next_s) VALUES (:name, :first + :length)
            ON CONFLICT (name) DO UPDATE SET next_s =
                CASE WHEN permits.next_s > :earliest THEN permits.next_s ELSE :earliest END + :length
            RETURNING next_s"""
        length = number / per_s
        earliest = now_s - max(0.0, burst - 1) / per_s
        values = {"name": name, "first": now_s, "earliest": earliest, "length": length}
        return float(self._db.execute(sql, values).fetchone()[0]) - length
