"""The bounces and complaints that were reported."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from newsletter.models.addresses import email_key
from newsletter.store.database import Database
from newsletter.store.message_ids import MessageIds

_COLUMNS = "fingerprint, email_key, subscriber_id, delivery_id, kind, code, response, origin, reported_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """One report on one address, as it is stored."""

    #: Identifies the report, so that reading it twice stores it once.
    fingerprint: str
    email_key: str
    #: The recipient; None if they were erased.
    subscriber_id: int | None = None
    #: The delivery that bounced; None if the report does not name it.
    delivery_id: int | None = None
    #: "hard", "soft" or "complaint".
    kind: str
    #: An enhanced status code (RFC 3463), or "".
    code: str
    #: What the server answered.
    response: str
    #: How the report came in: "smtp", "dsn", "arf", "text" or the name of a provider.
    origin: str
    reported_at: datetime


class Review(StrEnum):
    """What an operator decided on a hard bounce that was not acted upon; see `newsletter.pipeline.fuse`."""

    NONE = ""
    PENDING = "pending"
    SUPPRESSED = "suppressed"
    DISMISSED = "dismissed"


class Bounces:
    """The `bounces` table."""

    def __init__(self, db: Database, message_ids: MessageIds) -> None:
        self._db = db
        self._message_ids = message_ids

    def put(self, row: Bounce) -> bool:
        """Store a report; return False if it is stored already."""
        marks = ", ".join(f":{name.strip()}" for name in _COLUMNS.split(","))
        sql = f"INSERT INTO bounces ({_COLUMNS}) VALUES ({marks}) ON CONFLICT DO NOTHING"
        return self._db.execute(sql, asdict(row) | {"reported_at": row.reported_at.isoformat()}).rowcount > 0

    def of(self, email: str) -> list[Bounce]:
        """Return the reports on an address, in any spelling, the newest first."""
        return self._where("email_key = ? ORDER BY reported_at DESC, id DESC", [email_key(email)])

    def of_subscriber(self, subscriber_id: int, email: str) -> list[Bounce]:
        """Return the reports on a subscriber, under whatever address, and on an address; the newest first."""
        condition = "subscriber_id = ? OR (subscriber_id IS NULL AND email_key = ?)"
        return self._where(f"{condition} ORDER BY reported_at DESC, id DESC", [subscriber_id, email_key(email)])

    def latest(self, limit: int) -> list[Bounce]:
        """Return the `limit` newest reports, the newest first."""
        return self._where("TRUE ORDER BY reported_at DESC, id DESC LIMIT ?", [limit])

    def soft_count(self, key: str, since: datetime) -> int:
        """Count the soft bounces of an address (its `email_key`) since a moment.

        Several reports on one delivery count once.
        """
        sql = (
            "SELECT count(DISTINCT coalesce(CAST(delivery_id AS TEXT), fingerprint)) FROM bounces "
            "WHERE email_key = ? AND kind = 'soft' AND reported_at >= ?"
        )
        return int(self._db.execute(sql, [key, since.isoformat()]).fetchone()[0])

    def count_hard(self, since: datetime, domain: str | None = None) -> int:
        """Count the hard bounces since a moment that were acted upon or wait for review, of one domain or of all."""
        sql = (
            "SELECT count(DISTINCT email_key) FROM bounces WHERE kind = 'hard' AND reported_at >= ? "
            "AND review IN ('', 'pending') "
            "AND (CAST(? AS TEXT) IS NULL OR substr(email_key, instr(email_key, '@') + 1) = ?)"
        )
        return int(self._db.execute(sql, [since.isoformat(), domain, domain]).fetchone()[0])

    def set_review(self, fingerprint: str, review: Review) -> None:
        """Set whether a bounce waits for review, or what was decided."""
        self._db.execute("UPDATE bounces SET review = ? WHERE fingerprint = ?", [review.value, fingerprint])

    def pending_review(self) -> list[Bounce]:
        """Return the hard bounces that wait for an operator's decision, the newest first."""
        return self._where("review = 'pending' ORDER BY reported_at DESC, id DESC", [])

    def counts_since(self, since: datetime) -> dict[str, int]:
        """Count the reports by kind since a moment."""
        sql = "SELECT kind, count(*) FROM bounces INDEXED BY bounces_reported WHERE reported_at >= ? GROUP BY kind"
        return dict(self._db.execute(sql, [since.isoformat()]).fetchall())

    def counts(self) -> dict[str, int]:
        """Count the reports by kind."""
        return dict(self._db.execute("SELECT kind, count(*) FROM bounces GROUP BY kind").fetchall())

    def delivery(self, delivery_id: int) -> tuple[int, int] | None:
        """Return the ids of a delivery and of its subscriber, or None if there is no such delivery."""
        return self._delivery("id = ?", delivery_id)

    def delivery_of(self, message_id: str) -> tuple[int, int] | None:
        """Return the ids of the delivery with this Message-ID and of its subscriber, or None if it is not ours."""
        forms = self._message_ids.forms(message_id)
        return self._delivery(f"message_id IN ({', '.join('?' * len(forms))})", *forms)

    def _delivery(self, condition: str, *values: int | str) -> tuple[int, int] | None:
        sql = f"SELECT id, subscriber_id FROM deliveries WHERE {condition}"
        row = self._db.execute(sql, values).fetchone()
        return (int(row[0]), int(row[1])) if row else None

    def _where(self, condition: str, values: list[Any]) -> list[Bounce]:
        return self._db.execute(f"SELECT {_COLUMNS} FROM bounces WHERE {condition}", values).into(_bounce)


def _bounce(values: tuple[Any, ...]) -> Bounce:
    row = dict(zip((name.strip() for name in _COLUMNS.split(",")), values, strict=True))
    return Bounce(**row | {"reported_at": datetime.fromisoformat(row["reported_at"])})
