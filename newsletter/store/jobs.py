"""The jobs of the scheduler: when each last ran, what came of it, and when it runs next."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from newsletter.store.database import Database


class JobOutcome(StrEnum):
    """What came of the last run of a job."""

    OK = "ok"
    FAILED = "failed"
    #: Its time passed while nothing ran, and its grace with it.
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class JobState:
    """What is known of one job."""

    name: str
    #: When the last run began; it is running, or was interrupted, if that is later than `finished_at`.
    began_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: JobOutcome | None = None
    #: What the last run did, or why it failed, in one line.
    detail: str = ""
    succeeded_at: datetime | None = None
    #: None if nothing makes it run, as far as is known.
    next_at: datetime | None = None

    @property
    def is_interrupted(self) -> bool:
        """Whether the last run was not finished; or it is under way."""
        return self.began_at is not None and (self.finished_at is None or self.finished_at < self.began_at)


class Jobs:
    """The `jobs` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> dict[str, JobState]:
        """Return every job by name."""
        sql = "SELECT name, began_at, finished_at, outcome, detail, succeeded_at, next_at FROM jobs ORDER BY name"
        return {one.name: one for one in self._db.execute(sql).into(_job)}

    def keep_only(self, names: Collection[str]) -> None:
        """Delete the jobs with other names: of sources that are not configured any more."""
        sql = "DELETE FROM jobs WHERE name NOT IN (SELECT value FROM json_each(?))"
        self._db.execute(sql, [json.dumps(list(names))])

    def begin(self, name: str, now: datetime) -> None:
        """Store that a job begins."""
        self._put(name, {"began_at": now.isoformat()})

    def finish(self, name: str, outcome: JobOutcome, detail: str, now: datetime) -> None:
        """Store what came of a job."""
        at = now.isoformat()
        succeeded = {"succeeded_at": at} if outcome is JobOutcome.OK else {}
        self._put(name, {"finished_at": at, "outcome": outcome.value, "detail": detail, **succeeded})

    def set_next(self, moments: Mapping[str, datetime | None]) -> None:
        """Store when jobs run next."""
        for name, moment in moments.items():
            self._put(name, {"next_at": moment.isoformat() if moment else None})

    def _put(self, name: str, row: Mapping[str, str | None]) -> None:
        sets = ", ".join(f"{column} = excluded.{column}" for column in row)
        sql = (
            f"INSERT INTO jobs (name, {', '.join(row)}) VALUES (:name, {', '.join(f':{column}' for column in row)}) "
            f"ON CONFLICT (name) DO UPDATE SET {sets}"
        )
        self._db.execute(sql, {"name": name, **row})


def _job(row: tuple[Any, ...]) -> JobState:
    name, began, finished, outcome, detail, succeeded, following = row
    began_at, finished_at, succeeded_at, next_at = (
        datetime.fromisoformat(one) if one else None for one in (began, finished, succeeded, following)
    )
    known = JobOutcome(outcome) if outcome else None
    return JobState(name, began_at, finished_at, known, detail, succeeded_at, next_at)
