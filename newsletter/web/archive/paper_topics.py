"""Which topics of the catalogue papers match, remembered, since a paper is on many lists."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock

from newsletter.models import Topic
from newsletter.store import Store
from newsletter.topics.evaluation import matching
from newsletter.topics.index import PaperIndex
from newsletter.topics.query import Node, parse

#: Of a list, so many papers are examined: to index one takes about a millisecond.
MOST_EXAMINED = 300
#: What is remembered is forgotten after an hour, since papers and topics change, and at this number of papers.
_MAX_AGE_S, _MAX_PAPERS = 3600.0, 20_000


@dataclass
class PaperTopics:
    """The topics of papers. Thread-safe."""

    clock: Callable[[], float] = time.monotonic
    _topics: tuple[Topic, ...] = ()
    _nodes: tuple[Node, ...] = ()
    _began_at: float = float("-inf")
    #: The topics of each paper by their places in the catalogue.
    _known: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, store: Store, paper_ids: Iterable[int]) -> dict[int, tuple[Topic, ...]]:
        """Return the topics of the first `MOST_EXAMINED` of these papers; none for papers without any."""
        wanted = list(dict.fromkeys(paper_ids))[:MOST_EXAMINED]
        catalogue = tuple(store.topics.catalogue())
        with self._lock:
            self._forget(catalogue)
            known, nodes = self._known, self._nodes
        missing = [one for one in wanted if one not in known]
        if missing and nodes:
            known |= _examine(store, missing, nodes)
        return {one: tuple(catalogue[place] for place in known.get(one, ())) for one in wanted}

    def _forget(self, catalogue: tuple[Topic, ...]) -> None:
        now = self.clock()
        is_changed = [(one.name, one.query) for one in catalogue] != [(one.name, one.query) for one in self._topics]
        if is_changed or now - self._began_at > _MAX_AGE_S or len(self._known) > _MAX_PAPERS:
            self._topics, self._nodes = catalogue, tuple(parse(topic.query) for topic in catalogue)
            self._known, self._began_at = {}, now


def _examine(store: Store, paper_ids: list[int], nodes: tuple[Node, ...]) -> dict[int, tuple[int, ...]]:
    index = PaperIndex(list(store.papers.get_many(paper_ids).values()))
    found: dict[int, list[int]] = {number: [] for number in paper_ids}
    for place, node in enumerate(nodes):
        bits = matching(index, node)[0]
        while bits:
            lowest = bits & -bits
            found[index.ids[lowest.bit_length() - 1]].append(place)
            bits ^= lowest
    return {number: tuple(places) for number, places in found.items()}
