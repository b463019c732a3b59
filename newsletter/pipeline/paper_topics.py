"""Which topics of the catalogue papers match, kept in the store, since a paper is on many lists.

New papers are examined after a pull; a page examines those that are left: of a new catalogue, or changed since.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

from newsletter.errors import StoreError
from newsletter.models import Topic
from newsletter.store import Store
from newsletter.text.tokenizer import VERSION
from newsletter.topics.query import Node, parse

#: Of a list, so many papers are examined.
MOST_EXAMINED = 300
#: Of all papers, so many are examined at once, each time in a transaction of its own.
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class PaperTopics:
    """The topics of papers. Thread-safe."""

    #: Opens the store to keep what was examined, if the one that is asked can only be read.
    open_store: Callable[[], Store] | None = None

    def of(self, store: Store, paper_ids: Iterable[int]) -> dict[int, tuple[Topic, ...]]:
        """Return the topics of the first `MOST_EXAMINED` of these papers; none for papers without any."""
        wanted = list(dict.fromkeys(paper_ids))[:MOST_EXAMINED]
        catalogue = tuple(store.topics.catalogue())
        number = _number_of(catalogue)
        known = store.paper_topics.find(wanted, number) if catalogue else {}
        missing = [one for one in wanted if one not in known]
        if missing and catalogue:
            found = _examine(store, missing, _nodes(catalogue))
            known |= found
            with suppress(StoreError):  # then they are examined again
                self._keep(store, found, number)
        return {one: tuple(catalogue[place] for place in known.get(one, ())) for one in wanted}

    def place_of(self, store: Store, topic: Topic) -> tuple[int, int] | None:
        """Return what `Limits.examined_topic` is for a topic; None if not all papers were examined.

        A few that are left, as they were added or changed meanwhile, are examined now.
        """
        catalogue = store.topics.catalogue()
        if topic not in catalogue:
            return None
        number = _number_of(tuple(catalogue))
        missing = store.paper_topics.unexamined(number, MOST_EXAMINED + 1)
        if missing and len(missing) <= MOST_EXAMINED:
            self.of(store, missing)
            missing = store.paper_topics.unexamined(number, 1)  # the store may not be writable
        return None if missing else (number, catalogue.index(topic))

    def counts(self, store: Store, paper_ids: Iterable[int]) -> dict[Topic, int]:
        """Count the papers of each topic of the catalogue among some, all of which are examined."""
        wanted = list(paper_ids)
        counted = Counter[Topic]()
        for start in range(0, len(wanted), MOST_EXAMINED):
            of_papers = self.of(store, wanted[start : start + MOST_EXAMINED])
            counted.update(topic for topics in of_papers.values() for topic in topics)
        return {topic: counted[topic] for topic in store.topics.catalogue()}

    def _keep(self, store: Store, found: dict[int, tuple[int, ...]], catalogue: int) -> None:
        if self.open_store is None:
            store.paper_topics.put(found, catalogue)
        else:
            with self.open_store() as own:
                own.paper_topics.put(found, catalogue)


def examine_new(store: Store, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Store the topics of all papers that were added since, or of all for a new catalogue; return of how many.

    Raises:
        StoreError: The store cannot be written.
    """
    catalogue = tuple(store.topics.catalogue())
    number, examined = _number_of(catalogue), 0
    while catalogue and goes_on() and (ids := store.paper_topics.unexamined(number, _AT_ONCE)):
        found = _examine(store, ids, _nodes(catalogue))
        if not found:
            break
        with store.transaction():
            store.paper_topics.put(found, number)
        examined += len(found)
    return examined


def _examine(store: Store, paper_ids: Sequence[int], nodes: Sequence[Node]) -> dict[int, tuple[int, ...]]:
    from newsletter.topics.evaluation import matching  # noqa: PLC0415 - loads numpy
    from newsletter.topics.index import PaperIndex  # noqa: PLC0415 - the same

    papers = list(store.papers.get_many(paper_ids).values())
    index = PaperIndex(papers, store.paper_topics.words(paper_ids))
    found: dict[int, list[int]] = {number: [] for number in index.ids}
    for place, node in enumerate(nodes):
        matches = index.flags(matching(index, node)[0])
        for number in compress(index.ids, matches.tolist()):
            found[number].append(place)
    return {number: tuple(places) for number, places in found.items()}


@lru_cache(maxsize=8)
def _nodes(catalogue: tuple[Topic, ...]) -> tuple[Node, ...]:
    return tuple(parse(topic.query) for topic in catalogue)


@lru_cache(maxsize=8)
def _number_of(catalogue: tuple[Topic, ...]) -> int:
    """Return a number that stands for the topics in their order, and for how words are compared."""
    content = repr((VERSION, [(topic.name, topic.query) for topic in catalogue]))
    return int.from_bytes(hashlib.sha256(content.encode()).digest()[:7], "big")
