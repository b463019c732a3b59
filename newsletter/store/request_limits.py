"""The token buckets of rate limits that several web processes keep together: one row for each limit and client."""

from __future__ import annotations

from typing import NamedTuple

from newsletter.limits.token_bucket import Count
from newsletter.store.database import Database


class StoredCount(NamedTuple):
    """A count, and which change of it this is."""

    kept: Count
    change: int
    #: From then on it says nothing any more, in seconds since 1970.
    until_s: float


class RequestLimits:
    """The `request_limits` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self, key: str) -> StoredCount | None:
        """Return what was counted under a key, or None."""
        sql = "SELECT tokens, at_s, failures, changes, until_s FROM request_limits WHERE key = ?"
        return self._db.execute(sql, [key]).one(
            lambda row: StoredCount(Count(float(row[0]), float(row[1]), int(row[2])), int(row[3]), float(row[4]))
        )

    def put(self, key: str, known: StoredCount | None, count: Count, until_s: float) -> bool:
        """Store a count in place of the one that is known; return False if another process was faster.

        It is one statement and no transaction, so that it waits for no other writer of the database.
        """
        values = {
            "key": key, "tokens": count.tokens, "at_s": count.at_s, "failures": count.failures, "until_s": until_s,
            "known": known.change if known else 0,
        }  # fmt: skip
        sql = """
            UPDATE request_limits SET tokens = :tokens, at_s = :at_s, failures = :failures, changes = changes + 1,
                until_s = :until_s
            WHERE key = :key AND changes = :known"""
        if known is None:
            sql = """
                INSERT INTO request_limits VALUES (:key, :tokens, :at_s, :failures, :known, :until_s)
                ON CONFLICT DO NOTHING"""
        return self._db.execute(sql, values).rowcount > 0

    def forget(self, before_s: float) -> int:
        """Delete what says nothing any more; return how many rows there were."""
        return self._db.execute("DELETE FROM request_limits WHERE until_s < ?", [before_s]).rowcount
