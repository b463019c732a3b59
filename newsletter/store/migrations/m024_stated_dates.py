"""The day that a paper counts as new, where it states only a year or month, or a day that is to come."""

from __future__ import annotations

from sqlite_utils import Database

from newsletter.store.migrations.registry import MIGRATIONS


@MIGRATIONS()
def m024_stated_dates(db: Database) -> None:
    """Index papers by the last day that they may have become public, at most the one on which they were seen."""
    db.execute("DROP INDEX papers_day")
    db.execute(
        "CREATE INDEX papers_day ON papers(coalesce(listed, min(substr(seen_at, 1, 10), CASE length(published)"
        " WHEN 4 THEN published || '-12-31' WHEN 7 THEN date(published || '-01', '+1 month', '-1 day')"
        " ELSE published END), substr(seen_at, 1, 10)))"
    )
