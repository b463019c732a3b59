"""Hard bounces that wait for an operator's decision."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m016_bounce_review(db: Database) -> None:
    """Remember which hard bounces were not acted upon, and what an operator decided."""
    db.execute("ALTER TABLE bounces ADD COLUMN review TEXT NOT NULL DEFAULT ''")  # pending, suppressed or dismissed
    db.execute("CREATE INDEX bounces_review ON bounces(review) WHERE review = 'pending'")
    db.execute("CREATE INDEX bounces_hard ON bounces(reported_at) WHERE kind = 'hard'")
