"""The jobs of the scheduler, and which process runs them."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m034_jobs(db: Database) -> None:
    """Create the two tables."""
    db.execute("""
        CREATE TABLE jobs (
            name TEXT PRIMARY KEY,
            began_at TEXT,
            finished_at TEXT,
            outcome TEXT,
            detail TEXT NOT NULL DEFAULT '',
            succeeded_at TEXT,
            next_at TEXT
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE leases (
            name TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            holder TEXT NOT NULL,
            expires_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""")
