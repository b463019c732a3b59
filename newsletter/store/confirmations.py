"""Requests that the owner of an address has to confirm by email (double opt-in)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from newsletter.models.addresses import email_key
from newsletter.store.database import Database, moment_of

_COLUMNS = "id, kind, email, subscriber_id, name, preferences, requested_at, sent_at, confirmed_at, tags"


class Kind(StrEnum):
    """What a request is for."""

    #: A new subscription.
    SUBSCRIBE = "subscribe"
    #: Another address for a subscription.
    CHANGE_ADDRESS = "change_address"
    #: A link to the preferences, for somebody who may be a subscriber.
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    id: int
    kind: Kind
    #: Where the confirmation email goes.
    email: str
    #: The subscriber who made the request; None if it was not made by one.
    subscriber_id: int | None
    name: str
    #: The fields of a profile file.
    preferences: Mapping[str, Any]
    requested_at: datetime
    #: When the confirmation email was sent; None while it waits.
    sent_at: datetime | None
    confirmed_at: datetime | None
    #: The tags that the subscriber gets, if the operator imported them.
    tags: tuple[str, ...] = ()


class Confirmations:
    """The `confirmations` table."""

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
        preferences: Mapping[str, Any] | None = None,
        tags: Iterable[str] = (),
    ) -> int:
        """Store a request; return its id, which is never that of an earlier request: tokens are signed for it."""
        row = {
            "id": secrets.randbits(53),
            "kind": kind.value,
            "email": email,
            "email_key": email_key(email),
            "subscriber_id": subscriber_id,
            "name": name,
            "preferences": json.dumps(preferences or {}, ensure_ascii=False),
            "requested_at": now.isoformat(),
            "tags": "\n".join(tags),
        }
        return self._db.insert("confirmations", row)

    def find(self, number: int) -> Request | None:
        """Return the request with this id, or None."""
        return next(iter(self._where("id = ?", [number])), None)

    def of(self, subscriber_id: int, email: str) -> list[Request]:
        """Return the requests of a subscriber and those for an address, the newest first."""
        condition = "subscriber_id = ? OR email_key = ? ORDER BY requested_at DESC, id DESC"
        return self._where(condition, [subscriber_id, email_key(email)])

    def waiting(self, limit: int, now: datetime | None = None) -> list[Request]:
        """Return up to `limit` requests whose email was not sent yet, the oldest first; with `now`, those made by then.

        An import makes requests for later days.
        """
        until = now.isoformat() if now else "9999"
        condition = "sent_at IS NULL AND requested_at <= ? ORDER BY requested_at, id LIMIT ?"
        return self._where(condition, [until, limit])

    def next_waiting(self) -> datetime | None:
        """Return when the first email that was not sent yet is to be sent, which may be in the past; or None."""
        return self._db.execute("SELECT min(requested_at) FROM confirmations WHERE sent_at IS NULL").one(moment_of)

    def count_since(self, email: str, moment: datetime) -> int:
        """Count the requests for an address since a moment."""
        sql = "SELECT count(*) FROM confirmations WHERE email_key = ? AND requested_at >= ?"
        return int(self._db.execute(sql, [email_key(email), moment.isoformat()]).fetchone()[0])

    def claim(self, number: int, now: datetime) -> bool:
        """Mark the email of a request as sent, before sending it; return False if it was sent already."""
        sql = "UPDATE confirmations SET sent_at = ? WHERE id = ? AND sent_at IS NULL"
        return self._db.execute(sql, [now.isoformat(), number]).rowcount > 0

    def unclaim(self, number: int) -> None:
        """Mark the email of a request as not sent: sending it failed."""
        self._db.execute("UPDATE confirmations SET sent_at = NULL WHERE id = ?", [number])

    def mark_confirmed(self, number: int, subscriber_id: int, now: datetime) -> None:
        """Mark a request as confirmed by a subscriber."""
        sql = "UPDATE confirmations SET confirmed_at = ?, subscriber_id = ? WHERE id = ?"
        self._db.execute(sql, [now.isoformat(), subscriber_id, number])

    def forget_before(self, moment: datetime) -> int:
        """Delete the requests made before a moment, confirmed or not; return how many there were."""
        return self._db.execute("DELETE FROM confirmations WHERE requested_at < ?", [moment.isoformat()]).rowcount

    def _where(self, condition: str, values: list[Any]) -> list[Request]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM confirmations WHERE {condition}", values)
        return rows.into(lambda row: _request(*row))


def _request(
    number: int,
    kind: str,
    email: str,
    subscriber_id: int | None,
    name: str,
    preferences: str,
    *others: str | None,
) -> Request:
    *moments, tags = others
    requested_at, sent_at, confirmed_at = (datetime.fromisoformat(one) if one else None for one in moments)
    assert requested_at is not None  # noqa: S101 - the column is NOT NULL
    return Request(
        number, Kind(kind), email, subscriber_id, name, json.loads(preferences), requested_at, sent_at, confirmed_at,
        tuple(tags.split("\n")) if tags else (),
    )  # fmt: skip
