"""What readers said they want more or less of ⇄ rows."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database


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

    def papers(self) -> set[int]:
        """Return the ids of all papers that anybody said anything of."""
        return {paper_id for (paper_id,) in self._db.execute("SELECT DISTINCT paper_id FROM feedback")}
