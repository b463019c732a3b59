"""Pulls, and the state of each source between them: the last day pulled, how far it read, validators, rate limits.

A source is identified by its label (`sources.settings.label_of`): two of one kind with other settings are two sources.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from newsletter.models import PullReport, Refusal, Validators
from newsletter.store.database import Database, moment_of

#: How long a refused item is remembered after its source last listed it.
_REMEMBERED = timedelta(days=90)


class Pulls:
    """The `pulls`, `validators`, `source_state`, `rate_limited_sources` and `refused_items` tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def record(self, report: PullReport, finished_at: datetime, through: date | None) -> None:
        """Store the report of a pull; `through` is the last day pulled, None for a pull of files."""
        self._db.insert("pulls", {
            "source": report.source,
            "finished_at": finished_at.isoformat(),
            "through": through.isoformat() if through else None,
            "fetched": report.fetched,
            "new": report.new,
            "updated": report.updated,
            "refused": len(report.refusals),
            "error": report.error,
        })  # fmt: skip

    def last_success(self, source: str) -> date | None:
        """Return the last day that was pulled from `source` without an error, or None."""
        sql = "SELECT max(through) FROM pulls WHERE source = ? AND error IS NULL"
        return self._db.execute(sql, [source]).one(lambda row: row[0] and date.fromisoformat(row[0]))

    def last(self, source: str) -> tuple[datetime, str | None] | None:
        """Return when days were last pulled from `source`, and the error if it failed; None if they never were."""
        sql = """
            SELECT finished_at, error FROM pulls WHERE source = ? AND through IS NOT NULL
            ORDER BY finished_at DESC, id DESC LIMIT 1"""
        return self._db.execute(sql, [source]).one(lambda row: (datetime.fromisoformat(row[0]), row[1]))

    def last_new_at(self, source: str) -> datetime | None:
        """Return when a pull of days from `source` last brought papers that were not known, or None."""
        sql = "SELECT max(finished_at) FROM pulls WHERE source = ? AND through IS NOT NULL AND new > 0"
        return self._db.execute(sql, [source]).one(moment_of)

    def last_news(self) -> datetime | None:
        """Return when a pull, of whatever, last brought papers that were not known, or None."""
        return self._db.execute("SELECT max(finished_at) FROM pulls WHERE new > 0").one(moment_of)

    def last_numbers(self, source: str) -> dict[str, int]:
        """Return how many papers the last pull of days from `source` fetched, and how many were new; {} if none was."""
        sql = """
            SELECT fetched, new, updated, refused FROM pulls WHERE source = ? AND through IS NOT NULL
            ORDER BY finished_at DESC, id DESC LIMIT 1"""
        names = ("fetched", "new", "updated", "refused")
        found = self._db.execute(sql, [source]).one(lambda row: dict(zip(names, map(int, row), strict=True)))
        return found or {}

    def first(self, source: str) -> datetime | None:
        """Return when days were first pulled from `source`, or None."""
        sql = "SELECT min(finished_at) FROM pulls WHERE source = ? AND through IS NOT NULL"
        return self._db.execute(sql, [source]).one(moment_of)

    def arrivals(self, source: str, limit: int) -> list[datetime]:
        """Return when the `limit` latest pulls from `source` that brought new papers finished, the latest first."""
        sql = """
            SELECT finished_at FROM pulls WHERE source = ? AND through IS NOT NULL AND new > 0
            ORDER BY finished_at DESC LIMIT ?"""
        return self._db.execute(sql, [source, limit]).into(lambda row: datetime.fromisoformat(row[0]))

    def errors(self, limit: int) -> list[tuple[str, datetime, str]]:
        """Return the `limit` latest errors as (source, time, message), the latest first."""
        sql = "SELECT source, finished_at, error FROM pulls WHERE error IS NOT NULL ORDER BY finished_at DESC LIMIT ?"
        return self._db.execute(sql, [limit]).into(lambda row: (row[0], datetime.fromisoformat(row[1]), row[2]))

    def validators(self, source: str) -> dict[str, Validators]:
        """Return the cache validators of `source`: address → ETag and Last-Modified (RFC 9110, 8.8)."""
        sql = "SELECT address, etag, last_modified FROM validators WHERE source = ?"
        return {address: Validators(*values) for address, *values in self._db.execute(sql, [source])}

    def set_validators(self, source: str, validators: Mapping[str, Validators]) -> None:
        """Replace the cache validators of `source`."""
        self._db.execute("DELETE FROM validators WHERE source = ?", [source])
        rows = [(source, address, known.etag, known.last_modified) for address, known in validators.items()]
        self._db.executemany("INSERT INTO validators VALUES (?, ?, ?, ?)", rows)

    def state(self, source: str) -> dict[str, str]:
        """Return what `source` keeps between two pulls: how far it has read what it follows."""
        return dict(self._db.execute("SELECT name, value FROM source_state WHERE source = ?", [source]).fetchall())

    def set_state(self, source: str, state: Mapping[str, str]) -> None:
        """Replace what `source` keeps between two pulls."""
        self._db.execute("DELETE FROM source_state WHERE source = ?", [source])
        rows = [(source, name, value) for name, value in state.items()]
        self._db.executemany("INSERT INTO source_state VALUES (?, ?, ?)", rows)

    def rate_limited_until(self, source: str) -> datetime | None:
        """Return until when `source` is rate limited, or None if it never was; the time may have passed."""
        return self._db.execute("SELECT until FROM rate_limited_sources WHERE source = ?", [source]).one(moment_of)

    def set_rate_limit(self, source: str, until: datetime) -> None:
        """Store that `source` is rate limited: it must not be requested before `until`."""
        sql = """
            INSERT INTO rate_limited_sources VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET until = excluded.until"""
        self._db.execute(sql, [source, until.isoformat()])

    def refused_first(self, source: str, refusals: Sequence[Refusal], now: datetime) -> list[Refusal]:
        """Return the refusals that are new, and remember the items among them; see `Refusal.item`."""
        known = {item for (item,) in self._db.execute("SELECT item FROM refused_items WHERE source = ?", [source])}
        hashes = [_hash_of(one.item) if one.item else "" for one in refusals]
        rows = [(source, item, now.isoformat()) for item in hashes if item]
        sql = """
            INSERT INTO refused_items VALUES (?, ?, ?)
            ON CONFLICT (source, item) DO UPDATE SET seen_at = excluded.seen_at"""
        self._db.executemany(sql, rows)
        self._db.execute("DELETE FROM refused_items WHERE seen_at < ?", [(now - _REMEMBERED).isoformat()])
        return [one for one, item in zip(refusals, hashes, strict=True) if item not in known]


def _hash_of(item: str) -> str:
    return hashlib.sha256(item.encode("utf-8", "replace")).hexdigest()[:16]
