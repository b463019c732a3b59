"""Which topics of the catalogue papers match, as they were examined last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache

from newsletter.store.database import Database
from newsletter.store.facts import fact, set_fact
from newsletter.store.text_index import indexed_words

#: The fact that says of which catalogue all papers up to which id were examined.
_EXAMINED = "topics examined"


class PaperTopics:
    """The `paper_topics` table. A paper whose text changes is no longer in it (m043)."""

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
        sql = """
            INSERT INTO paper_topics SELECT id, ?, ? FROM papers WHERE id = ?
            ON CONFLICT (paper_id) DO UPDATE SET catalogue = excluded.catalogue, topics = excluded.topics"""
        self._db.executemany(sql, [(catalogue, json.dumps(places), number) for number, places in topics.items()])

    def unexamined(self, catalogue: int, limit: int) -> list[int]:
        """Return the first papers, by id, that no examination of all papers has come to; see `note_examined`."""
        sql = "SELECT id FROM papers WHERE id > ? ORDER BY id LIMIT ?"
        return [int(number) for (number,) in self._db.execute(sql, [self._examined(catalogue), limit])]

    def note_examined(self, catalogue: int, through: int) -> None:
        """Store that all papers up to an id were examined."""
        set_fact(self._db, _EXAMINED, f"{catalogue} {through}")

    def words(self, ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """Return the words of papers as the full-text index holds them, for `topics.index.PaperIndex`."""
        return indexed_words(self._db, ids)

    def _examined(self, catalogue: int) -> int:
        known, through = (fact(self._db, _EXAMINED) or "0 0").split()
        return int(through) if int(known) == catalogue else 0


@lru_cache(maxsize=4096)
def _places(array: str) -> tuple[int, ...]:
    return tuple(json.loads(array))
