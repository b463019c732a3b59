"""The ledger: one delivery per edition and subscriber, written before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from newsletter.models import Delivery, DeliveryStatus
from newsletter.store.database import Database, moment_of

_DEPART = """
    UPDATE deliveries SET status = 'sending', attempts = attempts + 1, updated_at = ?
    WHERE id = ? AND status IN ('queued', 'sending', 'deferred')
        AND (SELECT state FROM editions WHERE key = edition_key) = 'open'
        AND EXISTS (
            SELECT 1 FROM subscribers WHERE subscribers.id = subscriber_id AND subscribers.status = 'active'
                AND NOT EXISTS (SELECT 1 FROM suppressions WHERE suppressions.email_key = subscribers.email_key))"""
_COLUMNS = ", ".join(field.name for field in fields(Delivery))


class Deliveries:
    """The `deliveries` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def stage(self, rows: Iterable[tuple[str, int, int, str]]) -> None:
        """Collect deliveries (edition, subscriber, digest, Message-ID) in a temporary table, until `queue_staged`."""
        with self._db.transaction():
            self._db.execute(
                "CREATE TEMP TABLE IF NOT EXISTS staged (edition_key, subscriber_id, digest_id, message_id)"
            )
            self._db.executemany("INSERT INTO temp.staged VALUES (?, ?, ?, ?)", rows)

    def queue_staged(self, now: datetime) -> int:
        """Write all staged deliveries into the ledger as queued, in one statement; return how many there are."""
        queued = self._db.execute(
            "INSERT INTO deliveries (edition_key, subscriber_id, digest_id, message_id, status, attempts, detail, "
            "next_attempt_at, updated_at) SELECT *, 'queued', 0, '', NULL, ? FROM temp.staged",
            [now.isoformat()],
        ).rowcount
        self._db.execute("DELETE FROM temp.staged")
        return queued

    def unstage(self) -> None:
        """Drop the staged deliveries, if there are any."""
        self._db.execute("DROP TABLE IF EXISTS temp.staged")

    def queue(self, edition_key: str, subscriber_id: int, digest_id: int, message_id: str, now: datetime) -> None:
        """Write one delivery into the ledger as queued."""
        self.unstage()
        self.stage([(edition_key, subscriber_id, digest_id, message_id)])
        self.queue_staged(now)

    def claim(self, now: datetime, *, after: int, limit: int) -> list[Delivery]:
        """Return up to `limit` deliveries that are due, in the order of their ids, beginning behind `after`."""
        sql = (
            # SQLite's planner would scan the primary key, and with it everything that was ever sent.
            f"SELECT {_COLUMNS} FROM deliveries INDEXED BY deliveries_open WHERE id > ? "
            "AND status IN ('queued', 'sending', 'deferred') AND (next_attempt_at IS NULL OR next_attempt_at <= ?) "
            "AND (SELECT state FROM editions WHERE key = edition_key) = 'open' ORDER BY id LIMIT ?"
        )
        return self._db.execute(sql, [after, now.isoformat(), limit]).into(_delivery)

    def bring_forward(self, now: datetime, latest: datetime) -> int:
        """Make the deferred deliveries due whose next attempt is after `latest`; return how many there are.

        No attempt is put off for so long: the clock was ahead when it was.
        """
        sql = (
            "UPDATE deliveries INDEXED BY deliveries_open SET next_attempt_at = ? "
            "WHERE status IN ('queued', 'sending', 'deferred') AND next_attempt_at > ?"
        )
        return self._db.execute(sql, [now.isoformat(), latest.isoformat()]).rowcount

    def open_count(self, now: datetime) -> int:
        """Count the deliveries that are due."""
        sql = (
            "SELECT count(*) FROM deliveries INDEXED BY deliveries_open "
            "WHERE status IN ('queued', 'sending', 'deferred') AND (next_attempt_at IS NULL OR next_attempt_at <= ?) "
            "AND (SELECT state FROM editions WHERE key = edition_key) = 'open'"
        )
        return int(self._db.execute(sql, [now.isoformat()]).fetchone()[0])

    def next_attempt(self) -> datetime | None:
        """Return when the first open delivery is due, which may be in the past; None if there is none."""
        sql = (
            "SELECT min(coalesce(next_attempt_at, updated_at)) FROM deliveries INDEXED BY deliveries_open "
            "WHERE status IN ('queued', 'sending', 'deferred') "
            "AND (SELECT state FROM editions WHERE key = edition_key) = 'open'"
        )
        return self._db.execute(sql).one(moment_of)

    def oldest_open(self) -> datetime | None:
        """Return when the oldest edition with open deliveries was created, or None if there is none."""
        sql = (
            "SELECT min(created_at) FROM editions WHERE key IN (SELECT edition_key FROM deliveries "
            "INDEXED BY deliveries_open WHERE status IN ('queued', 'sending', 'deferred'))"
        )
        return self._db.execute(sql).one(moment_of)

    def depart(self, delivery_id: int, now: datetime) -> bool:
        """Mark a delivery as being sent; return False if it is not open any more.

        It is not if its subscriber unsubscribed, paused or was suppressed, or its edition was paused or cancelled.
        """
        return self._db.execute(_DEPART, [now.isoformat(), delivery_id]).rowcount > 0

    def counts(self, edition_key: str | None = None) -> dict[str, int]:
        """Count the deliveries of an edition, or of all, by status."""
        where, values = ("WHERE edition_key = ?", [edition_key]) if edition_key else ("", [])
        sql = f"SELECT status, count(*) FROM deliveries {where} GROUP BY status"
        return dict(self._db.execute(sql, values).fetchall())

    def with_status(
        self, statuses: Sequence[DeliveryStatus], edition_key: str | None, limit: int, *, containing: str = ""
    ) -> list[Delivery]:
        """Return up to `limit` deliveries in one of these statuses, the latest change first.

        `containing` is a text that their details hold; it has no "%" or "_".
        """
        marks = ", ".join("?" for _ in statuses)
        where, values = f"status IN ({marks})", [status.value for status in statuses]
        for condition, value in (("edition_key = ?", edition_key), ("detail LIKE ?", containing and f"%{containing}%")):
            where += f" AND {condition}" if value else ""
            values += [value] if value else []
        return self._where(f"{where} ORDER BY updated_at DESC, id DESC LIMIT ?", [*values, limit])

    def moved_at(self, status: DeliveryStatus, moment: datetime, *, after: int, limit: int) -> list[Delivery]:
        """Return up to `limit` deliveries that got a status at a moment, in the order of their ids, behind `after`."""
        where = "status = ? AND updated_at = ? AND id > ? ORDER BY id LIMIT ?"
        return self._where(where, [status.value, moment.isoformat(), after, limit])

    def hold(self, now: datetime, detail: str) -> int:
        """Hold the deliveries that a crash left in doubt, for a person to decide; return how many there are."""
        sql = "UPDATE deliveries SET status = 'held', detail = ?, updated_at = ? WHERE status = 'sending'"
        return self._db.execute(sql, [detail, now.isoformat()]).rowcount

    def skip_open(
        self, now: datetime, detail: str, *, edition_key: str | None = None, before: datetime | None = None
    ) -> int:
        """Skip the waiting deliveries of one edition, or of all created `before`; return how many there are."""
        where = "edition_key = ?" if edition_key else "edition_key IN (SELECT key FROM editions WHERE created_at < ?)"
        value = edition_key or (before.isoformat() if before else "")
        sql = (
            f"UPDATE deliveries SET status = 'skipped', detail = ?, updated_at = ? WHERE {where} "
            "AND status IN ('queued', 'deferred')"
        )
        return self._db.execute(sql, [detail, now.isoformat(), value]).rowcount

    def queue_again(
        self, statuses: Sequence[DeliveryStatus], edition_key: str | None, now: datetime, *, since: datetime
    ) -> int:
        """Requeue the deliveries in one of these statuses; return how many there are.

        Those that would only be skipped stay: of editions created before `since`, or to suppressed addresses.
        """
        marks = ", ".join("?" for _ in statuses)
        sql = f"""
            UPDATE deliveries SET status = 'queued', attempts = 0, detail = '', next_attempt_at = NULL, updated_at = ?
            WHERE status IN ({marks}) {"AND edition_key = ?" if edition_key else ""}
                AND edition_key IN (SELECT key FROM editions WHERE created_at >= ?)
                AND subscriber_id NOT IN (SELECT id FROM subscribers JOIN suppressions USING (email_key))"""
        values = [*(status.value for status in statuses), *([edition_key] if edition_key else []), since.isoformat()]
        return self._db.execute(sql, [now.isoformat(), *values]).rowcount

    def find(self, edition_key: str, subscriber_id: int) -> Delivery | None:
        """Return the delivery of an edition to a subscriber, or None if there is none."""
        found = self._where("edition_key = ? AND subscriber_id = ?", [edition_key, subscriber_id])
        return found[0] if found else None

    def open(self) -> list[Delivery]:
        """Return the deliveries that are queued, being sent or deferred, in the order of their ids."""
        return self._where("status IN ('queued', 'sending', 'deferred') ORDER BY id", [])

    def of_subscriber(self, subscriber_id: int) -> list[Delivery]:
        """Return all deliveries to a subscriber, the newest first."""
        return self._where("subscriber_id = ? ORDER BY id DESC", [subscriber_id])

    def papers_planned_for(self, subscriber_id: int) -> dict[int, datetime]:
        """Return the papers that a subscriber was or will be sent: paper id → time of the last change.

        Failed and skipped deliveries do not count: they never arrived, so a later edition may have their papers.
        """
        sql = (
            "SELECT paper_id, max(updated_at) FROM deliveries JOIN digest_items USING (digest_id) "
            "WHERE subscriber_id = ? AND status NOT IN ('failed', 'skipped') GROUP BY paper_id"
        )
        rows = self._db.execute(sql, [subscriber_id])
        return rows.whole(lambda found: {paper_id: datetime.fromisoformat(at) for paper_id, at in found})

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
        due = next_attempt_at.isoformat() if next_attempt_at else None
        self._db.execute(
            "UPDATE deliveries SET status = ?, attempts = coalesce(?, attempts + ?), detail = ?, "
            "next_attempt_at = ?, updated_at = ? WHERE id = ?",
            [
                status.value,
                attempts,
                int(status is DeliveryStatus.SENDING),
                detail,
                due,
                now.isoformat(),
                delivery_id,
            ],
        )

    def put_back(self, delivery: Delivery) -> None:
        """Restore a delivery to what it was before an attempt that does not count as one."""
        self._db.execute(
            "UPDATE deliveries SET status = ?, attempts = ?, detail = ?, next_attempt_at = ? WHERE id = ?",
            [
                delivery.status.value,
                delivery.attempts,
                delivery.detail,
                delivery.next_attempt_at.isoformat() if delivery.next_attempt_at else None,
                delivery.id,
            ],
        )

    def _where(self, condition: str, values: list[Any]) -> list[Delivery]:
        sql = f"SELECT {_COLUMNS} FROM deliveries WHERE {condition}"
        return self._db.execute(sql, values).into(_delivery)


def _delivery(values: tuple[Any, ...]) -> Delivery:
    row = dict(zip((field.name for field in fields(Delivery)), values, strict=True))
    row["status"] = DeliveryStatus(row["status"])
    row["updated_at"] = datetime.fromisoformat(row["updated_at"])
    row["next_attempt_at"] = row["next_attempt_at"] and datetime.fromisoformat(row["next_attempt_at"])
    return Delivery(**row)
