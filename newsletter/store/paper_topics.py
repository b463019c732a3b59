"""Which topics of the catalogue papers match, as they were examined last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

from newsletter.store.database import Database
from newsletter.store.text_index import indexed_words


class PaperTopics:
    """The `paper_topics` table, which has a row for each paper; a catalogue is known by a number above 0.

    Triggers keep `topic_papers`, and set a row to catalogue 0 when what topics are about changes (m047).
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self, ids: Iterable[int], catalogue: int) -> dict[int, tuple[int, ...]]:
        """Return the places in the catalogue of the topics of papers: id → places, of those that were examined."""
        sql = """
            SELECT paper_id, topics FROM json_each(?) CROSS JOIN paper_topics ON paper_id = CAST(value AS INTEGER)
            WHERE catalogue = ?"""
        rows = self._db.execute(sql, [json.dumps(list(ids)), catalogue])
        return dict(rows.into(lambda row: (row[0], _places(row[1]))))

    def put(self, topics: Mapping[int, tuple[int, ...]], catalogue: int) -> None:
        """Store the topics of papers; those that were deleted meanwhile are left out."""
        sql = "UPDATE paper_topics SET catalogue = ?, topics = ? WHERE paper_id = ?"
        self._db.executemany(sql, [(catalogue, json.dumps(places), number) for number, places in topics.items()])

    def unexamined(self, catalogue: int, limit: int) -> list[int]:
        """Return papers that were not examined for a catalogue: new ones, changed ones, all for a new catalogue."""
        one = """
            SELECT * FROM (
                SELECT paper_id FROM paper_topics WHERE catalogue {} :catalogue
                ORDER BY catalogue, paper_id LIMIT :limit) AS {}"""
        sql = f"{one.format('<', 'earlier')} UNION ALL {one.format('>', 'later')} LIMIT :limit"
        rows = self._db.execute(sql, {"catalogue": catalogue, "limit": limit})
        return [int(number) for (number,) in rows]

    def words(self, ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """Return the words of papers as the full-text index holds them, for `topics.index.PaperIndex`."""
        return indexed_words(self._db, ids)


@lru_cache(maxsize=4096)
def _places(array: str) -> tuple[int, ...]:
    return tuple(json.loads(array))
