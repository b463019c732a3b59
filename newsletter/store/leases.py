"""Leases: which process does what only one may do. A lease ends by itself unless its owner renews it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from newsletter.store.database import Database


class Lease(NamedTuple):
    """A lease that somebody has."""

    owner: str
    #: The process, in words.
    holder: str
    expires_at: datetime


class Leases:
    """The `leases` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def acquire(self, name: str, owner: str, holder: str, now: datetime, duration: timedelta) -> bool:
        """Take or renew a lease for `duration` from `now`; return False if another owner has it.

        One that ends later than it could if it were taken now was taken while the clock was ahead: it counts for
        nothing.
        """
        sql = """
            INSERT INTO leases (name, owner, holder, expires_at) VALUES (:name, :owner, :holder, :until)
            ON CONFLICT (name) DO UPDATE SET owner = :owner, holder = :holder, expires_at = :until
                WHERE leases.owner = :owner OR leases.expires_at <= :now OR leases.expires_at > :latest"""
        values = {
            "name": name,
            "owner": owner,
            "holder": holder,
            "now": now.isoformat(),
            "until": (now + duration).isoformat(),
            "latest": (now + 2 * duration).isoformat(),
        }
        return self._db.execute(sql, values).rowcount > 0

    def release(self, name: str, owner: str) -> None:
        """End a lease, if `owner` has it."""
        self._db.execute("DELETE FROM leases WHERE name = ? AND owner = ?", [name, owner])

    def find(self, name: str) -> Lease | None:
        """Return the lease with this name, or None; it may have ended."""
        sql = "SELECT owner, holder, expires_at FROM leases WHERE name = ?"
        return self._db.execute(sql, [name]).one(lambda row: Lease(row[0], row[1], datetime.fromisoformat(row[2])))
