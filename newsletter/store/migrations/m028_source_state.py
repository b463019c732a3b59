"""What a source keeps between two pulls, and the likes that come from a library that is synchronised."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m028_source_state(db: Database) -> None:
    """Keep how far a library or a mailbox was read, and which likes a library gave to whom."""
    db.execute("""
        CREATE TABLE source_state (
            source TEXT NOT NULL,         -- the label of the source
            name TEXT NOT NULL,           -- of a library or a folder, as the source calls it
            value TEXT NOT NULL,          -- how far it was read
            PRIMARY KEY (source, name)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE library_versions (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            library TEXT NOT NULL,        -- "zotero users/12345"
            version INTEGER NOT NULL,     -- the version of the library up to which their likes are those in it
            PRIMARY KEY (subscriber_id, library)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE library_likes (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            library TEXT NOT NULL,
            item TEXT NOT NULL,           -- the key of the item in the library
            name TEXT NOT NULL,           -- by which its paper is found, as paper_names.name
            key TEXT NOT NULL,            -- of the paper, as examples.key
            given_at TEXT NOT NULL,       -- of the feedback that it gave; '' if it was there already
            PRIMARY KEY (subscriber_id, library, item)
        ) STRICT, WITHOUT ROWID""")
