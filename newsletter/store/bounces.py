"""What came back of the mail ⇄ rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from newsletter.addresses import email_key

_COLUMNS = "fingerprint, email_key, subscriber_id, delivery_id, kind, code, response, origin, reported_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """One report on one address, as it is kept."""

    #: The same whenever the same report is read.
    fingerprint: str
    email_key: str
    #: Whose mail it was; None when they are gone.
    subscriber_id: int | None = None
    #: What it is about, where the report says.
    delivery_id: int | None = None
    #: "hard", "soft" or "complaint".
    kind: str
    #: Of RFC 3463, or "".
    code: str
    response: str
    origin: str
    reported_at: datetime


class Bounces:
    """What came back to one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, row: Bounce) -> bool:
        """Keep a report; return whether it is a new one."""
        marks = ", ".join(f":{name.strip()}" for name in _COLUMNS.split(","))
        sql = f"INSERT OR IGNORE INTO bounces ({_COLUMNS}) VALUES ({marks})"
        return self._db.execute(sql, asdict(row) | {"reported_at": row.reported_at.isoformat()}).rowcount > 0

    def of(self, email: str) -> list[Bounce]:
        """Return what came back from an address, in any case, the newest first."""
        return self._where("email_key = ? ORDER BY reported_at DESC, id DESC", [email_key(email)])

    def latest(self, limit: int) -> list[Bounce]:
        """Return what came back, the newest first."""
        return self._where("1 ORDER BY reported_at DESC, id DESC LIMIT ?", [limit])

    def soft_count(self, key: str, since: datetime) -> int:
        """Return how many messages an address (its `email_key`) refused softly since a moment.

        Two reports on one delivery are one refusal.
        """
        sql = (
            "SELECT count(DISTINCT coalesce(delivery_id, fingerprint)) FROM bounces "
            "WHERE email_key = ? AND kind = 'soft' AND reported_at >= ?"
        )
        return int(self._db.execute(sql, [key, since.isoformat()]).fetchone()[0])

    def counts(self) -> dict[str, int]:
        """Return how many reports there are of each kind."""
        return dict(self._db.execute("SELECT kind, count(*) FROM bounces GROUP BY kind").fetchall())

    def delivery(self, delivery_id: int) -> tuple[int, int] | None:
        """Return the number and the subscriber of a delivery, or None if there is none."""
        return self._delivery("id = ?", delivery_id)

    def delivery_of(self, message_id: str) -> tuple[int, int] | None:
        """Return the number and the subscriber of the delivery with this Message-ID, or None if it is not ours."""
        return self._delivery("message_id = ?", message_id)

    def _delivery(self, condition: str, value: int | str) -> tuple[int, int] | None:
        sql = f"SELECT id, subscriber_id FROM deliveries WHERE {condition}"
        row = self._db.execute(sql, [value]).fetchone()
        return (int(row[0]), int(row[1])) if row else None

    def _where(self, condition: str, values: list[Any]) -> list[Bounce]:
        names = [name.strip() for name in _COLUMNS.split(",")]
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM bounces WHERE {condition}", values)
        found = (dict(zip(names, row, strict=True)) for row in rows.fetchall())
        return [Bounce(**one | {"reported_at": datetime.fromisoformat(one["reported_at"])}) for one in found]
