"""Shards of the ledger: ranges of deliveries, each leased by one sender process at a time.

All shards of a sender end together: a sender that has none of its shards any more has lost them to others, and must
not let anything leave.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from newsletter.store.database import Database
from newsletter.store.mass_changes import change_open
from newsletter.store.times import to_ms

_MAX_ID = 2**63 - 1


#: So many shards are made by one transaction.
_MADE = 20
_DUE = (
    "FROM deliveries INDEXED BY deliveries_open WHERE status IN ('queued', 'sending', 'deferred') AND id > :after "
    "AND (next_attempt_at IS NULL OR next_attempt_at <= :now) "
    # Not IN: PostgreSQL might begin with the edition, and read all of it each time.
    "AND (SELECT state FROM editions WHERE id = edition_id) = 'open'"
)
#: The last of the next deliveries that are open, due or not.
_LAST_OF_NEXT = (
    "SELECT max(id) FROM (SELECT id FROM deliveries INDEXED BY deliveries_open "
    "WHERE status IN ('queued', 'sending', 'deferred') AND id > :after AND id <= :until ORDER BY id LIMIT :number"
    ") AS following"
)


class Shard(NamedTuple):
    """A range of deliveries, by id; `last` belongs to it."""

    first: int
    last: int

    def has(self, delivery_id: int) -> bool:
        """Whether a delivery is in this range."""
        return self.first <= delivery_id <= self.last


#: The whole ledger.
WHOLE = Shard(1, _MAX_ID)


class Shards:
    """The `shards` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def divide(self, now: datetime, size: int) -> int:
        """Replace all shards by new ones of `size` deliveries that are due; return how many there are."""
        self.clear()
        return self.divide_rest(now, size)

    def divide_rest(self, now: datetime, size: int, also: Callable[[int], None] = lambda _after: None) -> int:
        """Add shards of `size` deliveries that are due and in none; return how many. No two have a delivery in common.

        Deliveries on both sides of a shard come into different ones. A few shards are made at a time, so that other
        writers do not wait for all; `also` is called in each such transaction, with the delivery behind which they
        begin. What is in shards is not read, since a worker asks for the rest each minute.
        """
        # Where somebody has made a shard meanwhile, none is added.
        sql = (
            "INSERT INTO shards (first_id, last_id) SELECT * FROM (SELECT min(id) AS one, max(id) AS other FROM ("
            f"SELECT id, (row_number() OVER (ORDER BY id) - 1) / :size AS part {_DUE} AND id <= :last) AS due "
            "GROUP BY part) AS parts WHERE coalesce(("
            "SELECT last_id FROM shards WHERE first_id <= other ORDER BY first_id DESC LIMIT 1), 0) < one"
        )
        made = 0
        for after, until in self._gaps():
            place = {"after": after, "until": until, "number": size * _MADE}
            while last := self._db.execute(_LAST_OF_NEXT, place).fetchone()[0]:
                values = {"now": to_ms(now), "after": place["after"], "last": last, "size": size}
                with self._db.transaction():
                    if number := self._db.execute(sql, values).rowcount:
                        also(place["after"])
                made += number
                place["after"] = last
        return made

    def _gaps(self) -> Iterator[tuple[int, int]]:
        """Yield the parts of the ledger that are in no shard, each as the delivery before it and its last one."""
        after = 0
        for shard in self._db.execute("SELECT first_id, last_id FROM shards ORDER BY first_id").into(Shard._make):
            if shard.first > after + 1:
                yield after, shard.first - 1
            after = shard.last
        yield after, _MAX_ID

    def hold_others(self, now: datetime, detail: str) -> int:
        """Hold the deliveries in doubt that no sender has; return how many there are."""
        where = (
            "status = 'sending' AND NOT EXISTS (SELECT 1 FROM shards WHERE deliveries.id BETWEEN first_id AND last_id)"
        )
        change = "status = 'held', detail = ?, updated_at = ?"
        return change_open(self._db, change, [detail, to_ms(now)], where, [])

    def clear(self) -> None:
        """Delete all shards."""
        self._db.execute("DELETE FROM shards")

    def lease(self, holder: str, now: datetime, duration: timedelta, only: int | None = None) -> Shard | None:
        """Lease the first shard that nobody has, for `duration` from `now`; None if there is none.

        `only` is the first delivery of the one that is wanted, if not any is.
        """
        sql = (
            "UPDATE shards SET holder = :holder, expires_at = :until WHERE first_id = (SELECT min(first_id) "
            f"FROM shards WHERE holder = ''{'' if only is None else ' AND first_id = :only'}) "
            "RETURNING first_id, last_id"
        )
        values = {"holder": holder, "until": (now + duration).isoformat(), "only": only}
        with self._db.transaction():
            found = self._db.execute(sql, values).into(Shard._make)
        return found[0] if found else None

    def renew(self, holder: str, now: datetime, duration: timedelta) -> None:
        """Make the leases of a sender last for `duration` from `now`."""
        self._db.execute("UPDATE shards SET expires_at = ? WHERE holder = ?", [(now + duration).isoformat(), holder])

    def is_held_by(self, holder: str) -> bool:
        """Whether a sender still has its shards."""
        return self._db.execute("SELECT 1 FROM shards WHERE holder = ? LIMIT 1", [holder]).fetchone() is not None

    def finish(self, shard: Shard, holder: str) -> None:
        """Delete a shard of which nothing is left to do, if the sender still has it."""
        self._db.execute("DELETE FROM shards WHERE first_id = ? AND holder = ?", [shard.first, holder])

    def put_back(self, shard: Shard, holder: str) -> None:
        """Give up the lease of one shard, of which something is left to do."""
        self._db.execute(
            "UPDATE shards SET holder = '', expires_at = NULL WHERE first_id = ? AND holder = ?", [shard.first, holder]
        )

    def release(self, holder: str) -> list[Shard]:
        """End all leases of a sender, which has died; return its shards, which are free now."""
        sql = "UPDATE shards SET holder = '', expires_at = NULL WHERE holder = ? RETURNING first_id, last_id"
        with self._db.transaction():
            return self._db.execute(sql, [holder]).into(Shard._make)

    def expired(self, now: datetime) -> list[str]:
        """Return the senders whose leases have ended, since they were not renewed."""
        sql = "SELECT DISTINCT holder FROM shards WHERE holder > '' AND expires_at <= ?"  # the index has them together
        return self._db.execute(sql, [now.isoformat()]).into(lambda row: str(row[0]))

    def is_any_free(self) -> bool:
        """Whether there is a shard that nobody has."""
        return self._db.execute("SELECT 1 FROM shards WHERE holder = '' LIMIT 1").fetchone() is not None

    def counts(self) -> tuple[int, int]:
        """Count the shards that nobody has, and those that somebody has."""
        sql = "SELECT count(*), coalesce(sum(CASE WHEN holder = '' THEN 1 ELSE 0 END), 0) FROM shards"
        everything, free = self._db.execute(sql).fetchone()
        return int(free), int(everything) - int(free)

    def count(self) -> int:
        """Count the shards that are not finished."""
        return int(self._db.execute("SELECT count(*) FROM shards").fetchone()[0])
