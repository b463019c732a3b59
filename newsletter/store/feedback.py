"""What readers said they want more or less of, and what was learned from it ⇄ rows."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from newsletter.models import Example


class Feedback:
    """The feedback of one store's readers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, subscriber_id: int, paper_id: int, *, liked: bool, now: datetime) -> None:
        """Remember that a reader wants more (or less) like a paper; the last word counts."""
        row = [subscriber_id, paper_id, int(liked), now.isoformat()]
        self._db.execute("INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?)", row)

    def forget(self, subscriber_id: int, paper_id: int) -> bool:
        """Forget what a reader said of a paper; return whether they had."""
        sql = "DELETE FROM feedback WHERE subscriber_id = ? AND paper_id = ?"
        return self._db.execute(sql, [subscriber_id, paper_id]).rowcount > 0

    def of(self, subscriber_id: int) -> dict[int, bool]:
        """Return the ids of the papers that a reader likes (True) and dislikes (False), the latest first."""
        sql = "SELECT paper_id, liked FROM feedback WHERE subscriber_id = ? ORDER BY said_at DESC, paper_id"
        return {paper_id: bool(liked) for paper_id, liked in self._db.execute(sql, [subscriber_id])}

    def put_example(self, subscriber_id: int, example: Example, now: datetime) -> None:
        """Remember that a reader wants more (or less) like a paper that the store does not hold."""
        row = [subscriber_id, example.key, example.title, example.abstract, int(example.liked), now.isoformat()]
        self._db.execute("INSERT OR REPLACE INTO examples VALUES (?, ?, ?, ?, ?, ?)", row)

    def forget_example(self, subscriber_id: int, key: str) -> None:
        """Forget what a reader said of a paper that the store does not hold."""
        self._db.execute("DELETE FROM examples WHERE subscriber_id = ? AND key = ?", [subscriber_id, key])

    def examples(self, subscriber_id: int) -> list[Example]:
        """Return what a reader said of papers that the store does not hold, in the order of their keys."""
        sql = "SELECT key, title, abstract, liked FROM examples WHERE subscriber_id = ? ORDER BY key"
        rows = self._db.execute(sql, [subscriber_id])
        return [Example(key, title, abstract, liked=bool(liked)) for key, title, abstract, liked in rows]

    def readers(self) -> list[int]:
        """Return the numbers of all who like anything."""
        sql = """
            SELECT subscriber_id FROM feedback WHERE liked UNION SELECT subscriber_id FROM examples WHERE liked
            ORDER BY 1"""
        return [number for (number,) in self._db.execute(sql)]


class Learned:
    """What was learned from feedback: the space that papers are placed in, and each reader's taste in it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def space(self) -> tuple[int, datetime, bytes] | None:
        """Return the version of the space, when it was made, and the space; None if there is none."""
        row = self._db.execute("SELECT version, made_at, content FROM spaces ORDER BY version DESC").fetchone()
        return (row[0], datetime.fromisoformat(row[1]), bytes(row[2])) if row else None

    def put_space(self, content: bytes, now: datetime) -> int:
        """Keep a space in place of the one before, whose tastes are forgotten with it; return its version."""
        (last,) = self._db.execute("SELECT coalesce(max(version), 0) FROM spaces").fetchone()
        self._db.execute("DELETE FROM tastes")
        self._db.execute("DELETE FROM spaces")
        self._db.execute("INSERT INTO spaces VALUES (?, ?, ?)", [last + 1, now.isoformat(), content])
        return int(last) + 1

    def taste(self, subscriber_id: int) -> bytes | None:
        """Return a reader's taste in the space that there is, or None."""
        row = self._db.execute("SELECT content FROM tastes WHERE subscriber_id = ?", [subscriber_id]).fetchone()
        return bytes(row[0]) if row else None

    def learned_from(self) -> dict[int, str]:
        """Return what each reader's taste was learned from, by the reader's number."""
        return dict(self._db.execute("SELECT subscriber_id, learned_from FROM tastes").fetchall())

    def put_taste(self, subscriber_id: int, space: int, learned_from: str, content: bytes, now: datetime) -> None:
        """Keep a reader's taste in place of the one before."""
        row = [subscriber_id, space, learned_from, now.isoformat(), content]
        self._db.execute("INSERT OR REPLACE INTO tastes VALUES (?, ?, ?, ?, ?)", row)
