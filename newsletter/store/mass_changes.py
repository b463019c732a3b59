"""Changes of very many deliveries, a thousand at a time: whoever writes meanwhile waits for one of these at most."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from newsletter.store.database import Database

_BATCH = 1000
_OPEN = "status IN ('queued', 'sending', 'deferred')"


def change_open(db: Database, change: str, values: Sequence[Any], where: str, wanted: Sequence[Any]) -> int:
    """Change the open deliveries that a condition is true of; see `change_many`."""
    return change_many(db, change, values, f"{_OPEN} AND {where}", wanted, "INDEXED BY deliveries_open")


def change_many(
    db: Database, change: str, values: Sequence[Any], where: str, wanted: Sequence[Any], hint: str = ""
) -> int:
    """Change all deliveries that a condition is true of; return how many were changed.

    They are looked for without the lock of writers, and each batch is asked again when it is changed. An error leaves
    the batches before it changed: what is asked for again goes on with the others.

    Args:
        db: The database.
        change: What an UPDATE sets; afterwards the condition should not be true any more.
        values: Its values.
        where: The condition, in columns of `deliveries`.
        wanted: Its values.
        hint: Which index finds them, if SQLite's planner has to be told.
    """
    find = f"SELECT id FROM deliveries {hint} WHERE {where} AND id > ? ORDER BY id LIMIT ?"
    update = f"""
        UPDATE deliveries SET {change}
        WHERE id IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) AND {where}"""
    changed, last = 0, 0
    while ids := [int(number) for (number,) in db.execute(find, [*wanted, last, _BATCH])]:
        with db.transaction():
            changed += db.execute(update, [*values, json.dumps(ids), *wanted]).rowcount
        last = ids[-1]
    return changed
