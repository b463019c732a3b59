"""Topics of the catalogue say what they are, and have an area and a place in it."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m030_topic_areas(db: Database) -> None:
    """Add the columns; the topics that there are stay in alphabetical order."""
    for column in ("about", "area"):
        db.execute(f"ALTER TABLE topics ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE topics ADD COLUMN place INTEGER NOT NULL DEFAULT 0")
