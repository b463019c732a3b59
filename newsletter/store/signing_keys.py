"""The keys that sign links: the current one, and former ones that are still accepted for a while."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from newsletter.errors import RequestError
from newsletter.store.database import Database

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that the store knows."""

    #: The beginning of its SHA-256, which names it without giving it away.
    fingerprint: str
    #: None for a key that is kept outside the store, or that is not accepted any more.
    value: bytes | None = field(repr=False)
    #: None if that was before such dates were kept.
    made_at: datetime | None
    #: When another took its place, and until when links that it signed are accepted; None for the current key.
    retired_at: datetime | None
    valid_until: datetime | None


def fingerprint_of(key: bytes) -> str:
    """Return the name of a key."""
    return hashlib.sha256(key).hexdigest()[:12]


class SigningKeys:
    """The `signing_keys` table, and the keys that are kept outside the store, the newest first: these sign, if any."""

    def __init__(self, db: Database, outside: Sequence[bytes] = ()) -> None:
        self._db = db
        self.outside = tuple(outside)

    def current(self) -> bytes:
        """Return the key that signs.

        Raises:
            RequestError: The store's own key was retired for one that is kept outside, and that one is not here.
        """
        known = self.outside[0] if self.outside else self.own()
        if known is None:
            raise RequestError(
                "the key that signs links is kept outside the database, and was not given",
                hint="set NEWSLETTER_SITE_SECRET or site.secret_file, as for the other commands",
            )
        return known

    def accepted(self, now: datetime) -> tuple[bytes, ...]:
        """Return the keys whose signatures are valid, the current one first."""
        rows = self.all()
        ended = {row.fingerprint for row in rows if row.valid_until is not None and row.valid_until <= now}
        first = self.current()
        others = (*self.outside, *(row.value for row in rows if row.value is not None))
        keys = dict.fromkeys([first, *(key for key in others if fingerprint_of(key) not in ended)])
        return tuple(keys)

    def all(self) -> list[SigningKey]:
        """Return the keys that the store knows, the current one first, then the latest."""
        sql = "SELECT fingerprint, value, made_at, retired_at, valid_until FROM signing_keys"
        rows = [
            SigningKey(fingerprint, value, *(datetime.fromisoformat(one) if one else None for one in moments))
            for fingerprint, value, *moments in self._db.execute(sql).fetchall()
        ]
        latest = datetime.max.replace(tzinfo=UTC)
        return sorted(rows, key=lambda row: (row.retired_at or latest, row.fingerprint), reverse=True)

    def retire(self, key: bytes, now: datetime, valid_until: datetime) -> None:
        """Accept a key until a moment, and sign with it no more. In a transaction."""
        self.note(key, None)
        sql = "UPDATE signing_keys SET retired_at = ?, valid_until = ? WHERE fingerprint = ? AND retired_at IS NULL"
        self._db.execute(sql, [now.isoformat(), valid_until.isoformat(), fingerprint_of(key)])

    def rotate(self, now: datetime, valid_until: datetime) -> bytes:
        """Retire the store's own key, make another and return it. In a transaction."""
        own = self.own()
        if own is not None:
            self.retire(own, now, valid_until)
        return self._insert(now)

    def note(self, key: bytes, now: datetime | None) -> None:
        """Remember since when a key is known that is kept outside the store. In a transaction."""
        sql = "INSERT INTO signing_keys (fingerprint, made_at) VALUES (?, ?) ON CONFLICT DO NOTHING"
        self._db.execute(sql, [fingerprint_of(key), now.isoformat() if now else None])

    def forget_ended(self, now: datetime) -> None:
        """Delete the values of keys that are not accepted any more. In a transaction."""
        self._db.execute("UPDATE signing_keys SET value = NULL WHERE valid_until <= ?", [now.isoformat()])

    def own(self) -> bytes | None:
        """Return the store's own current key; None if it has none."""
        sql = "SELECT value FROM signing_keys WHERE retired_at IS NULL AND value IS NOT NULL"
        row = self._db.execute(sql).fetchone()
        return None if row is None else bytes(row[0])

    def make_first(self) -> None:
        """Make the first key, unless there was one; of two processes at once, the first one wins. In a transaction."""
        self._db.execute(
            """INSERT INTO signing_keys (fingerprint, value, made_at)
               SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM signing_keys)""",
            self._new(datetime.now(UTC)),
        )

    def _insert(self, now: datetime) -> bytes:
        row = self._new(now)
        self._db.execute("INSERT INTO signing_keys (fingerprint, value, made_at) VALUES (?, ?, ?)", row)
        return row[1]

    @staticmethod
    def _new(now: datetime) -> tuple[str, bytes, str]:
        key = secrets.token_bytes(_KEY_BYTES)
        return fingerprint_of(key), key, now.isoformat()
