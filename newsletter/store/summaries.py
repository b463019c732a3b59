"""One-sentence summaries of papers, by language, written by language models."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from newsletter.store.database import Database
from newsletter.store.paper_rows import NEWEST_FIRST


class Summaries:
    """The `summaries` table."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self, paper_ids: Iterable[int], language: str) -> dict[int, str]:
        """Return the summaries that exist in a language: paper id → text."""
        sql = """
            SELECT paper_id, text FROM summaries WHERE language = ?
                AND paper_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"""
        return dict(self._db.execute(sql, [language, json.dumps(list(paper_ids))]).fetchall())

    def put(self, paper_id: int, language: str, model: str, text: str, now: datetime) -> None:
        """Store a summary in place of an earlier one; do nothing if the paper is gone."""
        # A pull may have merged the paper into another one while the model was at work.
        sql = """
            INSERT INTO summaries SELECT id, ?, ?, ?, ? FROM papers WHERE id = ? ON CONFLICT (paper_id, language)
            DO UPDATE SET model = excluded.model, text = excluded.text, made_at = excluded.made_at"""
        self._db.execute(sql, [language, model, text, now.astimezone(UTC).isoformat(), paper_id])

    def lacking(self, language: str, limit: int, since: datetime | None = None) -> list[int]:
        """Return the ids of the newest papers without a summary in a language, in the order of `Papers.newest`.

        With `since`, only papers first seen after it. Papers without an abstract and withdrawn ones are left out, and
        for English those whose source wrote a summary.
        """
        sql = f"""
            SELECT id FROM papers
            WHERE abstract <> '' AND withdrawn = 0 AND (:language <> 'en' OR coalesce(summary, '') = '')
                AND (CAST(:since AS TEXT) IS NULL OR seen_at > :since)
                AND NOT EXISTS (SELECT 1 FROM summaries WHERE paper_id = papers.id AND language = :language)
            ORDER BY {NEWEST_FIRST} LIMIT :limit"""
        after = since.astimezone(UTC).isoformat() if since else None
        values = {"language": language, "limit": limit, "since": after}
        return [number for (number,) in self._db.execute(sql, values)]
