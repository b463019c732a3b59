"""The ledger: one delivery per edition and subscriber, written before anything is sent.

`left_at` says when a message left or may have left. It is set in the transaction that lets it go, and restored when the
server says that it did not take it; the rule of one email a day rests on it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from newsletter.models import Delivery, DeliveryStatus, Profile
from newsletter.store.database import ALL, Database, moment_of
from newsletter.store.departures import CLOCKS_APART, EDITION_KEY, RECORDED, DaySlot, Departures, recorded
from newsletter.store.digest_blobs import paper_ids
from newsletter.store.mass_changes import change_many, change_open
from newsletter.store.message_ids import MessageIds
from newsletter.store.shards import WHOLE, Shard
from newsletter.store.times import from_ms, to_ms

#: Whether a delivery is of an edition that the operator wrote: it is not the email of a day.
_IS_SPECIAL = "edition_id IN (SELECT id FROM editions WHERE audience <> '')"
#: The fields of a delivery: its edition is stored by number.
COLUMNS = ", ".join(
    EDITION_KEY if field.name == "edition_key" else f"deliveries.{field.name}" for field in fields(Delivery)
)
#: Whether a delivery is of the edition with a key.
_OF_EDITION = "edition_id = (SELECT id FROM editions WHERE key = ?)"
#: What is written when a delivery is queued.
_QUEUED = (
    "edition_id", "subscriber_id", "digest_id", "message_id", "status", "attempts", "detail", "next_attempt_at",
    "updated_at", "planned_at",
)  # fmt: skip
_SKIPPED = "status = 'skipped', detail = ?, updated_at = ?"
_HELD = "status = 'held', detail = ?, updated_at = ?"
#: Which of some subscribers are there, and have no delivery of an edition, which was not cancelled; and its number.
_TO_QUEUE = """
    SELECT subscribers.id, editions.id FROM json_each(:ids) AS one
    CROSS JOIN editions ON editions.key = :key AND state <> 'cancelled'
    CROSS JOIN subscribers ON subscribers.id = CAST(one.value AS INTEGER)
    WHERE NOT EXISTS (
        SELECT 1 FROM deliveries WHERE edition_id = editions.id AND subscriber_id = subscribers.id)"""
_STATUSES = {status.value: status for status in DeliveryStatus}


class LastMail(NamedTuple):
    """The last message that left for a subscriber, or may have left."""

    at: datetime
    #: The day it is dated.
    day: date
    #: Until when papers were considered for the last one that arrived; None if none did.
    covered_until: datetime | None
    status: DeliveryStatus
    edition_key: str
    digest_id: int

    @property
    def waits(self) -> bool:
        """Whether it is in doubt, and will be sent again."""
        return self.status in (DeliveryStatus.QUEUED, DeliveryStatus.SENDING, DeliveryStatus.DEFERRED)


class Deliveries:
    """The `deliveries` and `looks` tables."""

    def __init__(self, db: Database, message_ids: MessageIds) -> None:
        self._db = db
        self._message_ids = message_ids

    def queue_many(
        self, rows: Sequence[tuple[str, int, int, str]], now: datetime, not_before: datetime | None = None
    ) -> int:
        """Write some deliveries (edition, subscriber, digest, Message-ID) into the ledger as queued; return how many.

        Left out are those that the ledger has, so that a plan can be continued that was interrupted; those to
        subscribers who were erased meanwhile; and those of editions that were cancelled. In a transaction, which has
        the lock of writers: the rows should be few.

        Args:
            rows: What to write.
            now: When it is planned.
            not_before: From when on it is sent, if not at once; it counts as planned then.
        """
        known = {row[:2]: row for row in rows}
        by_edition: defaultdict[str, list[int]] = defaultdict(list)
        for key, number in known:
            by_edition[key].append(number)
        may = {
            (key, int(number)): int(edition)
            for key, some in by_edition.items()
            for number, edition in self._db.execute(_TO_QUEUE, {"key": key, "ids": json.dumps(some)})
        }
        # In their order, whatever order the database found them in: it is the one in which they are sent.
        wanted = [row for name, row in known.items() if name in may]
        names = self._message_ids.to_store([(message_id, key) for key, _, _, message_id in wanted])
        later, moment = _ms(not_before), to_ms(now)
        self._db.load(
            "deliveries",
            _QUEUED,
            [
                (may[key, one], one, digest, name, "queued", 0, "", later, moment, moment if later is None else later)
                for (key, one, digest, _), name in zip(wanted, names, strict=True)
            ],
        )
        return len(wanted)

    def queue(self, edition_key: str, subscriber_id: int, digest_id: int, message_id: str, now: datetime) -> None:
        """Write one delivery into the ledger as queued, unless `queue_many` leaves it out."""
        with self._db.transaction():
            self.queue_many([(edition_key, subscriber_id, digest_id, message_id)], now)

    def claim(self, now: datetime, *, after: int, limit: int, until: int = WHOLE.last) -> list[Delivery]:
        """Return up to `limit` deliveries that are due, in the order of their ids, behind `after` and up to `until`."""
        sql = (
            # SQLite's planner would scan the primary key, and with it everything that was ever sent.
            f"SELECT {COLUMNS} FROM deliveries INDEXED BY deliveries_open WHERE id > ? AND id <= ? "
            "AND status IN ('queued', 'sending', 'deferred') AND (next_attempt_at IS NULL OR next_attempt_at <= ?) "
            "AND (SELECT state FROM editions WHERE id = edition_id) = 'open' ORDER BY id LIMIT ?"
        )
        return self._db.execute(sql, [after, until, to_ms(now), limit]).into(self.read)

    def bring_forward(self, now: datetime, latest: datetime) -> int:
        """Make the deferred deliveries due whose next attempt is after `latest`; return how many there are.

        No attempt is put off for so long: the clock was ahead when it was. What is queued for later was meant to be.
        """
        where, wanted = "status <> 'queued' AND next_attempt_at > ?", [to_ms(latest)]
        return change_open(self._db, "next_attempt_at = ?", [to_ms(now)], where, wanted)

    def open_count(self, now: datetime) -> int:
        """Count the deliveries that are due."""
        sql = (
            "SELECT count(*) FROM deliveries INDEXED BY deliveries_open "
            "WHERE status IN ('queued', 'sending', 'deferred') AND (next_attempt_at IS NULL OR next_attempt_at <= ?) "
            "AND (SELECT state FROM editions WHERE id = edition_id) = 'open'"
        )
        return int(self._db.execute(sql, [to_ms(now)]).fetchone()[0])

    def is_any_open(self) -> bool:
        """Whether there is a delivery that is queued, being sent or deferred, due or not."""
        sql = (
            "SELECT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_open "
            "WHERE status IN ('queued', 'sending', 'deferred'))"
        )
        return bool(self._db.execute(sql).fetchone()[0])

    def next_attempt(self) -> datetime | None:
        """Return when the first open delivery is due, which may be in the past; None if there is none."""
        sql = (
            "SELECT min(coalesce(next_attempt_at, updated_at)) FROM deliveries INDEXED BY deliveries_open "
            "WHERE status IN ('queued', 'sending', 'deferred') "
            "AND (SELECT state FROM editions WHERE id = edition_id) = 'open'"
        )
        return self._db.execute(sql).one(lambda row: _moment(row[0]))

    def oldest_open(self) -> datetime | None:
        """Return when the oldest edition with open deliveries was created, or None if there is none."""
        sql = (
            "SELECT min(created_at) FROM editions WHERE id IN (SELECT edition_id FROM deliveries "
            "INDEXED BY deliveries_open WHERE status IN ('queued', 'sending', 'deferred'))"
        )
        return self._db.execute(sql).one(moment_of)

    def depart(self, delivery_id: int, now: datetime, day_began: datetime, profile: Profile) -> bool:
        """Mark a delivery as being sent; return False if it must not leave. See `departures.Departures.depart`."""
        slot = DaySlot(day_began, profile.cadence, profile.hour, profile.time_zone)
        return bool(Departures(self._db).depart([delivery_id], now, slot))

    def depart_special(self, delivery_id: int, now: datetime) -> bool:
        """Mark a delivery of a special edition as being sent, whatever else left; False if it must not leave."""
        return bool(Departures(self._db).depart([delivery_id], now))

    def _change(self, sql: str, values: Mapping[str, Any] | list[Any], status: DeliveryStatus, now: datetime) -> bool:
        """Change one delivery and record it, both or neither; return whether there was one to change."""
        if not self._db.is_in_transaction:
            with self._db.transaction():
                return self._change(sql, values, status, now)
        row = self._db.execute(sql, values).fetchone()
        if row is not None and status is not DeliveryStatus.SENT:  # who departed counts as mailed until then
            self._db.note({"delivery": recorded(row, status), "at": now.isoformat()})
        return row is not None

    def last_mail(self, subscriber_id: int, now: datetime) -> LastMail | None:
        """Return what last left for a subscriber, or may have left; None if nothing ever did."""
        sql = (
            f"SELECT left_at, (SELECT day FROM editions WHERE id = edition_id), planned_at, status, {EDITION_KEY}, "
            "digest_id FROM deliveries "
            f"WHERE subscriber_id = ? AND left_at <= ? AND NOT {_IS_SPECIAL} ORDER BY left_at DESC LIMIT ?"
        )
        found = self._db.execute(sql, [subscriber_id, to_ms(now + CLOCKS_APART), 1]).into(last_mail_of)
        if not found:
            return None
        (last,) = found
        if last.covered_until is None:  # it was in doubt, and is given up: what arrived is an earlier one
            arrived = self._db.execute(sql, [subscriber_id, to_ms(last.at), ALL]).into(last_mail_of)
            covered = (one.covered_until for one in arrived if one.covered_until is not None)
            last = last._replace(covered_until=next(covered, None))
        return last

    def open_days(self, before: date) -> list[tuple[str, date, str]]:
        """Return (edition, its day, time zone of subscribers) of what waits of editions dated before a day."""
        sql = (
            "SELECT DISTINCT key, day, time_zone FROM deliveries INDEXED BY deliveries_open "
            "JOIN editions ON editions.id = edition_id JOIN subscribers ON subscribers.id = subscriber_id "
            "WHERE deliveries.status IN ('queued', 'sending', 'deferred') AND day < ? "
            "AND audience = ''"
        )
        rows = self._db.execute(sql, [before.isoformat()])
        return rows.into(lambda row: (row[0], date.fromisoformat(row[1]), row[2]))

    def close_day(self, edition_key: str, time_zone: str, now: datetime, detail: str) -> int:
        """Skip what waits of an edition for the subscribers of a time zone; return how many there are."""
        zone = "(SELECT time_zone FROM subscribers WHERE subscribers.id = deliveries.subscriber_id)"
        where = f"{_OF_EDITION} AND {zone} = ?"
        return change_open(self._db, _SKIPPED, [detail, to_ms(now)], where, [edition_key, time_zone])

    def counts(self, edition_key: str | None = None) -> dict[str, int]:
        """Count the deliveries of an edition, or of all, by status."""
        of_it, pruned = (f"WHERE {_OF_EDITION}", "WHERE edition_key = ?") if edition_key else ("", "")
        sql = (
            f"SELECT status, sum(number) FROM (SELECT status, count(*) AS number FROM deliveries {of_it} "
            f"GROUP BY status UNION ALL SELECT status, deliveries FROM edition_totals {pruned}) AS numbers "
            "GROUP BY status"
        )
        values = [edition_key] if edition_key else []
        return dict(self._db.execute(sql, values * 2).fetchall())

    def with_status(
        self, statuses: Sequence[DeliveryStatus], edition_key: str | None, limit: int, *, containing: str = ""
    ) -> list[Delivery]:
        """Return up to `limit` deliveries in one of these statuses, the latest change first.

        `containing` is a text that their details hold; it has no "%" or "_".
        """
        marks = ", ".join("?" for _ in statuses)
        where, values = f"status IN ({marks})", [status.value for status in statuses]
        for condition, value in ((_OF_EDITION, edition_key), ("detail LIKE ?", containing and f"%{containing}%")):
            where += f" AND {condition}" if value else ""
            values += [value] if value else []
        return self._where(f"{where} ORDER BY updated_at DESC, id DESC LIMIT ?", [*values, limit])

    def moved_at(self, status: DeliveryStatus, moment: datetime, *, after: int, limit: int) -> list[Delivery]:
        """Return up to `limit` deliveries that got a status at a moment, in the order of their ids, behind `after`."""
        where = "status = ? AND updated_at = ? AND id > ? ORDER BY id LIMIT ?"
        return self._where(where, [status.value, to_ms(moment), after, limit])

    def latest_bad(self, since: datetime, limit: int) -> list[Delivery]:
        """Return up to `limit` deliveries that failed or are held since a moment, the latest change first."""
        return self._where(
            "status IN ('failed', 'held') AND updated_at >= ? ORDER BY updated_at DESC LIMIT ?",
            [to_ms(since), limit],
        )

    def bad_counts(self, since: datetime) -> dict[str, int]:
        """Count the deliveries that failed or are held since a moment, by status."""
        sql = (
            "SELECT status, count(*) FROM deliveries INDEXED BY deliveries_bad "
            "WHERE status IN ('failed', 'held') AND updated_at >= ? GROUP BY status"
        )
        return dict(self._db.execute(sql, [to_ms(since)]).fetchall())

    def hold(self, now: datetime, detail: str, among: Shard = WHOLE) -> int:
        """Hold the deliveries that a crash left in doubt, for a person to decide; return how many there are."""
        values = [detail, to_ms(now)]
        return change_open(self._db, _HELD, values, "status = 'sending' AND id BETWEEN ? AND ?", [*among])

    def hold_open(self, now: datetime, detail: str) -> int:
        """Hold all deliveries that are queued, being sent or deferred; return how many there are."""
        change = f"{_HELD}, next_attempt_at = NULL, left_at = coalesce(left_at, ?)"
        return change_open(self._db, change, [detail, to_ms(now), to_ms(now)], "TRUE", [])

    def skip_open(
        self, now: datetime, detail: str, *, edition_key: str | None = None, before: datetime | None = None
    ) -> int:
        """Skip the waiting deliveries of one edition, or of all planned `before`; return how many there are."""
        where = _OF_EDITION if edition_key else "planned_at < ?"
        value = edition_key or (to_ms(before) if before else 0)
        return change_open(self._db, _SKIPPED, [detail, to_ms(now)], f"{where} AND status <> 'sending'", [value])

    def skip_cancelled(self, now: datetime, detail: str) -> int:
        """Skip the waiting deliveries of all cancelled editions; return how many there are."""
        where = "(SELECT state FROM editions WHERE id = edition_id) = 'cancelled' AND status <> 'sending'"
        return change_open(self._db, _SKIPPED, [detail, to_ms(now)], where, [])

    def queue_again(
        self, statuses: Sequence[DeliveryStatus], edition_key: str | None, now: datetime, *, since: datetime
    ) -> int:
        """Requeue the deliveries in one of these statuses; return how many there are.

        Those that would only be skipped stay: planned before `since`, or to suppressed addresses.
        """
        marks = ", ".join("?" for _ in statuses)
        where = f"""
            status IN ({marks}) {f"AND {_OF_EDITION}" if edition_key else ""} AND planned_at >= ?
            AND subscriber_id NOT IN (SELECT id FROM suppressions JOIN subscribers USING (email_key))"""
        wanted = [*(status.value for status in statuses), *([edition_key] if edition_key else []), to_ms(since)]
        change = "status = 'queued', attempts = 0, detail = '', next_attempt_at = NULL, updated_at = ?"
        return change_many(self._db, change, [to_ms(now)], where, wanted)

    def find(self, edition_key: str, subscriber_id: int) -> Delivery | None:
        """Return the delivery of an edition to a subscriber, or None if there is none."""
        found = self._where(f"{_OF_EDITION} AND subscriber_id = ?", [edition_key, subscriber_id])
        return found[0] if found else None

    def open(self) -> list[Delivery]:
        """Return the deliveries that are queued, being sent or deferred, in the order of their ids."""
        return self._where("status IN ('queued', 'sending', 'deferred') ORDER BY id", [])

    def of_subscriber(self, subscriber_id: int, limit: int = ALL, skipped: int = 0) -> list[Delivery]:
        """Return the deliveries to a subscriber, the newest first: all, or up to `limit` after the `skipped` newest."""
        return self._where("subscriber_id = ? ORDER BY id DESC LIMIT ? OFFSET ?", [subscriber_id, limit, skipped])

    def papers_planned_for(self, subscriber_id: int, before: datetime | None = None) -> dict[int, datetime]:
        """Return the papers that a subscriber was or will be sent: paper id → time of the last change.

        Failed and skipped deliveries do not count: they never arrived, so a later edition may have their papers. With
        `before`, only those planned before that moment count.
        """
        until = " AND planned_at < ?" if before else ""
        sql = (
            "SELECT content, updated_at FROM deliveries JOIN digests ON digests.id = digest_id "
            f"WHERE subscriber_id = ? AND status NOT IN ('failed', 'skipped'){until} ORDER BY updated_at"
        )
        rows = self._db.execute(sql, [subscriber_id, *([to_ms(before)] if before else [])])
        recent = self._with_merged(
            rows.whole(lambda found: {one: from_ms(at) for content, at in found for one in paper_ids(content)})
        )
        return self._pruned_history(subscriber_id) | recent

    def _with_merged(self, sent: Mapping[int, datetime]) -> dict[int, datetime]:
        """Return when papers were sent, by the ids that they have by now; the last time counts."""
        sql = """
            SELECT duplicate, paper FROM merged_papers
            WHERE duplicate IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"""
        merged = dict(self._db.execute(sql, [json.dumps(list(sent))]).fetchall())
        present: dict[int, datetime] = {}
        for number, at in sent.items():
            paper = merged.get(number, number)
            present[paper] = max(at, present.get(paper, at))
        return present

    def _pruned_history(self, subscriber_id: int) -> dict[int, datetime]:
        """Return what a subscriber was sent in digests that were pruned, as `papers_planned_for` does."""
        sql = (
            "SELECT coalesce(paper, paper_id), max(sent_unix) FROM sent_papers "
            "LEFT JOIN merged_papers ON duplicate = paper_id WHERE subscriber_id = ? GROUP BY 1"
        )
        rows = self._db.execute(sql, [subscriber_id])
        return rows.whole(lambda found: {paper_id: datetime.fromtimestamp(at, UTC) for paper_id, at in found})

    def move(
        self,
        delivery_id: int,
        status: DeliveryStatus,
        now: datetime,
        *,
        attempts: int | None = None,
        detail: str = "",
        next_attempt_at: datetime | None = None,
    ) -> None:
        """Store a delivery's new status. A move to `SENDING` counts as an attempt, unless `attempts` is given."""
        values = [status.value, attempts, int(status is DeliveryStatus.SENDING), detail, _ms(next_attempt_at)]
        sql = (
            "UPDATE deliveries SET status = ?, attempts = coalesce(?, attempts + ?), detail = ?, "
            f"next_attempt_at = ?, updated_at = ? WHERE id = ? RETURNING {RECORDED}"
        )
        self._change(sql, [*values, to_ms(now), delivery_id], status, now)

    def put_back(self, delivery: Delivery) -> None:
        """Restore a delivery to what it was before an attempt that does not count as one."""
        values: list[Any] = [delivery.status.value, delivery.attempts, delivery.detail]
        values += [_ms(delivery.next_attempt_at), _ms(delivery.left_at), delivery.id]
        sql = (
            "UPDATE deliveries SET status = ?, attempts = ?, detail = ?, next_attempt_at = ?, left_at = ? "
            f"WHERE id = ? RETURNING {RECORDED}"
        )
        self._change(sql, values, delivery.status, delivery.updated_at)

    def skip_as_left(self, delivery_id: int, now: datetime, detail: str) -> None:
        """Skip a delivery as one that may have left by now: nothing else leaves on this day."""
        sql = "UPDATE deliveries SET status = 'skipped', detail = ?, updated_at = ?, left_at = ? WHERE id = ?"
        self._db.execute(sql, [detail, to_ms(now), to_ms(now), delivery_id])

    def undo_departure(self, delivery: Delivery) -> None:
        """Restore when a delivery had left before the attempt that the server refused."""
        self._db.execute("UPDATE deliveries SET left_at = ? WHERE id = ?", [_ms(delivery.left_at), delivery.id])

    def _where(self, condition: str, values: list[Any]) -> list[Delivery]:
        sql = f"SELECT {COLUMNS} FROM deliveries WHERE {condition}"
        return self._db.execute(sql, values).into(self.read)

    def read(self, row: tuple[Any, ...]) -> Delivery:
        """Return the delivery of a row, whose columns are in the order of the fields."""
        return _delivery_of(row, self._message_ids)


