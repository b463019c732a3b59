"""Deliveries and digests in narrow rows: editions by number, times in milliseconds, short fingerprints."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS

#: What decides on when a subscriber is due, or whether.
_DECIDING = (
    "status", "status_at", "email_key", "cadence", "hour", "wait_hours", "weekday", "month_day", "time_zone",
    "schedule_changed_at", "first_at_once",
)  # fmt: skip


@MIGRATIONS()
def m054_narrow_ledger(db: Database) -> None:
    """Copy the rows into new tables, whose times are milliseconds since 1970; look at every subscriber once."""
    db.execute("ALTER TABLE editions ADD COLUMN id INTEGER")  # what deliveries and digests name it by
    db.execute("""
        UPDATE editions SET id = place FROM (
            SELECT key AS name, row_number() OVER (ORDER BY created_at, key) AS place FROM editions)
        WHERE key = name""")
    db.execute("CREATE UNIQUE INDEX editions_id ON editions(id)")
    db.execute("DROP INDEX editions_special")
    db.execute("CREATE INDEX editions_special ON editions(id) WHERE audience <> ''")
    _copy_digests(db)
    _copy_deliveries(db)
    _look_at_all(db)


def _copy_digests(db: Database) -> None:  # those of no edition are damage, at which the upgrade stops
    db.execute("""
        CREATE TABLE narrow_digests (
            id INTEGER PRIMARY KEY,
            edition_id INTEGER NOT NULL REFERENCES editions(id),
            fingerprint INTEGER NOT NULL, -- subscribers with the same digest share its row
            considered INTEGER NOT NULL,
            since INTEGER,                -- the first day that it covers, in days from the one before 0001-01-01
            is_first INTEGER NOT NULL DEFAULT 0,
            content BLOB,                 -- see store/digest_batches.py; NULL if pruned
            texts_id INTEGER,             -- of digest_texts, what it shares with others
            UNIQUE (edition_id, fingerprint)
        ) STRICT""")
    db.execute("""
        INSERT INTO narrow_digests
        SELECT digests.id, editions.id, CASE fingerprint WHEN 'restored' THEN 0 ELSE -digests.id END, considered,
            CAST(julianday(digests.since) - 1721424.5 AS INTEGER), is_first, content, texts_id
        FROM digests LEFT JOIN editions ON key = edition_key""")


def _copy_deliveries(db: Database) -> None:
    db.execute("""
        CREATE TABLE narrow_deliveries (
            id INTEGER PRIMARY KEY,
            edition_id INTEGER NOT NULL REFERENCES editions(id),
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id),
            digest_id INTEGER NOT NULL REFERENCES narrow_digests(id),
            message_id TEXT NOT NULL UNIQUE,  -- see store/message_ids.py
            status TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            detail TEXT NOT NULL,         -- the server's words, or why it was skipped
            next_attempt_at INTEGER,      -- for deferred ones, in milliseconds since 1970 as all that follow
            updated_at INTEGER NOT NULL,
            planned_at INTEGER NOT NULL,
            left_at INTEGER,              -- when it left, or may have left
            UNIQUE (edition_id, subscriber_id)
        ) STRICT""")
    db.execute(f"""
        INSERT INTO narrow_deliveries
        SELECT deliveries.id, editions.id, subscriber_id, digest_id, message_id, status, attempts, detail,
            {_ms("next_attempt_at")}, coalesce({_ms("updated_at")}, 0), coalesce({_ms("planned_at")}, 0),
            {_ms("left_at")}
        FROM deliveries LEFT JOIN editions ON key = edition_key ORDER BY deliveries.id""")
    # To drop the table, SQLite deletes its rows, and bounces would forget which deliveries they are of.
    bounced = db.execute("SELECT delivery_id, id FROM bounces WHERE delivery_id IS NOT NULL").fetchall()
    db.execute("DROP TABLE deliveries")
    db.execute("DROP TABLE digests")
    db.execute("ALTER TABLE narrow_digests RENAME TO digests")
    db.execute("ALTER TABLE narrow_deliveries RENAME TO deliveries")
    db.conn.executemany("UPDATE bounces SET delivery_id = ? WHERE id = ?", bounced)
    db.execute("CREATE INDEX deliveries_open ON deliveries(id) WHERE status IN ('queued', 'sending', 'deferred')")
    db.execute("CREATE INDEX deliveries_bad ON deliveries(status, updated_at) WHERE status IN ('failed', 'held')")
    db.execute("CREATE INDEX deliveries_subscriber ON deliveries(subscriber_id, left_at)")


def _ms(column: str) -> str:
    """Return the milliseconds since 1970 of a moment in ISO 8601, with six digits of a second or none; rounded down."""
    text = f"deliveries.{column}"
    # SQLite rounds .9995 up to the next second, which these milliseconds would be added to.
    whole = f"strftime('%s', substr({text}, 1, 19) || ltrim(substr({text}, 20), '.0123456789'))"
    fraction = f"CASE substr({text}, 20, 1) WHEN '.' THEN CAST(substr({text}, 21, 3) AS INTEGER) ELSE 0 END"
    return f"CAST({whole} AS INTEGER) * 1000 + {fraction}"


def _look_at_all(db: Database) -> None:
    for trigger in ("subscribers_due_changed", "deliveries_due_changed"):
        db.execute(f"DROP TRIGGER IF EXISTS {trigger}")
    db.execute("DROP INDEX subscribers_due")
    db.execute("ALTER TABLE subscribers DROP COLUMN next_due_at")
    db.execute("ALTER TABLE subscribers ADD COLUMN next_due_unix INTEGER NOT NULL DEFAULT 0")  # in seconds; 0 for now
    db.execute("CREATE INDEX subscribers_due ON subscribers(next_due_unix, email_key) WHERE status = 'active'")
    old, new = (", ".join(f"{row}.{column}" for column in _DECIDING) for row in ("OLD", "NEW"))
    db.execute(f"""
        CREATE TRIGGER subscribers_due_changed AFTER UPDATE OF {", ".join(_DECIDING)} ON subscribers
        WHEN NEW.next_due_unix <> 0 AND ({old}) IS NOT ({new})
        BEGIN
            UPDATE subscribers SET next_due_unix = 0 WHERE id = NEW.id;
        END""")
    db.execute("""
        CREATE TRIGGER deliveries_due_changed AFTER UPDATE OF status ON deliveries
        WHEN NEW.status IN ('failed', 'skipped', 'held')
        BEGIN
            UPDATE subscribers SET next_due_unix = 0 WHERE id = NEW.subscriber_id;
        END""")
