"""Items that a source lists though they are no papers: they are refused once, not at every pull."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m025_refused_items(db: Database) -> None:
    """Remember which items of a source were refused."""
    db.execute("""
        CREATE TABLE refused_items (
            source TEXT NOT NULL,         -- the label of the source
            item TEXT NOT NULL,           -- a hash of what identifies the item there
            seen_at TEXT NOT NULL,        -- when a pull last listed it
            PRIMARY KEY (source, item)
        ) STRICT, WITHOUT ROWID""")
