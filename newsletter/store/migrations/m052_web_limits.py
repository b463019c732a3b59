"""What web processes share: their rate limits, and which sessions of the operator have ended."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m052_web_limits(db: Database) -> None:
    """Create both tables."""
    db.execute(
        """
        CREATE TABLE request_limits (
            key TEXT PRIMARY KEY,        -- a keyed hash of the limit and the client
            tokens REAL NOT NULL,        -- how many requests were free
            at_s REAL NOT NULL,          -- when, in seconds since 1970
            failures INTEGER NOT NULL,   -- of logins
            changes INTEGER NOT NULL,    -- who changes the row has seen its last change
            until_s REAL NOT NULL        -- from then on it says nothing any more
        ) STRICT"""
    )
    db.execute(
        """
        CREATE TABLE ended_sessions (
            number INTEGER PRIMARY KEY,
            until TEXT NOT NULL          -- when it would have ended by itself
        ) STRICT"""
    )
