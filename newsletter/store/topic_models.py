"""Topic models, and the places of papers in the embedding that they were learned in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from newsletter.store.database import Database
from newsletter.store.paper_rows import PAPER_DAY

_PUT_MODEL = """
    INSERT INTO topic_models VALUES (?, ?, ?, ?, ?) ON CONFLICT (query) DO UPDATE SET embedding = excluded.embedding,
        papers = excluded.papers, learned_at = excluded.learned_at, content = excluded.content"""
_PUT_VECTOR = """
    INSERT INTO paper_vectors VALUES (?, ?, ?)
    ON CONFLICT (paper_id) DO UPDATE SET embedding = excluded.embedding, content = excluded.content"""
_ID = "CAST(value AS INTEGER)"


class TopicModels:
    """The `topic_models` and `paper_vectors` tables; those of an older embedding count as absent.

    A query is stored as a hash only, since it may be one person's own.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def queries(self) -> list[str]:
        """Return the queries of all subscribers' topics and of the catalogue, in alphabetical order."""
        sql = "SELECT DISTINCT query FROM topics WHERE in_catalogue = 1 OR id IN (SELECT topic_id FROM subscriptions)"
        return sorted(query for (query,) in self._db.execute(sql))

    def learned(self, embedding: int) -> dict[str, int]:
        """Return, by the hash of its query, how many papers there were when each topic was last learned."""
        return dict(
            self._db.execute("SELECT query, papers FROM topic_models WHERE embedding = ?", [embedding]).fetchall()
        )

    def model(self, query: str) -> bytes | None:
        """Return the packed model of a query, by its hash, in the latest embedding; None if there is none."""
        sql = (
            "SELECT content FROM topic_models WHERE query = ? AND content IS NOT NULL"
            " AND embedding = (SELECT max(version) FROM embeddings)"
        )
        return self._db.execute(sql, [query]).one(lambda row: bytes(row[0]))

    def put(self, query: str, embedding: int, papers: int, content: bytes | None, now: datetime) -> None:
        """Store what was learned of a query, by its hash; None: there are too few examples."""
        row = [query, embedding, papers, now.isoformat(), content]
        self._db.execute(_PUT_MODEL, row)

    def keep_only(self, queries: Iterable[str]) -> None:
        """Delete the models of all other queries."""
        sql = "DELETE FROM topic_models WHERE query NOT IN (SELECT value FROM json_each(?))"
        self._db.execute(sql, [json.dumps(list(queries))])

    def to_learn_from(self, now: datetime) -> str:
        """Return what stays the same as long as there is nothing new to learn of topics and tastes, on one day."""
        sql = """
            SELECT (SELECT max(id) FROM papers), (SELECT max(id) FROM topics),
                (SELECT count(*) || ' ' || coalesce(max(given_at), '') FROM feedback)"""
        return json.dumps([now.date().isoformat(), *self._db.execute(sql).fetchone()])

    def papers_ever(self) -> int:
        """Return how many papers the store has been given, those included that were merged or deleted."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM papers").fetchone()[0])

    def to_place(self, since: datetime, latest: int) -> list[int]:
        """Return the ids of the papers seen since a moment, and of the `latest` ones."""
        sql = (
            "SELECT id FROM papers WHERE seen_at > ? UNION SELECT id FROM (SELECT id FROM papers "
            f"ORDER BY {PAPER_DAY} DESC, upvotes DESC NULLS LAST, key LIMIT ?) AS latest ORDER BY 1"
        )
        return [number for (number,) in self._db.execute(sql, [since.astimezone(UTC).isoformat(), latest])]

    def unplaced(self, embedding: int, wanted: Sequence[int]) -> list[int]:
        """Return the ids of those papers of `wanted` that have no vector in the embedding of this version."""
        sql = f"SELECT {_ID} FROM json_each(?) EXCEPT SELECT paper_id FROM paper_vectors WHERE embedding = ? ORDER BY 1"
        return [number for (number,) in self._db.execute(sql, [json.dumps(list(wanted)), embedding])]

    def vectors(self, papers: Iterable[int]) -> dict[int, bytes]:
        """Return the packed vectors of papers in the latest embedding, by id; those without one are left out."""
        sql = (
            "SELECT paper_id, content FROM paper_vectors "
            "WHERE paper_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"
            " AND embedding = (SELECT max(version) FROM embeddings)"
        )
        return dict(self._db.execute(sql, [json.dumps(list(papers))]).fetchall())

    def put_vectors(self, embedding: int, vectors: Mapping[int, bytes]) -> None:
        """Store the packed vectors of papers."""
        rows = ([paper, embedding, content] for paper, content in vectors.items())
        self._db.executemany(_PUT_VECTOR, rows)

    def keep_vectors(self, papers: Iterable[int]) -> None:
        """Delete the vectors of all other papers."""
        sql = "DELETE FROM paper_vectors WHERE paper_id NOT IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"
        self._db.execute(sql, [json.dumps(list(papers))])
