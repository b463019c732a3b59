"""The ledger ⇄ rows: one delivery per edition and subscriber, made before anything is sent."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from newsletter.models import Delivery, DeliveryStatus

_COLUMNS = ", ".join(field.name for field in fields(Delivery))


class Deliveries:
    """The ledger of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def queue(self, edition_key: str, subscriber_id: int, digest_id: int, message_id: str, now: datetime) -> None:
        """Write one delivery into the ledger, to be sent."""
        self._db.table("deliveries").insert({
            "edition_key": edition_key,
            "subscriber_id": subscriber_id,
            "digest_id": digest_id,
            "message_id": message_id,
            "status": DeliveryStatus.QUEUED.value,
            "attempts": 0,
            "detail": "",
            "next_attempt_at": None,
            "updated_at": now.isoformat(),
        })  # fmt: skip

    def find(self, edition_key: str, subscriber_id: int) -> Delivery | None:
        """Return the delivery of an edition to a subscriber, or None if none was planned."""
        found = self._where("edition_key = ? AND subscriber_id = ?", [edition_key, subscriber_id])
        return found[0] if found else None

    def open(self) -> list[Delivery]:
        """Return the deliveries that are not at their end, in the order they were planned."""
        return self._where("status IN ('queued', 'sending', 'deferred') ORDER BY id", [])

    def of_subscriber(self, subscriber_id: int) -> list[Delivery]:
        """Return all deliveries to a subscriber, the newest first."""
        return self._where("subscriber_id = ? ORDER BY id DESC", [subscriber_id])

    def papers_planned_for(self, subscriber_id: int) -> dict[int, datetime]:
        """Return the ids of all papers that were sent to a subscriber or are on their way, and when they last were.

        What failed or was skipped never reached the reader, and does not keep a later edition from holding it.
        """
        sql = (
            "SELECT paper_id, max(updated_at) FROM deliveries JOIN digest_items USING (digest_id) "
            "WHERE subscriber_id = ? AND status NOT IN ('failed', 'skipped') GROUP BY paper_id"
        )
        return {paper_id: datetime.fromisoformat(at) for paper_id, at in self._db.execute(sql, [subscriber_id])}

    def move(
        self,
        delivery_id: int,
        status: DeliveryStatus,
        now: datetime,
        *,
        detail: str = "",
        next_attempt_at: datetime | None = None,
    ) -> None:
        """Store a delivery's new status, at once and for good. Each move to `SENDING` counts as an attempt."""
        self._db.execute(
            "UPDATE deliveries SET status = ?, attempts = attempts + ?, detail = ?, next_attempt_at = ?, "
            "updated_at = ? WHERE id = ?",
            [
                status.value,
                int(status is DeliveryStatus.SENDING),
                detail,
                next_attempt_at.isoformat() if next_attempt_at else None,
                now.isoformat(),
                delivery_id,
            ],
        )

    def put_back(self, delivery: Delivery) -> None:
        """Store a delivery as it was before an attempt that did not come to anything, and does not count as one."""
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
        return [_delivery(row) for row in self._db.execute(sql, values).fetchall()]


def _delivery(values: tuple[Any, ...]) -> Delivery:
    row = dict(zip((field.name for field in fields(Delivery)), values, strict=True))
    row["status"] = DeliveryStatus(row["status"])
    row["updated_at"] = datetime.fromisoformat(row["updated_at"])
    row["next_attempt_at"] = row["next_attempt_at"] and datetime.fromisoformat(row["next_attempt_at"])
    return Delivery(**row)
