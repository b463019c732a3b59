"""Providers' events: which were processed, so that a replay changes nothing; and how many, by outcome."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m023_webhook_events(db: Database) -> None:
    """Remember the ids of recent events, and count all of them."""
    db.execute("""
        CREATE TABLE webhook_events (
            fingerprint TEXT PRIMARY KEY, -- of an event's id, or of a call's token
            received_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX webhook_events_received ON webhook_events(received_at)")
    db.execute("""
        CREATE TABLE webhook_outcomes (
            provider TEXT NOT NULL,
            outcome TEXT NOT NULL,
            events INTEGER NOT NULL,
            PRIMARY KEY (provider, outcome)
        ) STRICT, WITHOUT ROWID""")
