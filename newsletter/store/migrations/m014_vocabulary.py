"""The standard words of mail and search in place of a dialect's: tables, columns and values."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS

TABLES = (
    ("tellings", "mentions"),
    ("returns", "bounces"),
    ("requests", "confirmations"),
    ("spaces", "embeddings"),
    ("tastes", "taste_models"),
    ("pauses", "rate_limited_sources"),
)
#: Under the present names of the tables.
COLUMNS = (
    ("mentions", "told_at", "mentioned_at"),
    ("bounces", "words", "response"),
    ("bounces", "said_at", "reported_at"),
    ("confirmations", "wishes", "preferences"),
    ("confirmations", "asked_at", "requested_at"),
    ("taste_models", "space", "embedding"),
    ("feedback", "said_at", "given_at"),
    ("examples", "said_at", "given_at"),
    ("subscribers", "joined_at", "subscribed_at"),
)
INDEXES = (
    ("returns_email", "bounces_email", "bounces(email_key, reported_at)"),
    ("returns_delivery", "bounces_delivery", "bounces(delivery_id)"),
    ("returns_subscriber", "bounces_subscriber", "bounces(subscriber_id)"),
    ("requests_email", "confirmations_email", "confirmations(email_key, requested_at)"),
    ("requests_waiting", "confirmations_waiting", "confirmations(requested_at) WHERE sent_at IS NULL"),
)
VALUES = (
    ("subscribers", "status", "left", "unsubscribed"),
    ("confirmations", "kind", "join", "subscribe"),
    ("confirmations", "kind", "move", "change_address"),
)


@MIGRATIONS()
def m014_vocabulary(db: Database) -> None:
    """Rename tables, columns, indexes and values; give every edition a state."""
    for old, new in TABLES:
        db.execute(f"ALTER TABLE {old} RENAME TO {new}")
    for table, old, new in COLUMNS:
        db.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    for old, new, columns in INDEXES:
        db.execute(f"DROP INDEX {old}")
        db.execute(f"CREATE INDEX {new} ON {columns}")
    for table, column, old, new in VALUES:
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", [new, old])
    db.execute("ALTER TABLE editions ADD COLUMN state TEXT NOT NULL DEFAULT 'open'")  # or 'paused' or 'cancelled'
    db.execute("UPDATE editions SET state = halted WHERE halted <> ''")
    db.execute("ALTER TABLE editions DROP COLUMN halted")
