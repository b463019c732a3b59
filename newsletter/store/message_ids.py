"""Message-IDs in the ledger: of each only what no other column says, ten bytes that are kept secret.

`<daily-2026-05-08.0123456789abcdef0123@news.example>` is stored as `ASNFZ4mrze8BIw`: the edition is in the row, and the
domain of the site's sender among the facts, which a number names if it is not the first. Whatever else a Message-ID may
be, as those that former releases stored, stands there as it is.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from newsletter.store.database import Database
from newsletter.store.facts import fact, set_fact

_DOMAINS = "message_domains"
#: As `pipeline.messages.make_message_id` makes them.
_FULL = re.compile(r"<([^<>@]+)\.([0-9a-f]{20})@([^<>@]+)>")
_STORED = re.compile(r"([\w-]{14})(?:\.(\d{1,9}))?", re.ASCII)


class MessageIds:
    """Message-IDs as the column `message_id` of the `deliveries` table has them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        #: The domains, in the order in which they came, as far as they are known to be committed.
        self._domains: list[str] = []

    def to_store(self, names: Sequence[tuple[str, str]]) -> list[str]:
        """Return what is stored of some Message-IDs, each given with its edition, and store the domains that are new.

        In a transaction, with the rows that have them: either all is committed, or nothing.
        """
        domains = self._stored()
        before, stored = len(domains), []
        for message_id, edition_key in names:
            found = _FULL.fullmatch(message_id)
            if found is None or found[1] != edition_key.lower():
                stored.append(message_id)
                continue
            if found[3] not in domains:
                domains.append(found[3])
            stored.append(_short(found[2], domains.index(found[3])))
        if len(domains) > before:
            set_fact(self._db, _DOMAINS, json.dumps(domains))
        return stored

    def read(self, stored: str, edition_key: str) -> str:
        """Return the Message-ID of a delivery of an edition.

        Raises:
            ValueError: What is stored is none.
        """
        if stored.startswith("<"):
            return stored
        found = _STORED.fullmatch(stored)
        if found is None:
            raise ValueError("no Message-ID")
        number = int(found[2] or 0)
        domains = self._domains if number < len(self._domains) else self._known()
        if number >= len(domains):
            raise ValueError(f"the domain {number} of Message-IDs is unknown")
        return f"<{edition_key.lower()}.{urlsafe_b64decode(found[1] + '==').hex()}@{domains[number]}>"

    def forms(self, message_id: str) -> tuple[str, ...]:
        """Return all that may be stored of a Message-ID, which may be anybody's."""
        found = _FULL.fullmatch(message_id)
        if found is None:
            return (message_id,)
        domains = self._domains if found[3] in self._domains else self._known()
        return (message_id, *(_short(found[2], number) for number, one in enumerate(domains) if one == found[3]))

    def _known(self) -> list[str]:
        """Return the domains, and remember them, unless they may still be rolled back."""
        domains = self._stored()
        if not self._db.is_in_transaction:
            self._domains = domains
        return domains

    def _stored(self) -> list[str]:
        return [str(one) for one in json.loads(fact(self._db, _DOMAINS) or "[]")]


def _short(code: str, number: int) -> str:
    return urlsafe_b64encode(bytes.fromhex(code)).decode().rstrip("=") + (f".{number}" if number else "")
