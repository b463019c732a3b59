"""Feedback, profiles, bounces and confirmations. Released: never change a step."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m006_feedback(db: Database) -> None:
    """What readers want more and less of."""
    db.execute("""
        CREATE TABLE feedback (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            liked INTEGER NOT NULL,           -- 1: more like this; 0: less
            said_at TEXT NOT NULL,
            PRIMARY KEY (subscriber_id, paper_id)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX feedback_paper ON feedback(paper_id)")


@MIGRATIONS()
def m007_wishes(db: Database) -> None:
    """How digests look; whom readers follow, and their own weights; the libraries they learn from."""
    db.execute("ALTER TABLE subscribers ADD COLUMN style TEXT NOT NULL DEFAULT 'cards'")
    db.execute("UPDATE subscribers SET style = 'plain' WHERE format = 'text'")
    db.execute("ALTER TABLE subscribers DROP COLUMN format")
    db.execute("ALTER TABLE subscribers ADD COLUMN language TEXT NOT NULL DEFAULT 'en'")
    db.execute("ALTER TABLE subscribers ADD COLUMN serendipity INTEGER NOT NULL DEFAULT 1")
    db.execute("ALTER TABLE subscribers ADD COLUMN even_if_empty INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE subscribers ADD COLUMN follow TEXT NOT NULL DEFAULT '[]'")  # JSON array of names
    db.execute("ALTER TABLE subscribers ADD COLUMN ranking TEXT NOT NULL DEFAULT '{}'")  # JSON object of weights
    db.execute("""
        CREATE TABLE examples (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            key TEXT NOT NULL,                -- of the paper, as papers.key; the papers table need not have it
            title TEXT NOT NULL,
            abstract TEXT NOT NULL,
            liked INTEGER NOT NULL,           -- 1: more like this; 0: less
            said_at TEXT NOT NULL,
            PRIMARY KEY (subscriber_id, key)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE spaces (
            version INTEGER PRIMARY KEY,      -- counts up; only the latest is kept
            made_at TEXT NOT NULL,
            content BLOB NOT NULL             -- see newsletter.ranking.taste.Space
        ) STRICT""")
    db.execute("""
        CREATE TABLE tastes (
            subscriber_id INTEGER PRIMARY KEY REFERENCES subscribers(id) ON DELETE CASCADE,
            space INTEGER NOT NULL REFERENCES spaces(version) ON DELETE CASCADE,
            learned_from TEXT NOT NULL,       -- a hash of what the reader had said
            learned_at TEXT NOT NULL,
            content BLOB NOT NULL             -- see newsletter.ranking.taste.Taste
        ) STRICT""")


@MIGRATIONS()
def m008_words(db: Database) -> None:
    """What is said at the end of an edition, and of papers in one line."""
    db.execute("ALTER TABLE editions ADD COLUMN closing TEXT NOT NULL DEFAULT ''")  # Markdown
    db.execute("""
        CREATE TABLE summaries (
            paper_id INTEGER NOT NULL REFERENCES papers(id) ON DELETE CASCADE,
            language TEXT NOT NULL,
            model TEXT NOT NULL,
            text TEXT NOT NULL,
            made_at TEXT NOT NULL,
            PRIMARY KEY (paper_id, language)
        ) STRICT, WITHOUT ROWID""")


@MIGRATIONS()
def m009_halted(db: Database) -> None:
    """Editions that a person holds up."""
    db.execute("ALTER TABLE editions ADD COLUMN halted TEXT NOT NULL DEFAULT ''")  # or 'paused' or 'cancelled'
    db.execute("CREATE INDEX deliveries_status ON deliveries(status, updated_at)")


@MIGRATIONS()
def m010_lighter_ledger(db: Database) -> None:
    """An index of what went wrong only: one of every status is written anew with every move."""
    db.execute("DROP INDEX deliveries_status")
    db.execute("CREATE INDEX deliveries_bad ON deliveries(status, updated_at) WHERE status IN ('failed', 'held')")


@MIGRATIONS()
def m011_returns(db: Database) -> None:
    """What came back of the mail: bounces and complaints, each report once."""
    db.execute("""
        CREATE TABLE returns (
            id INTEGER PRIMARY KEY,
            fingerprint TEXT NOT NULL UNIQUE, -- the same whenever the same report is read
            email_key TEXT NOT NULL,
            subscriber_id INTEGER REFERENCES subscribers(id) ON DELETE SET NULL,
            delivery_id INTEGER REFERENCES deliveries(id) ON DELETE SET NULL,
            kind TEXT NOT NULL,               -- 'hard', 'soft' or 'complaint'
            code TEXT NOT NULL,               -- of RFC 3463, or ''
            words TEXT NOT NULL,
            origin TEXT NOT NULL,             -- 'smtp', 'dsn', 'arf', 'text'
            said_at TEXT NOT NULL
        ) STRICT""")
    db.execute("CREATE INDEX returns_email ON returns(email_key, said_at)")
    db.execute("CREATE INDEX returns_delivery ON returns(delivery_id)")
    db.execute("CREATE INDEX returns_subscriber ON returns(subscriber_id)")


@MIGRATIONS()
def m012_requests(db: Database) -> None:
    """What was asked for on the pages and is to be confirmed by mail; pauses that end."""
    db.execute("ALTER TABLE subscribers ADD COLUMN paused_until TEXT")  # a day, from which they are mailed again
    db.execute("""
        CREATE TABLE requests (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,               -- 'join', 'move' or 'link'
            email TEXT NOT NULL,              -- where the mail that asks to confirm goes
            email_key TEXT NOT NULL,
            subscriber_id INTEGER REFERENCES subscribers(id) ON DELETE CASCADE,  -- who asks, where they are known
            name TEXT NOT NULL,
            wishes TEXT NOT NULL,             -- JSON object, as a profile's file has it
            asked_at TEXT NOT NULL,
            sent_at TEXT,                     -- when that mail left, if it did
            confirmed_at TEXT
        ) STRICT""")
    db.execute("CREATE INDEX requests_email ON requests(email_key, asked_at)")
    db.execute("CREATE INDEX requests_waiting ON requests(asked_at) WHERE sent_at IS NULL")


@MIGRATIONS()
def m013_days(db: Database) -> None:
    """An index of the day that a paper counts as new, for an archive by days."""
    db.execute("CREATE INDEX papers_day ON papers(coalesce(listed, published, substr(seen_at, 1, 10)))")
