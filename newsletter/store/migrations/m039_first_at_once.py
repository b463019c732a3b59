"""Who wants their first digest at once, before the hour of the day that they chose."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m039_first_at_once(db: Database) -> None:
    """Add the column; nobody so far asked for it."""
    db.execute("ALTER TABLE subscribers ADD COLUMN first_at_once INTEGER NOT NULL DEFAULT 0")
