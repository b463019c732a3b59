"""Tags of subscribers, which the operator gives."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m037_tags(db: Database) -> None:
    """Add the table; and to requests, the tags that whoever confirms them gets."""
    db.execute("""
        CREATE TABLE tags (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            tag TEXT NOT NULL,
            PRIMARY KEY (subscriber_id, tag)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX tags_tag ON tags(tag)")
    db.execute("ALTER TABLE confirmations ADD COLUMN tags TEXT NOT NULL DEFAULT ''")  # one per line
