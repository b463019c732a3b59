"""Facts about the store itself: which release made it, how far something was done."""

from __future__ import annotations

from newsletter.store.database import Database

_PUT = "INSERT INTO store_facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


def fact(db: Database, name: str) -> str | None:
    """Return the fact with this name, or None."""
    return db.execute("SELECT value FROM store_facts WHERE name = ?", [name]).one(lambda row: str(row[0]))


def set_fact(db: Database, name: str, value: str) -> None:
    """Store a fact in place of the one with this name."""
    db.execute(_PUT, [name, value])