def _delivery_of(values: tuple[Any, ...], message_ids: MessageIds) -> Delivery:
    number, key, subscriber_id, digest_id, message_id, status, attempts, detail, next_at, updated_at, *rest = values
    planned_at, left_at = rest
    return Delivery(
        id=number,
        edition_key=key,
        subscriber_id=subscriber_id,
        digest_id=digest_id,
        message_id=message_ids.read(message_id, key),
        status=_STATUSES[status],
        attempts=attempts,
        detail=detail,
        next_attempt_at=_moment(next_at),
        updated_at=from_ms(updated_at),
        planned_at=from_ms(planned_at),
        left_at=_moment(left_at),
    )


def last_mail_of(row: tuple[Any, ...]) -> LastMail:
    """Return the last mail of a row (left_at, day, planned_at, status, edition_key, digest_id)."""
    left_at, day, planned_at, status, edition_key, digest_id = row
    arrived = status not in (DeliveryStatus.FAILED.value, DeliveryStatus.SKIPPED.value)
    return LastMail(
        at=from_ms(left_at),
        day=date.fromisoformat(day),
        covered_until=from_ms(planned_at) if arrived else None,
        status=DeliveryStatus(status),
        edition_key=edition_key,
        digest_id=digest_id,
    )


def _ms(moment: datetime | None) -> int | None:
    return to_ms(moment) if moment else None


def _moment(stored: int | None) -> datetime | None:
    return None if stored is None else from_ms(stored)
