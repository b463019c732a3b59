"""What runs did, how mailboxes were read, and incidents: for `newsletter status` and monitoring."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m035_runs(db: Database) -> None:
    """Keep the latest runs, totals for metrics, the last reading of each mailbox, and incidents."""
    db.execute("""
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            command TEXT NOT NULL,        -- run or serve
            began_at TEXT NOT NULL,
            finished_at TEXT,             -- NULL while it is running, or if it was killed
            is_clean INTEGER,
            outcomes TEXT NOT NULL,       -- JSON: number of deliveries by outcome
            problem TEXT NOT NULL         -- the first problem, or ''
        ) STRICT""")
    db.execute("""
        CREATE TABLE run_totals (         -- counters, since the database was made
            name TEXT NOT NULL,           -- runs, outcomes, pulls, papers or mail
            subject TEXT NOT NULL,        -- the source, or ''
            outcome TEXT NOT NULL,
            number INTEGER NOT NULL,
            PRIMARY KEY (name, subject, outcome)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE mailbox_readings (
            mailbox TEXT PRIMARY KEY,     -- the settings that name it
            read_at TEXT NOT NULL,
            succeeded_at TEXT,            -- NULL if it was never read without an error
            messages INTEGER NOT NULL,    -- of the last reading
            error TEXT                    -- NULL if the last reading succeeded
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE incidents (          -- what the operator is notified of, once
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,        -- a source, an edition, …
            detail TEXT NOT NULL,
            began_at TEXT NOT NULL,
            notified_at TEXT,                 -- NULL until an email about it was sent
            PRIMARY KEY (kind, subject)
        ) STRICT, WITHOUT ROWID""")
    db.execute("CREATE INDEX pulls_source ON pulls(source, finished_at) WHERE through IS NOT NULL")
    db.execute("CREATE INDEX pulls_arrivals ON pulls(source, finished_at) WHERE through IS NOT NULL AND new > 0")
    db.execute("CREATE INDEX bounces_reported ON bounces(reported_at, kind)")
