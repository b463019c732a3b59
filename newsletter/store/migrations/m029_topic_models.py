"""Topic models, the places of papers in the embedding that they judge, and who wants papers that are near."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m029_topic_models(db: Database) -> None:
    """Keep what is learned of topics."""
    db.execute("""
        CREATE TABLE topic_models (
            query TEXT PRIMARY KEY,       -- SHA-256 of the query, which may be one person's own
            embedding INTEGER NOT NULL,   -- the version of the embedding it was learned in
            papers INTEGER NOT NULL,      -- how many papers the store had ever been given by then
            learned_at TEXT NOT NULL,
            content BLOB                  -- NULL if the topic has too few examples
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE paper_vectors (
            paper_id INTEGER PRIMARY KEY REFERENCES papers(id) ON DELETE CASCADE,
            embedding INTEGER NOT NULL,   -- the version of the embedding
            content BLOB NOT NULL         -- numbers of half precision
        ) STRICT""")
    db.execute("ALTER TABLE embeddings ADD COLUMN papers INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE subscribers ADD COLUMN near INTEGER NOT NULL DEFAULT 1")
