"""The fleet: which workers there are, and the permits to send that they share."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m049_fleet(db: Database) -> None:
    """Create both tables; they are empty unless several machines send."""
    db.execute(
        """
        CREATE TABLE workers (
            id TEXT PRIMARY KEY,     -- holds leases of shards under this name
            host TEXT NOT NULL,
            pid INTEGER NOT NULL,
            began_at TEXT NOT NULL,
            seen_at TEXT NOT NULL    -- renewed while it is alive
        ) STRICT"""
    )
    db.execute(
        """
        CREATE TABLE permits (
            name TEXT PRIMARY KEY,   -- of a limit: the server, and what is counted
            next_s REAL NOT NULL     -- when the next permit may be used, in seconds since 1970
        ) STRICT"""
    )
