"""Shards of the ledger: which sender process carries out which deliveries."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m044_shards(db: Database) -> None:
    """Create the table; it is empty while nothing is sent."""
    db.execute(
        """
        CREATE TABLE shards (
            first_id INTEGER PRIMARY KEY,     -- of the deliveries
            last_id INTEGER NOT NULL,
            holder TEXT NOT NULL DEFAULT '',  -- the sender that leases it, or ''
            expires_at TEXT                   -- when the lease ends unless it is renewed
        ) STRICT"""
    )
    db.execute("CREATE INDEX shards_holder ON shards(holder)")
