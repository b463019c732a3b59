"""Subscribers found by a part of their address or name, by status, tag or topic; a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from newsletter.models import Status, Subscriber
from newsletter.models.addresses import email_key
from newsletter.store.database import Database
from newsletter.store.subscribers import Subscribers

#: No address and no name that is worth looking for is longer.
_MAX_TEXT = 100
#: How many are read at once when all are.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; an empty one finds everybody."""

    #: A part of an address or name, whatever its case.
    text: str = ""
    status: Status | None = None
    tag: str = ""
    #: The name of a topic of the catalogue.
    topic: str = ""


class SubscriberSearch:
    """Searches the `subscribers` table in the order of addresses."""

    def __init__(self, db: Database, subscribers: Subscribers) -> None:
        self._db = db
        self._subscribers = subscribers

    def page(self, search: Search, limit: int, *, after: str = "", before: str = "") -> list[Subscriber]:
        """Return up to `limit` subscribers whose `email_key` comes after, or else just before, another one."""
        condition, values = _condition(search)
        where, order = ("email_key < :before", "DESC") if before else ("email_key > :after", "ASC")
        sql = f"SELECT id FROM subscribers WHERE {where} AND {condition} ORDER BY email_key {order} LIMIT :limit"
        rows = self._db.execute(sql, values | {"after": after, "before": before, "limit": limit}).fetchall()
        numbers = [int(number) for (number,) in (reversed(rows) if before else rows)]
        found = self._subscribers.get_many(numbers) if numbers else {}
        return [found[number] for number in numbers if number in found]

    def walk(self, search: Search, after: str = "") -> Iterator[Subscriber]:
        """Yield all subscribers who are found, in the order of their addresses, of whom few are in memory at once."""
        while found := self.page(search, _AT_ONCE, after=after):
            yield from found
            after = email_key(found[-1].email)

    def count(self, search: Search, most: int) -> int:
        """Count the subscribers that are found, but no more than `most`."""
        condition, values = _condition(search)
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM subscribers "
            f"WHERE email_key > '' AND {condition} ORDER BY email_key LIMIT :most) AS found"
        )
        return int(self._db.execute(sql, values | {"most": most}).fetchone()[0])


def _condition(search: Search) -> tuple[str, dict[str, Any]]:
    """Return an SQL condition without the user's texts, and the values of its parameters."""
    conditions, values = ["TRUE"], dict[str, Any]()
    if text := search.text[:_MAX_TEXT].strip():
        conditions.append("(instr(email_key, :key) > 0 OR email LIKE :like ESCAPE '\\' OR name LIKE :like ESCAPE '\\')")
        escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        values |= {"key": text.casefold(), "like": f"%{escaped}%"}
    if search.status is not None:
        conditions.append("status = :status")
        values["status"] = search.status.value
    if search.tag:
        conditions.append("id IN (SELECT subscriber_id FROM tags WHERE tag = :tag)")
        values["tag"] = search.tag
    if search.topic:
        conditions.append(
            "id IN (SELECT subscriber_id FROM subscriptions WHERE topic_id = "
            "(SELECT id FROM topics WHERE in_catalogue = 1 AND name = :topic COLLATE NOCASE))"
        )
        values["topic"] = search.topic
    return " AND ".join(conditions), values
