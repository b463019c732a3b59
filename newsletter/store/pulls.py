"""What each pull did, and what is remembered of a source between pulls: from which day to go on, what it need not
send again, how long it wants to be left alone.

A source goes by its label (`sources.settings.label_of`): two of one kind that follow different things are two.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlite_utils import Database

from newsletter.models import PullReport, Validators


class Pulls:
    """The pulls of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def record(self, report: PullReport, finished_at: datetime, through: date | None) -> None:
        """Remember one pull; `through` is the last day asked for, None where files were read."""
        self._db.table("pulls").insert({
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
        """Return the last day that was asked of `source` with success, or None."""
        sql = "SELECT max(through) FROM pulls WHERE source = ? AND error IS NULL"
        (through,) = self._db.execute(sql, [source]).fetchone()
        return date.fromisoformat(through) if through else None

    def last(self, source: str) -> tuple[datetime, str | None] | None:
        """Return when `source` was last asked for days, and what went wrong if anything did; None if it never was."""
        sql = """
            SELECT finished_at, error FROM pulls WHERE source = ? AND through IS NOT NULL
            ORDER BY finished_at DESC, id DESC LIMIT 1"""
        row = self._db.execute(sql, [source]).fetchone()
        return (datetime.fromisoformat(row[0]), row[1]) if row else None

    def errors(self, limit: int) -> list[tuple[str, datetime, str]]:
        """Return what went wrong last: source, when, and in which words."""
        sql = "SELECT source, finished_at, error FROM pulls WHERE error IS NOT NULL ORDER BY finished_at DESC LIMIT ?"
        rows = self._db.execute(sql, [limit])
        return [(source, datetime.fromisoformat(at), error) for source, at, error in rows]

    def validators(self, source: str) -> dict[str, Validators]:
        """Return what to show `source` so that it can say "not modified", by address."""
        sql = "SELECT address, etag, last_modified FROM validators WHERE source = ?"
        return {address: Validators(*values) for address, *values in self._db.execute(sql, [source])}

    def remember(self, source: str, validators: Mapping[str, Validators]) -> None:
        """Remember what to show `source` next time, in place of what was."""
        self._db.execute("DELETE FROM validators WHERE source = ?", [source])
        rows = [(source, address, known.etag, known.last_modified) for address, known in validators.items()]
        self._db.conn.executemany("INSERT INTO validators VALUES (?, ?, ?, ?)", rows)

    def paused_until(self, source: str) -> datetime | None:
        """Return until when `source` asked to be left alone, or None."""
        row = self._db.execute("SELECT until FROM rate_limited_sources WHERE source = ?", [source]).fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    def pause(self, source: str, until: datetime) -> None:
        """Leave `source` alone until then."""
        self._db.execute("INSERT OR REPLACE INTO rate_limited_sources VALUES (?, ?)", [source, until.isoformat()])
