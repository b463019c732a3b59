"""Keys of addresses as domains are looked up (IDNA 2008), and the former addresses of subscribers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from contextlib import suppress

import idna
from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS

_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@MIGRATIONS()
def m017_email_keys(db: Database) -> None:
    """Recompute `email_key` everywhere, and record what changed.

    The old key was case-folded, so that straße.example and strasse.example were one person. A suppression holds for
    every subscriber whom it held for.
    """
    db.execute("""
        CREATE TABLE email_key_changes (
            old TEXT NOT NULL,
            new TEXT NOT NULL,
            PRIMARY KEY (old, new)
        ) STRICT, WITHOUT ROWID""")
    db.execute("""
        CREATE TABLE former_addresses (
            subscriber_id INTEGER NOT NULL REFERENCES subscribers(id) ON DELETE CASCADE,
            email TEXT NOT NULL,
            email_key TEXT NOT NULL,
            PRIMARY KEY (subscriber_id, email_key)
        ) STRICT, WITHOUT ROWID""")
    new_keys = _subscribers(db)
    _suppressions(db, new_keys)
    for number, email, old in db.execute("SELECT id, email, email_key FROM confirmations").fetchall():
        if (new := _new_key(email)) != old:
            db.execute("UPDATE confirmations SET email_key = ? WHERE id = ?", [new, number])
            _record(db, old, new)
    for number, subscriber, old in db.execute("SELECT id, subscriber_id, email_key FROM bounces").fetchall():
        new = new_keys.get(old, {}).get(subscriber) or _new_key(old)
        if new != old:
            db.execute("UPDATE bounces SET email_key = ? WHERE id = ?", [new, number])
            _record(db, old, new)
    db.execute("""
        INSERT OR IGNORE INTO former_addresses
        SELECT subscriber_id, confirmations.email, confirmations.email_key
        FROM confirmations JOIN subscribers ON subscribers.id = subscriber_id
        WHERE confirmed_at IS NOT NULL AND confirmations.email_key <> subscribers.email_key""")


def _subscribers(db: Database) -> Mapping[str, Mapping[int, str]]:
    """Store the new keys of subscribers; return those that changed, by old key and id.

    A key that another subscriber has already stays as it was: no two may be one.
    """
    changed = []
    for number, email, old in db.execute("SELECT id, email, email_key FROM subscribers").fetchall():
        if (new := _new_key(email)) != old:
            changed.append((number, old, new))
    # Set aside first, since the new key of one may be the old key of another.
    for number, _old, _new in changed:
        db.execute("UPDATE subscribers SET email_key = ? WHERE id = ?", [f"\t{number}", number])
    new_keys: dict[str, dict[int, str]] = {}
    for number, old, new in changed:
        taken = "SELECT 1 FROM subscribers WHERE email_key = ?"
        free = next((key for key in (new, old) if not db.execute(taken, [key]).fetchone()), f"{old}#{number}")
        db.execute("UPDATE subscribers SET email_key = ? WHERE id = ?", [free, number])
        new_keys.setdefault(old, {})[number] = free
        _record(db, old, new)
    return new_keys


def _suppressions(db: Database, new_keys: Mapping[str, Mapping[int, str]]) -> None:
    """Suppress the new keys of whoever was suppressed."""
    for old, reason, at in db.execute("SELECT email_key, reason, suppressed_at FROM suppressions").fetchall():
        keys = {_new_key(old), *new_keys.get(old, {}).values()}
        if keys == {old}:
            continue
        if old not in keys:
            db.execute("DELETE FROM suppressions WHERE email_key = ?", [old])
        for new in keys - {old}:
            db.execute("INSERT OR IGNORE INTO suppressions VALUES (?, ?, ?)", [new, reason, at])
            _record(db, old, new)


def _record(db: Database, old: str, new: str) -> None:
    db.execute("INSERT OR IGNORE INTO email_key_changes VALUES (?, ?)", [old, new])


def _new_key(email: str) -> str:
    """Return the key of an address: the domain as an A-label, and only ASCII letters in lower case."""
    local, at, domain = unicodedata.normalize("NFC", email.strip()).rpartition("@")
    if not domain.isascii():
        with suppress(UnicodeError):
            domain = idna.encode(domain, uts46=True).decode()
    return f"{local}{at}{domain}".translate(_ASCII_LOWER)
