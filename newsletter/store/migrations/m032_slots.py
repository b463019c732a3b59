"""When mail left and what it covered, so that a subscriber's next edition follows from their previous one."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m032_slots(db: Database) -> None:
    """Add the columns; what was sent so far left when it last changed, and covered what its edition did."""
    db.execute("ALTER TABLE subscribers ADD COLUMN wait_hours INTEGER NOT NULL DEFAULT 3")
    db.execute("ALTER TABLE subscribers ADD COLUMN schedule_changed_at TEXT")
    db.execute("ALTER TABLE deliveries ADD COLUMN planned_at TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE deliveries ADD COLUMN left_at TEXT")  # when it left, or may have left
    db.execute("ALTER TABLE digests ADD COLUMN since TEXT")  # the first day it covers, where its subscribers are
    db.execute("ALTER TABLE digests ADD COLUMN is_first INTEGER NOT NULL DEFAULT 0")
    db.execute("""
        UPDATE deliveries SET
            planned_at = coalesce((SELECT created_at FROM editions WHERE key = edition_key), updated_at),
            left_at = CASE WHEN status IN ('sent', 'sending', 'held') THEN updated_at END""")
    db.execute("DROP INDEX deliveries_subscriber")
    db.execute("CREATE INDEX deliveries_subscriber ON deliveries(subscriber_id, left_at)")
    # When everybody's slots were looked at, and what was due was queued: the last time of each quarter of an hour.
    db.execute("CREATE TABLE looks (quarter INTEGER PRIMARY KEY, at TEXT NOT NULL) STRICT")
