"""The latest runs, totals since the database was made, and the last reading of each mailbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from newsletter.store.database import Database

#: How many runs are kept: six weeks of one run an hour.
_KEPT = 1_000
_COLUMNS = "id, command, began_at, finished_at, is_clean, outcomes, problem"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of `newsletter run` or `serve`."""

    id: int
    #: "run" or "serve".
    command: str
    began_at: datetime
    #: None while it is running, or if it was killed.
    finished_at: datetime | None
    is_clean: bool | None
    #: Number of deliveries by outcome.
    outcomes: Mapping[str, int]
    #: The first problem, or "".
    problem: str


@dataclass(frozen=True, slots=True)
class MailboxReading:
    """When a mailbox was last read, and the error if that failed."""

    mailbox: str
    read_at: datetime
    #: None if it was never read without an error.
    succeeded_at: datetime | None
    messages: int
    error: str | None


class Runs:
    """The `runs`, `run_totals` and `mailbox_readings` tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, command: str, now: datetime) -> int:
        """Record that a run begins; return its number. Runs before the latest thousand are deleted."""
        row = {"command": command, "began_at": now.isoformat(), "outcomes": "{}", "problem": ""}
        number = self._db.insert("runs", row)
        self._db.execute("DELETE FROM runs WHERE id <= ?", [number - _KEPT])
        return number

    def finish(self, number: int, now: datetime, *, is_clean: bool, outcomes: Mapping[str, int], problem: str) -> None:
        """Record what a run did."""
        sql = "UPDATE runs SET finished_at = ?, is_clean = ?, outcomes = ?, problem = ? WHERE id = ?"
        self._db.execute(sql, [now.isoformat(), int(is_clean), json.dumps(dict(outcomes)), problem, number])

    def latest(self, limit: int) -> list[Run]:
        """Return the `limit` latest runs, the latest first."""
        return self._db.execute(f"SELECT {_COLUMNS} FROM runs ORDER BY id DESC LIMIT ?", [limit]).into(_run)

    def last_clean(self) -> datetime | None:
        """Return when the last clean run finished, or None."""
        sql = "SELECT finished_at FROM runs WHERE is_clean = 1 ORDER BY id DESC LIMIT 1"
        return self._db.execute(sql).one(lambda row: datetime.fromisoformat(row[0]))

    def add_total(self, name: str, subject: str, outcome: str, number: int = 1) -> None:
        """Add to a total."""
        sql = (
            "INSERT INTO run_totals VALUES (?, ?, ?, ?) "
            "ON CONFLICT (name, subject, outcome) DO UPDATE SET number = run_totals.number + excluded.number"
        )
        self._db.execute(sql, [name, subject, outcome, number])

    def totals(self, name: str) -> dict[tuple[str, str], int]:
        """Return the totals of a name: (subject, outcome) → number."""
        rows = self._db.execute("SELECT subject, outcome, number FROM run_totals WHERE name = ?", [name]).fetchall()
        return {(subject, outcome): number for subject, outcome, number in rows}

    def record_reading(self, mailbox: str, now: datetime, messages: int, error: str | None) -> None:
        """Record that a mailbox was read, or why it could not be."""
        moment = now.isoformat()
        self._db.execute(
            "INSERT INTO mailbox_readings VALUES (:mailbox, :at, :succeeded_at, :messages, :error) "
            "ON CONFLICT (mailbox) DO UPDATE SET read_at = :at, succeeded_at = "
            "coalesce(:succeeded_at, mailbox_readings.succeeded_at), "
            "messages = :messages, error = :error",
            {
                "mailbox": mailbox,
                "at": moment,
                "succeeded_at": None if error else moment,
                "messages": messages,
                "error": error,
            },
        )

    def readings(self) -> list[MailboxReading]:
        """Return the last reading of each mailbox."""
        sql = "SELECT mailbox, read_at, succeeded_at, messages, error FROM mailbox_readings ORDER BY mailbox"
        return self._db.execute(sql).into(_reading)


def _run(row: tuple[Any, ...]) -> Run:
    number, command, began_at, finished_at, is_clean, outcomes, problem = row
    return Run(
        number,
        command,
        datetime.fromisoformat(began_at),
        finished_at and datetime.fromisoformat(finished_at),
        None if is_clean is None else bool(is_clean),
        {str(status): int(count) for status, count in json.loads(outcomes).items()},
        problem,
    )


def _reading(row: tuple[Any, ...]) -> MailboxReading:
    mailbox, read_at, succeeded_at, messages, error = row
    succeeded = succeeded_at and datetime.fromisoformat(succeeded_at)
    return MailboxReading(mailbox, datetime.fromisoformat(read_at), succeeded, messages, error)
