"""How many papers a subscriber wants as full cards."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m031_cards(db: Database) -> None:
    """Add the column; all subscribers begin with the number that new ones have."""
    db.execute("ALTER TABLE subscribers ADD COLUMN cards INTEGER NOT NULL DEFAULT 4")
