"""store → taste: what each reader's feedback says of an edition's papers. Nobody's feedback, no work."""

from __future__ import annotations

import numpy as np

from newsletter.errors import NewsletterError
from newsletter.models import Paper
from newsletter.pipeline.compose import ARCHIVE
from newsletter.ranking.index import Numbers, PaperIndex
from newsletter.ranking.taste import Space, make_space, tastes_of
from newsletter.store import Store

#: Taste is told apart from all else in a score by no more than this many times its weight.
_MOST = 3.0


class Tastes:
    """The tastes of a store's readers; a space of meanings is made once for each index, when first needed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._spaces: dict[int, tuple[Space | None, dict[int, int]]] = {}

    def of(self, subscriber_id: int, index: PaperIndex) -> Numbers | None:
        """Return how much each paper of an index is to a reader's taste, -3 to 3; None if nothing is known of it."""
        likes = self._store.feedback.of(subscriber_id)
        if not any(likes.values()) or not len(index):
            return None
        if id(index) not in self._spaces:
            self._spaces[id(index)] = self._space(index)
        space, places = self._spaces[id(index)]
        if space is None:
            return None
        values = tastes_of(space, places, likes)
        return np.clip(values[[places[paper_id] for paper_id in index.ids]], -_MOST, _MOST).astype(np.float32)

    def _space(self, index: PaperIndex) -> tuple[Space | None, dict[int, int]]:
        """Place an index's papers among the archive's latest, and those that readers said something of."""
        papers: dict[int, Paper] = {paper.id: paper for paper in self._store.papers.newest(ARCHIVE)}
        papers |= self._store.papers.get_many(self._store.feedback.papers())
        papers |= index.papers
        ordered = sorted(papers.values(), key=lambda paper: paper.key)
        try:
            space = make_space(ordered)
        except NewsletterError:  # without scikit-learn there are no tastes; `newsletter feedback` says so
            space = None
        return space, {paper.id: place for place, paper in enumerate(ordered)}
