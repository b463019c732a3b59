"""When each subscriber is to be looked at next, and the papers of each edition: so that a run reads who is due only."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS

#: What decides on when a subscriber is due, or whether.
_DECIDING = (
    "status", "status_at", "email_key", "cadence", "hour", "wait_hours", "weekday", "month_day", "time_zone",
    "schedule_changed_at", "first_at_once",
)  # fmt: skip


@MIGRATIONS()
def m042_next_due(db: Database) -> None:
    """Add the column, empty: then everybody is looked at once. It is emptied again when what decides on it changes."""
    db.execute("ALTER TABLE subscribers ADD COLUMN next_due_at TEXT NOT NULL DEFAULT ''")
    db.execute("CREATE INDEX subscribers_due ON subscribers(next_due_at, email_key) WHERE status = 'active'")
    old, new = (", ".join(f"{row}.{column}" for column in _DECIDING) for row in ("OLD", "NEW"))
    db.execute(f"""
        CREATE TRIGGER subscribers_due_changed AFTER UPDATE OF {", ".join(_DECIDING)} ON subscribers
        WHEN NEW.next_due_at <> '' AND ({old}) IS NOT ({new})
        BEGIN
            UPDATE subscribers SET next_due_at = '' WHERE id = NEW.id;
        END""")
    db.execute("""
        CREATE TRIGGER deliveries_due_changed AFTER UPDATE OF status ON deliveries
        WHEN NEW.status IN ('failed', 'skipped', 'held')
        BEGIN
            UPDATE subscribers SET next_due_at = '' WHERE id = NEW.subscriber_id;
        END""")
    db.execute("""
        INSERT OR IGNORE INTO edition_papers
        SELECT DISTINCT paper_id, edition_key FROM digests JOIN digest_items ON digest_id = digests.id""")
