"""What was asked for under an address, to be confirmed by whoever reads its mail ⇄ rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database

from newsletter.addresses import email_key

_COLUMNS = "id, kind, email, subscriber_id, name, wishes, asked_at, sent_at, confirmed_at"


class Kind(StrEnum):
    """What is asked for."""

    #: To be mailed.
    JOIN = "join"
    #: To be mailed at this address instead of the old one.
    MOVE = "move"
    #: A link to one's preferences, by somebody who may be subscribed already.
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that was asked for."""

    id: int
    kind: Kind
    email: str
    #: Who asks, where they are known.
    subscriber_id: int | None
    name: str
    #: As a profile's file has them.
    wishes: Mapping[str, Any]
    asked_at: datetime
    #: When the mail that asks to confirm it left.
    sent_at: datetime | None
    confirmed_at: datetime | None


class Requests:
    """The requests of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(
        self,
        kind: Kind,
        email: str,
        now: datetime,
        *,
        subscriber_id: int | None = None,
        name: str = "",
        wishes: Mapping[str, Any] | None = None,
    ) -> int:
        """Remember a request, and return its number."""
        row = {
            "kind": kind.value,
            "email": email,
            "email_key": email_key(email),
            "subscriber_id": subscriber_id,
            "name": name,
            "wishes": json.dumps(wishes or {}, ensure_ascii=False),
            "asked_at": now.isoformat(),
        }
        return int(str(self._db.table("requests").insert(row).last_pk))

    def find(self, number: int) -> Request | None:
        """Return the request of this number, or None."""
        return next(iter(self._where("id = ?", [number])), None)

    def waiting(self, limit: int) -> list[Request]:
        """Return requests whose mail has not left yet, the oldest first."""
        return self._where("sent_at IS NULL ORDER BY asked_at, id LIMIT ?", [limit])

    def count_since(self, email: str, moment: datetime) -> int:
        """Return how often something was asked for under an address since a moment."""
        sql = "SELECT count(*) FROM requests WHERE email_key = ? AND asked_at >= ?"
        return int(self._db.execute(sql, [email_key(email), moment.isoformat()]).fetchone()[0])

    def claim(self, number: int, now: datetime) -> bool:
        """Remember that the mail that asks to confirm a request leaves; return False if it left already."""
        sql = "UPDATE requests SET sent_at = ? WHERE id = ? AND sent_at IS NULL"
        return self._db.execute(sql, [now.isoformat(), number]).rowcount > 0

    def unclaim(self, number: int) -> None:
        """Remember that the mail did not leave after all."""
        self._db.execute("UPDATE requests SET sent_at = NULL WHERE id = ?", [number])

    def mark_confirmed(self, number: int, subscriber_id: int, now: datetime) -> None:
        """Remember that a request was confirmed, and by whom."""
        sql = "UPDATE requests SET confirmed_at = ?, subscriber_id = ? WHERE id = ?"
        self._db.execute(sql, [now.isoformat(), subscriber_id, number])

    def forget_before(self, moment: datetime) -> int:
        """Forget what was asked for before a moment, confirmed or not; return how many requests that were."""
        return self._db.execute("DELETE FROM requests WHERE asked_at < ?", [moment.isoformat()]).rowcount

    def _where(self, condition: str, values: list[Any]) -> list[Request]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM requests WHERE {condition}", values).fetchall()
        return [_request(*row) for row in rows]


def _request(
    number: int,
    kind: str,
    email: str,
    subscriber_id: int | None,
    name: str,
    wishes: str,
    *moments: str | None,
) -> Request:
    asked_at, sent_at, confirmed_at = (datetime.fromisoformat(one) if one else None for one in moments)
    assert asked_at is not None  # noqa: S101 - the column says so
    return Request(number, Kind(kind), email, subscriber_id, name, json.loads(wishes), asked_at, sent_at, confirmed_at)
