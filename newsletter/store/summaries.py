"""What models said of papers, in one sentence and in some language ⇄ rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlite_utils import Database


class Summaries:
    """The made summaries of one store's papers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self, paper_ids: Iterable[int], language: str) -> dict[int, str]:
        """Return the summaries in a language that there are, by the paper's id."""
        sql = "SELECT paper_id, text FROM summaries WHERE language = ? AND paper_id IN (SELECT value FROM json_each(?))"
        return dict(self._db.execute(sql, [language, json.dumps(list(paper_ids))]).fetchall())

    def put(self, paper_id: int, language: str, model: str, text: str, now: datetime) -> None:
        """Keep a summary in place of the one before; of a paper that is gone, none is kept."""
        # While a model was asked, a pull may have found that two papers are one.
        sql = "INSERT OR REPLACE INTO summaries SELECT id, ?, ?, ?, ? FROM papers WHERE id = ?"
        self._db.execute(sql, [language, model, text, now.astimezone(UTC).isoformat(), paper_id])

    def lacking(self, language: str, limit: int, since: datetime | None = None) -> list[int]:
        """Return the newest papers that could have a summary in a language and have none, as `Papers.newest` orders.

        With `since`, only those that were first seen after it.

        A summary that the source wrote is in English, and makes another in English needless.
        """
        sql = """
            SELECT id FROM papers
            WHERE abstract <> '' AND NOT withdrawn AND (:language <> 'en' OR coalesce(summary, '') = '')
                AND (:since IS NULL OR seen_at > :since)
                AND NOT EXISTS (SELECT 1 FROM summaries WHERE paper_id = papers.id AND language = :language)
            ORDER BY coalesce(listed, published, seen_at) DESC, upvotes DESC, key LIMIT :limit"""
        after = since.astimezone(UTC).isoformat() if since else None
        asked = {"language": language, "limit": limit, "since": after}
        return [number for (number,) in self._db.execute(sql, asked)]
