"""Embeddings and the taste models that were learned in them."""

from __future__ import annotations

from datetime import datetime

from newsletter.store.database import Database


class TasteModels:
    """The `embeddings` and `taste_models` tables: the latest embedding, and each subscriber's model in it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def embedding(self) -> tuple[int, datetime, bytes] | None:
        """Return the latest embedding as (version, when it was made, packed content), or None if there is none."""
        rows = self._db.execute("SELECT version, made_at, content FROM embeddings ORDER BY version DESC")
        return rows.one(lambda row: (row[0], datetime.fromisoformat(row[1]), bytes(row[2])))

    def embedding_version(self) -> int:
        """Return the version of the latest embedding, or 0 if there is none."""
        return int(self._db.execute("SELECT coalesce(max(version), 0) FROM embeddings").fetchone()[0])

    def fitted_to(self) -> int:
        """Return how many papers the latest embedding was fitted to; 0 if that is not known, or there is none."""
        return self._db.execute("SELECT papers FROM embeddings ORDER BY version DESC").one(lambda row: int(row[0])) or 0

    def put_embedding(self, content: bytes, now: datetime, papers: int = 0) -> int:
        """Replace the embedding by one that was fitted to some `papers`; return its version.

        The taste models of the old one are deleted.
        """
        (last,) = self._db.execute("SELECT coalesce(max(version), 0) FROM embeddings").fetchone()
        self._db.execute("DELETE FROM taste_models")
        self._db.execute("DELETE FROM embeddings")
        self._db.execute("INSERT INTO embeddings VALUES (?, ?, ?, ?)", [last + 1, now.isoformat(), content, papers])
        return int(last) + 1

    def taste(self, subscriber_id: int) -> bytes | None:
        """Return a subscriber's packed taste model, or None."""
        rows = self._db.execute("SELECT content FROM taste_models WHERE subscriber_id = ?", [subscriber_id])
        return rows.one(lambda row: bytes(row[0]))

    def learned_from(self) -> dict[int, str]:
        """Return what each taste model was learned from: subscriber id → hash of the feedback."""
        return dict(self._db.execute("SELECT subscriber_id, learned_from FROM taste_models").fetchall())

    def put_taste(self, subscriber_id: int, embedding: int, learned_from: str, content: bytes, now: datetime) -> None:
        """Store a subscriber's taste model, learned in the `embedding` of this version, in place of the earlier one."""
        row = [subscriber_id, embedding, learned_from, now.isoformat(), content]
        sql = """
            INSERT INTO taste_models VALUES (?, ?, ?, ?, ?) ON CONFLICT (subscriber_id) DO UPDATE SET
                embedding = excluded.embedding, learned_from = excluded.learned_from,
                learned_at = excluded.learned_at, content = excluded.content"""
        self._db.execute(sql, row)
