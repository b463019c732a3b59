"""Special editions: messages that the operator writes, with a subject and an audience of their own."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m038_special_editions(db: Database) -> None:
    """Add the columns; the editions so far are digests, which have neither."""
    db.execute("ALTER TABLE editions ADD COLUMN subject TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE editions ADD COLUMN audience TEXT NOT NULL DEFAULT ''")
    db.execute("CREATE INDEX editions_special ON editions(key) WHERE audience <> ''")
