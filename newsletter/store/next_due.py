"""When to look at each subscriber again, in seconds since 1970, rounded down: until then, nothing is due to them.

A value that is missing, or too early, only costs time. The database itself sets it to 0 (triggers) when what decides on
it changes: the schedule, the status or the address of a subscriber, or a delivery that will not arrive.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import islice, pairwise

from newsletter.models import Status
from newsletter.store.database import Database
from newsletter.store.facts import fact, set_fact

_BATCH = 1000
#: So many ids are written by one statement, and outside of a transaction in one.
_WRITTEN = 1000
#: When the values were written last: if the clock was ahead then, they are worth nothing.
_WRITTEN_AT = "next_due_written_at"
_MAY_BE_DUE = """
    SELECT next_due_unix, email_key, id FROM subscribers INDEXED BY subscribers_due
    WHERE status = 'active' AND next_due_unix <= :until AND (next_due_unix, email_key) > (:last_at, :last_key)
    ORDER BY next_due_unix, email_key LIMIT :limit"""
_STATUSES = sorted(status.value for status in Status)
#: Rows that no release writes: between the statuses in their order, so that they are found by the index.
_DAMAGED = f"""
    SELECT id FROM subscribers INDEXED BY subscribers_status WHERE status < '{_STATUSES[0]}' OR {
    " OR ".join(f"(status > '{one}' AND status < '{following}')" for one, following in pairwise(_STATUSES))
} OR status > '{_STATUSES[-1]}'"""
#: Behind any moment.
_FOREVER = 2**62


class NextDue:
    """The column `next_due_unix` of the `subscribers` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def batches(self, now: datetime) -> Iterator[list[int]]:
        """Yield the ids of the active subscribers to whom something may be due, the longest ago first, in batches.

        Those whose status no release knows are the first batch, so that whoever reads them says so.
        """
        if damaged := self._db.execute(_DAMAGED).fetchall():
            yield [int(number) for (number,) in damaged]
        values = {"until": self._until(now), "last_at": -1, "last_key": "", "limit": _BATCH}
        while rows := self._db.execute(_MAY_BE_DUE, values).fetchall():
            yield [int(number) for _, _, number in rows]
            values["last_at"], values["last_key"], _ = rows[-1]

    def put(self, times: Mapping[datetime, Collection[int]], now: datetime) -> None:
        """Store for subscribers when something may be due to them next, by their ids, as was decided at `now`.

        Those whose schedule or status changed since are left out: the next run looks at them. Many are written in
        several transactions, unless there is one: others write in between, and what is missing only costs time.
        """
        sql = """
            UPDATE subscribers SET next_due_unix = ? WHERE id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))
                AND status_at <= ? AND (schedule_changed_at IS NULL OR schedule_changed_at <= ?)"""
        decided_at = now.isoformat()
        with self._db.transaction():
            set_fact(self._db, _WRITTEN_AT, decided_at)
        for at, ids in times.items():
            rest = iter(ids)
            while some := list(islice(rest, _WRITTEN)):
                with self._db.transaction():
                    self._db.execute(sql, [_unix(at), json.dumps(some), decided_at, decided_at])

    def others(self, now: datetime) -> set[int]:
        """Return the ids of all other subscribers."""
        sql = "SELECT id FROM subscribers WHERE status <> 'active' OR next_due_unix > ?"
        return {int(number) for (number,) in self._db.execute(sql, [self._until(now)])}

    def _until(self, now: datetime) -> int:
        written_at = fact(self._db, _WRITTEN_AT)
        return _FOREVER if written_at is not None and written_at > now.isoformat() else _unix(now)


def _unix(moment: datetime) -> int:
    return math.floor(moment.timestamp())
