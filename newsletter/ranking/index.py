"""How rare terms are in the archive; the index itself is in `topics.index`, where the store can ask it, too."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property

from newsletter.topics.evaluation import matching
from newsletter.topics.index import Field, Flags, Numbers, PaperIndex, bit_set, flags_of
from newsletter.topics.query import Node, Term

__all__ = ["Field", "Flags", "Numbers", "PaperIndex", "Statistics", "bit_set", "flags_of"]


class Statistics:
    """The rarity of terms in the archive or its latest papers, which are read when first needed."""

    def __init__(self, read_archive: Callable[[], PaperIndex]) -> None:
        self._read_archive = read_archive

    @cached_property
    def _archive(self) -> PaperIndex:
        return self._read_archive()

    def rarity(self, term: Term) -> float:
        """Return a term's rarity: 1 if no paper holds it, near 0 if all do.

        The inverse document frequency of Robertson and Spärck Jones, as in BM25, divided by its maximum.
        """
        papers = len(self._archive)
        holders = self._archive.bits(term).bit_count()
        return math.log1p((papers - holders + 0.5) / (holders + 0.5)) / math.log1p((papers + 0.5) / 0.5)

    def breadth(self, node: Node) -> float:
        """Return the share of papers that match a query."""
        return self.holders(node) / max(1, len(self._archive))

    def holders(self, node: Node) -> int:
        """Return the number of papers that match a query."""
        return matching(self._archive, node)[0].bit_count()
