"""What subscribers want more and less of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from newsletter.models import Example
from newsletter.store.database import Database


class GivenFeedback(NamedTuple):
    """Feedback on a paper, in the store or not, and its time in ISO 8601."""

    example: Example
    at: str


class Feedback:
    """The `feedback` and `examples` tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, subscriber_id: int, paper_id: int, *, liked: bool, now: datetime) -> None:
        """Store that a subscriber likes or dislikes a paper, in place of earlier feedback on it."""
        row = [subscriber_id, paper_id, int(liked), now.isoformat()]
        sql = """
            INSERT INTO feedback VALUES (?, ?, ?, ?) ON CONFLICT (subscriber_id, paper_id)
            DO UPDATE SET liked = excluded.liked, given_at = excluded.given_at"""
        self._db.execute(sql, row)

    def withdraw(self, subscriber_id: int, paper_id: int) -> bool:
        """Delete a subscriber's feedback on a paper; return False if there was none."""
        sql = "DELETE FROM feedback WHERE subscriber_id = ? AND paper_id = ?"
        return self._db.execute(sql, [subscriber_id, paper_id]).rowcount > 0

    def of(self, subscriber_id: int) -> dict[int, bool]:
        """Return a subscriber's feedback, the latest first: paper id → liked (True) or disliked (False)."""
        sql = "SELECT paper_id, liked FROM feedback WHERE subscriber_id = ? ORDER BY given_at DESC, paper_id"
        return {paper_id: bool(liked) for paper_id, liked in self._db.execute(sql, [subscriber_id])}

    def put_example(self, subscriber_id: int, example: Example, now: datetime) -> None:
        """Store that a subscriber likes or dislikes a paper that is not in the store."""
        row = [subscriber_id, example.key, example.title, example.abstract, int(example.liked), now.isoformat()]
        sql = """
            INSERT INTO examples VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subscriber_id, key) DO UPDATE SET
                title = excluded.title, abstract = excluded.abstract, liked = excluded.liked,
                given_at = excluded.given_at"""
        self._db.execute(sql, row)

    def forget_example(self, subscriber_id: int, key: str) -> None:
        """Delete a subscriber's feedback on a paper that is not in the store."""
        self._db.execute("DELETE FROM examples WHERE subscriber_id = ? AND key = ?", [subscriber_id, key])

    def examples(self, subscriber_id: int) -> list[Example]:
        """Return a subscriber's feedback on papers that are not in the store, in the order of their keys."""
        sql = "SELECT key, title, abstract, liked FROM examples WHERE subscriber_id = ? ORDER BY key"
        rows = self._db.execute(sql, [subscriber_id])
        return [Example(key, title, abstract, liked=bool(liked)) for key, title, abstract, liked in rows]

    def has(self, subscriber_id: int, paper_id: int) -> bool:
        """Return whether a subscriber gave feedback on a paper."""
        sql = "SELECT 1 FROM feedback WHERE subscriber_id = ? AND paper_id = ?"
        return self._db.execute(sql, [subscriber_id, paper_id]).fetchone() is not None

    def has_example(self, subscriber_id: int, key: str) -> bool:
        """Return whether a subscriber gave feedback on a paper that is not in the store."""
        sql = "SELECT 1 FROM examples WHERE subscriber_id = ? AND key = ?"
        return self._db.execute(sql, [subscriber_id, key]).fetchone() is not None

    def take_back(self, subscriber_id: int, paper_id: int | None, key: str, given_at: str) -> None:
        """Delete a like that was given at this moment, on a paper or on what stood for it; leave any other feedback."""
        sql = "DELETE FROM feedback WHERE subscriber_id = ? AND paper_id = ? AND liked = 1 AND given_at = ?"
        self._db.execute(sql, [subscriber_id, paper_id, given_at])
        sql = "DELETE FROM examples WHERE subscriber_id = ? AND key = ? AND liked = 1 AND given_at = ?"
        self._db.execute(sql, [subscriber_id, key, given_at])

    def given(self, subscriber_id: int) -> Iterator[GivenFeedback]:
        """Yield all feedback of a subscriber, on papers in the store and on others, in the order of their keys."""
        sql = """
            SELECT key, title, abstract, liked, given_at FROM feedback JOIN papers ON papers.id = paper_id
            WHERE subscriber_id = :id
            UNION SELECT key, title, abstract, liked, given_at FROM examples WHERE subscriber_id = :id
            ORDER BY key"""
        for key, title, abstract, liked, at in self._db.execute(sql, {"id": subscriber_id}).fetchall():
            yield GivenFeedback(Example(key, title, abstract, liked=bool(liked)), at)

    def dislikers(self) -> list[int]:
        """Return the ids of all subscribers who dislike any paper in the store."""
        rows = self._db.execute("SELECT DISTINCT subscriber_id FROM feedback WHERE liked = 0 ORDER BY 1")
        return [number for (number,) in rows.fetchall()]

    def disliked(self, subscriber_id: int) -> list[int]:
        """Return the ids of the papers in the store that a subscriber dislikes."""
        sql = "SELECT paper_id FROM feedback WHERE subscriber_id = ? AND liked = 0 ORDER BY 1"
        return [number for (number,) in self._db.execute(sql, [subscriber_id]).fetchall()]

    def givers(self) -> set[int]:
        """Return the ids of all subscribers who gave any feedback."""
        sql = "SELECT subscriber_id FROM feedback UNION SELECT subscriber_id FROM examples"
        return {number for (number,) in self._db.execute(sql)}

    def subscribers(self) -> list[int]:
        """Return the ids of all subscribers who like any paper."""
        sql = """
            SELECT subscriber_id FROM feedback WHERE liked = 1 UNION SELECT subscriber_id FROM examples WHERE liked = 1
            ORDER BY 1"""
        return [number for (number,) in self._db.execute(sql)]
