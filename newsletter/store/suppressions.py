"""The suppression list: the addresses that must not be mailed, and why."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime

from newsletter.models import Subscriber
from newsletter.models.addresses import email_key
from newsletter.store.database import Database

#: The reason of a suppression by the owner of the address, who may subscribe again.
UNSUBSCRIBED = "unsubscribed"
PUT_HASH = "INSERT INTO suppression_hashes VALUES (?, ?, ?) ON CONFLICT DO NOTHING"


class Suppressions:
    """The `suppressions` and `suppression_hashes` tables; the second is of people who were erased.

    `secret` returns the key of the hashes.
    """

    def __init__(self, db: Database, secret: Callable[[], bytes]) -> None:
        self._db = db
        self._secret = secret

    def suppress(self, email: str, reason: str, now: datetime) -> None:
        """Add an address to the suppression list; if it is there already, the first reason stays."""
        row = {"email_key": email_key(email), "reason": reason, "suppressed_at": now.isoformat()}
        with self._db.transaction():
            self._db.insert("suppressions", row, ignore=True)
            self._note_suppressed(row["email_key"], reason, row["suppressed_at"])

    def unsuppress(self, email: str) -> None:
        """Remove an address from the suppression list."""
        key = email_key(email)
        with self._db.transaction():
            self._db.execute("DELETE FROM suppressions WHERE email_key = ?", [key])
            self._db.execute("DELETE FROM suppression_hashes WHERE hash = ?", [self.hash(key)])
            self._db.execute("UPDATE subscribers SET next_due_unix = 0 WHERE email_key = ?", [key])
            self._db.note({"unsuppressed": self.hash_of_key(key)})

    def why_suppressed(self, email: str) -> str | None:
        """Return why an address is suppressed, or None if it is not."""
        key = email_key(email)
        sql = """
            SELECT (SELECT reason FROM suppressions WHERE email_key = ?), EXISTS (SELECT 1 FROM suppression_hashes)"""
        reason, any_hashed = self._db.execute(sql, [key]).fetchone()
        if reason is None and any_hashed:
            sql = "SELECT reason FROM suppression_hashes WHERE hash = ?"
            (reason,) = self._db.execute(sql, [self.hash(key)]).fetchone() or (None,)
        return None if reason is None else str(reason)

    def suppress_many(self, entries: Iterable[tuple[str, str | None, str]]) -> None:
        """Suppress (`email_key`, reason, time in ISO 8601) each; entries without a reason are left out."""
        sql = "INSERT INTO suppressions (email_key, reason, suppressed_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        kept = [entry for entry in entries if entry[1] is not None]
        with self._db.transaction():
            self._db.executemany(sql, kept)
            for key, reason, at in kept:
                self._note_suppressed(key, str(reason), at)

    def suppressed_keys(self, keys: Collection[str]) -> set[str]:
        """Return which of these `email_key`s are on the suppression list."""
        sql = "SELECT EXISTS (SELECT 1 FROM suppressions), EXISTS (SELECT 1 FROM suppression_hashes)"
        any_plain, any_hashed = self._db.execute(sql).fetchone()
        found: set[str] = set()
        if any_plain:
            sql = "SELECT email_key FROM suppressions WHERE email_key IN (SELECT value FROM json_each(?))"
            found = {key for (key,) in self._db.execute(sql, [json.dumps(list(keys))])}
        if any_hashed:
            hashes = {one for (one,) in self._db.execute("SELECT hash FROM suppression_hashes")}
            found |= {key for key in keys if self.hash(key) in hashes}
        return found

    def reasons(self, keys: Collection[str]) -> dict[str, str]:
        """Return why addresses are suppressed, by `email_key`, of those of `keys` that are; see `why_suppressed`."""
        sql = "SELECT email_key, reason FROM suppressions WHERE email_key IN (SELECT value FROM json_each(?))"
        found = {str(key): str(reason) for key, reason in self._db.execute(sql, [json.dumps(list(keys))])}
        hashed = {bytes(one): str(why) for one, why in self._db.execute("SELECT hash, reason FROM suppression_hashes")}
        if hashed:
            hashes = ((key, self.hash(key)) for key in keys)
            found = {key: hashed[one] for key, one in hashes if one in hashed} | found
        return found

    def entries(self) -> Iterator[tuple[str, str, str]]:
        """Yield the suppression list: (`email_key`, reason, time in ISO 8601)."""
        rows = self._db.execute("SELECT email_key, reason, suppressed_at FROM suppressions ORDER BY email_key")
        yield from rows.fetchall()

    def count(self) -> tuple[int, int]:
        """Count the suppressed addresses: those that are known, and those of which only a hash is kept."""
        sql = "SELECT (SELECT count(*) FROM suppressions), (SELECT count(*) FROM suppression_hashes)"
        known, hashed = self._db.execute(sql).fetchone()
        return int(known), int(hashed)

    def count_others(self) -> int:
        """Count the suppressed addresses, as far as they are known, that are no subscriber's."""
        sql = "SELECT count(*) FROM suppressions WHERE email_key NOT IN (SELECT email_key FROM subscribers)"
        return int(self._db.execute(sql).fetchone()[0])

    def all(self) -> dict[str, str]:
        """Return the suppression list: `email_key` → reason."""
        return dict(self._db.execute("SELECT email_key, reason FROM suppressions").fetchall())

    def hash(self, key: str) -> bytes:
        """Return what is kept of the address of an erased person who must not be mailed."""
        return hmac.digest(self._secret(), key.encode(), "sha256")

    def hash_of_key(self, key: str) -> str:
        """Return what the recovery log says in place of an `email_key`."""
        return self.hash(key).hex()

    def hash_of(self, subscriber: Subscriber) -> str:
        """Return what the recovery log says in place of a subscriber's address."""
        return self.hash_of_key(email_key(subscriber.email))

    def _note_suppressed(self, key: str, reason: str, at: str) -> None:
        self._db.note({"suppressed": self.hash_of_key(key), "reason": reason.partition(":")[0], "at": at})
