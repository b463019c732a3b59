"""What each pull did: so that the next one knows from which day to go on, and silence can be explained."""

from __future__ import annotations

from datetime import date, datetime

from sqlite_utils import Database

from newsletter.models import PullReport


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
