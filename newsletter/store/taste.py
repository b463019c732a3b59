"""Taste models ⇄ rows."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database


class TasteModels:
    """What was learned from feedback: the space that papers are placed in, and each reader's taste in it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def space(self) -> tuple[int, datetime, bytes] | None:
        """Return the version of the space, when it was made, and the space; None if there is none."""
        row = self._db.execute("SELECT version, made_at, content FROM embeddings ORDER BY version DESC").fetchone()
        return (row[0], datetime.fromisoformat(row[1]), bytes(row[2])) if row else None

    def put_embedding(self, content: bytes, now: datetime) -> int:
        """Keep a space in place of the one before, whose taste_models are forgotten with it; return its version."""
        (last,) = self._db.execute("SELECT coalesce(max(version), 0) FROM embeddings").fetchone()
        self._db.execute("DELETE FROM taste_models")
        self._db.execute("DELETE FROM embeddings")
        self._db.execute("INSERT INTO embeddings VALUES (?, ?, ?)", [last + 1, now.isoformat(), content])
        return int(last) + 1

    def taste(self, subscriber_id: int) -> bytes | None:
        """Return a reader's taste in the space that there is, or None."""
        row = self._db.execute("SELECT content FROM taste_models WHERE subscriber_id = ?", [subscriber_id]).fetchone()
        return bytes(row[0]) if row else None

    def learned_from(self) -> dict[int, str]:
        """Return what each reader's taste was learned from, by the reader's number."""
        return dict(self._db.execute("SELECT subscriber_id, learned_from FROM taste_models").fetchall())

    def put_taste(self, subscriber_id: int, space: int, learned_from: str, content: bytes, now: datetime) -> None:
        """Keep a reader's taste in place of the one before."""
        row = [subscriber_id, space, learned_from, now.isoformat(), content]
        self._db.execute("INSERT OR REPLACE INTO taste_models VALUES (?, ?, ?, ?, ?)", row)
