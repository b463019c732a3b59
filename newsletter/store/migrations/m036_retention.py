"""What stays when digests and deliveries are pruned, and what a store knows of itself."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m036_retention(db: Database) -> None:
    """Add the tables, empty: they are filled when something is pruned, merged or restored."""
    db.execute("""
        CREATE TABLE sent_papers (        -- what a subscriber was sent in digests that were pruned
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            paper_id INTEGER NOT NULL,    -- as it was then; see merged_papers
            sent_unix INTEGER NOT NULL,   -- in seconds, rounded up
            PRIMARY KEY (subscriber_id, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE merged_papers (      -- ids that are not given again, and the papers that have their place
            duplicate INTEGER PRIMARY KEY,
            paper INTEGER NOT NULL
        ) STRICT""")
    db.execute("CREATE INDEX merged_papers_paper ON merged_papers(paper)")
    db.execute("""
        CREATE TABLE edition_papers (     -- the papers of digests that were pruned
            paper_id INTEGER NOT NULL,
            edition_key TEXT NOT NULL REFERENCES editions(key),
            PRIMARY KEY (paper_id, edition_key)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE edition_totals (     -- how many deliveries were pruned
            edition_key TEXT NOT NULL REFERENCES editions(key),
            status TEXT NOT NULL,
            deliveries INTEGER NOT NULL,
            PRIMARY KEY (edition_key, status)
        ) STRICT, WITHOUT ROWID""")
    db.execute("ALTER TABLE editions ADD COLUMN pruned TEXT NOT NULL DEFAULT ''")  # '', 'digests' or 'deliveries'
    db.execute("CREATE TABLE store_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID")
