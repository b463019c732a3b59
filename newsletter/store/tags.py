"""Tags: words that the operator gives subscribers, to address them as a group. They are no preferences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from newsletter.store.database import Database


class Tags:
    """The `tags` table. A tag is stored as `subscribers.tags.read_tag` returns it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, subscriber_id: int) -> tuple[str, ...]:
        """Return the tags of a subscriber, in alphabetical order."""
        rows = self._db.execute("SELECT tag FROM tags WHERE subscriber_id = ? ORDER BY tag", [subscriber_id])
        return tuple(str(tag) for (tag,) in rows.fetchall())

    def all(self) -> Mapping[int, tuple[str, ...]]:
        """Return the tags of each subscriber who has some, by their ids."""
        found: dict[int, list[str]] = {}
        for number, tag in self._db.execute("SELECT subscriber_id, tag FROM tags ORDER BY subscriber_id, tag"):
            found.setdefault(int(number), []).append(str(tag))
        return {number: tuple(tags) for number, tags in found.items()}

    def counts(self) -> dict[str, int]:
        """Count the subscribers who have each tag."""
        return dict(self._db.execute("SELECT tag, count(*) FROM tags GROUP BY tag ORDER BY tag").fetchall())

    def add(self, pairs: Iterable[tuple[int, str]]) -> int:
        """Give subscribers, by their ids, tags; return how many they did not have yet."""
        sql = "INSERT INTO tags (subscriber_id, tag) VALUES (?, ?) ON CONFLICT DO NOTHING"
        return max(0, self._db.executemany(sql, pairs))

    def remove(self, pairs: Iterable[tuple[int, str]]) -> int:
        """Take tags from subscribers, by their ids; return how many they had."""
        return max(0, self._db.executemany("DELETE FROM tags WHERE subscriber_id = ? AND tag = ?", pairs))
