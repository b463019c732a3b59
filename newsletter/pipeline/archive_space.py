"""The latest papers in the embedding that is stored, so that what is near a text is found without its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from newsletter.errors.installation import has_scikit_learn
from newsletter.models import Facts, Paper
from newsletter.pipeline.compose import ARCHIVE
from newsletter.ranking.embedding import Embedding, Vectors, unpack_embedding
from newsletter.store import Store

#: What is less similar than this (cosine) is not near.
_MIN_SIMILARITY = 0.4


@dataclass(frozen=True, slots=True)
class _Placed:
    #: Version of the embedding, and the highest id of a paper.
    made_from: tuple[int, int]
    embedding: Embedding
    ids: tuple[int, ...]
    vectors: Vectors


@dataclass
class ArchiveSpace:
    """Finds papers near a text. Thread-safe; the papers are placed at first use and when papers were added."""

    _placed: _Placed | None = None
    _lock: Lock = field(default_factory=Lock)

    def near(self, store: Store, text: str, number: int) -> list[Paper]:
        """Return the papers nearest to a text, the nearest first.

        There are none without scikit-learn, before an embedding is stored, and while another thread places the papers.
        """
        placed = self._fresh(store)
        if placed is None:
            return []
        similarities = placed.vectors @ placed.embedding.place([Facts(title=text)]).meanings[0]
        order = np.argsort(-similarities, kind="stable")[:number]
        wanted = [placed.ids[row] for row in order if similarities[row] >= _MIN_SIMILARITY]
        papers = store.papers.get_many(wanted)
        return [papers[one] for one in wanted if one in papers and not papers[one].withdrawn]

    def _fresh(self, store: Store) -> _Placed | None:
        if not has_scikit_learn() or not self._lock.acquire(blocking=False):
            return self._placed
        try:
            made_from = (store.taste_models.embedding_version(), store.papers.last_id())
            if self._placed is None or self._placed.made_from != made_from:
                self._placed = _place(store, made_from)
            return self._placed
        finally:
            self._lock.release()


def _place(store: Store, made_from: tuple[int, int]) -> _Placed | None:
    known = store.taste_models.embedding()
    if known is None:
        return None
    papers = store.papers.newest(ARCHIVE)
    embedding = unpack_embedding(known[2])
    return _Placed(made_from, embedding, tuple(paper.id for paper in papers), embedding.place(papers).meanings)
