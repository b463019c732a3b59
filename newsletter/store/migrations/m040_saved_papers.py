"""Papers that subscribers save, and how the upvotes of papers grew."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m040_saved_papers(db: Database) -> None:
    """Add both tables. Of the upvotes there is one number a day, for the days on which a pull found another one."""
    db.execute("""
        CREATE TABLE saved_papers (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            saved_at TEXT NOT NULL,
            PRIMARY KEY (subscriber_id, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX saved_papers_paper ON saved_papers(paper_id)")
    db.execute("""
        CREATE TABLE upvote_history (
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            day TEXT NOT NULL,
            upvotes INTEGER NOT NULL,
            PRIMARY KEY (paper_id, day)
        ) STRICT, WITHOUT ROWID""")
