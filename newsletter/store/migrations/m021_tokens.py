"""What tokens depend on: several keys that sign them, one after the other; and ids that are never given twice."""

from __future__ import annotations

import hashlib

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m021_tokens(db: Database) -> None:
    """Move the one key that a store had; when it was made is not known. Remember the highest id of a subscriber."""
    db.execute("""
        CREATE TABLE signing_keys (
            fingerprint TEXT PRIMARY KEY, -- of a key that is kept outside the store, all that is known
            value BLOB,
            made_at TEXT,
            retired_at TEXT,
            valid_until TEXT
        ) STRICT, WITHOUT ROWID""")
    for (value,) in db.execute("SELECT value FROM secrets WHERE name = 'links'").fetchall():
        fingerprint = hashlib.sha256(value).hexdigest()[:12]
        db.execute("INSERT INTO signing_keys (fingerprint, value) VALUES (?, ?)", [fingerprint, value])
    db.execute("DROP TABLE secrets")
    # A token names an id: that of an erased subscriber must not become somebody else's.
    db.execute("CREATE TABLE erased_subscribers (last_id INTEGER NOT NULL) STRICT")
    db.execute("INSERT INTO erased_subscribers SELECT coalesce(max(id), 0) FROM subscribers")
