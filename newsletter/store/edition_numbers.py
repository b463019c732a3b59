"""What became of editions, beside their ledger: when their messages left, and what came back of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsletter.store.database import Database
from newsletter.store.times import from_ms


@dataclass(frozen=True, slots=True)
class Departures:
    """When the messages of an edition left, or may have left."""

    #: None if none did, or the deliveries were pruned.
    first_at: datetime | None = None
    last_at: datetime | None = None
    messages: int = 0
    #: Minutes in which one or more left: an edition leaves in waves, at the hours of its subscribers.
    minutes: int = 0


class EditionNumbers:
    """Reads the `deliveries` and `bounces` of editions."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def departures(self, edition_key: str) -> Departures:
        """Return when the messages of an edition left."""
        sql = (
            "SELECT min(left_at), max(left_at), count(left_at), count(DISTINCT left_at / 60000) "
            "FROM deliveries WHERE edition_id = (SELECT id FROM editions WHERE key = ?)"
        )
        return self._db.execute(sql, [edition_key]).into(_departures)[0]

    def bounced(self, edition_keys: Collection[str], since: datetime) -> dict[str, int]:
        """Count the deliveries of editions that bounced or were complained about, by edition.

        `since` is when the oldest of the editions was created: what was reported before is of other ones.
        """
        sql = (
            "SELECT key, count(DISTINCT delivery_id) FROM bounces INDEXED BY bounces_reported "
            "JOIN deliveries ON deliveries.id = delivery_id JOIN editions ON editions.id = edition_id "
            "WHERE reported_at >= ? AND key IN (SELECT value FROM json_each(?)) GROUP BY key"
        )
        return dict(self._db.execute(sql, [since.isoformat(), json.dumps(sorted(edition_keys))]).fetchall())

    def typical_digest(self, edition_key: str) -> int | None:
        """Return the id of the digest of an edition's first subscriber, or None if its deliveries were pruned."""
        sql = (
            "SELECT digest_id FROM deliveries WHERE edition_id = (SELECT id FROM editions WHERE key = ?) "
            "ORDER BY subscriber_id LIMIT 1"
        )
        return self._db.execute(sql, [edition_key]).one(lambda row: int(row[0]))


def _departures(row: tuple[Any, ...]) -> Departures:
    first, last, messages, minutes = row
    first_at, last_at = (None if at is None else from_ms(at) for at in (first, last))
    return Departures(first_at, last_at, messages, minutes)
