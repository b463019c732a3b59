"""Hashes of suppressed addresses, and subscribers who have one address in two spellings."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

import idna
from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_BY_STRICTNESS = "CASE status WHEN 'unsubscribed' THEN 0 WHEN 'disabled' THEN 1 WHEN 'paused' THEN 2 ELSE 3 END"


@MIGRATIONS()
def m020_people(db: Database) -> None:
    """Add the table of hashes, and merge the subscribers whom m017 left apart although their addresses have one key.

    Suppressions that are stored already keep their addresses, since nobody knows who of them was erased.
    """
    db.execute("""
        CREATE TABLE suppression_hashes (
            hash BLOB PRIMARY KEY,            -- HMAC-SHA-256 of the email_key with a secret of the site
            reason TEXT NOT NULL,
            suppressed_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE suppression_keys (
            name TEXT PRIMARY KEY,
            value BLOB NOT NULL               -- 32 random bytes, which never change: the hashes depend on them
        ) STRICT, WITHOUT ROWID""")
    for number, email, old in db.execute("SELECT id, email, email_key FROM subscribers ORDER BY id").fetchall():
        new = _key(email)
        other = db.execute("SELECT id FROM subscribers WHERE email_key = ? AND id <> ?", [new, number]).fetchone()
        if new != old and other:
            for before in (old, new):
                db.execute("INSERT OR IGNORE INTO email_key_changes VALUES (?, ?)", [before, new])
            _merge(db, number, other[0])


def _merge(db: Database, number: int, into: int) -> None:
    """Merge a subscriber into another one with the same address, who keeps their profile.

    The stricter status of the two holds: who unsubscribed under one spelling of the address, unsubscribed.
    """
    stricter = f"""
        SELECT status, status_at, paused_until FROM subscribers WHERE id IN (?, ?)
        ORDER BY {_BY_STRICTNESS}, paused_until IS NOT NULL, paused_until DESC LIMIT 1"""
    status = db.execute(stricter, [number, into]).fetchone()
    db.execute("UPDATE subscribers SET status = ?, status_at = ?, paused_until = ? WHERE id = ?", [*status, into])
    suppressions = """
        INSERT OR IGNORE INTO suppressions SELECT ours.email_key, reason, suppressed_at
        FROM suppressions JOIN subscribers AS theirs USING (email_key), subscribers AS ours
        WHERE theirs.id = ? AND ours.id = ?"""
    db.execute(suppressions, [number, into])
    for table in ("deliveries", "feedback", "examples", "bounces", "confirmations", "former_addresses"):
        db.execute(f"UPDATE OR IGNORE {table} SET subscriber_id = ? WHERE subscriber_id = ?", [into, number])
    for table, column in (("deliveries", "subscriber_id"), ("subscribers", "id")):
        db.execute(f"DELETE FROM {table} WHERE {column} = ?", [number])


def _key(email: str) -> str:
    """Return the key of an address: the domain as an A-label, and only ASCII letters in lower case."""
    local, at, domain = unicodedata.normalize("NFC", email.strip()).rpartition("@")
    if not domain.isascii():
        with suppress(UnicodeError):
            domain = idna.encode(domain, uts46=True).decode()
    return f"{local}{at}{domain}".translate(_ASCII_LOWER)
