"""How many papers of the last week each topic matches, from an index that is rebuilt every few minutes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from newsletter.models import Paper, Topic
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.store import Store
from newsletter.topics.query import parse

_WINDOW = timedelta(days=7)
_MAX_AGE = timedelta(minutes=5)
_SAMPLE_SIZE = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """What a query matches among the papers of the last week."""

    #: Number of papers that match.
    matched: int
    #: Number of papers searched.
    papers: int
    #: The most upvoted of those that match.
    best: tuple[Paper, ...]


@dataclass
class TopicCounts:
    """An index of the papers of the last week. Thread-safe."""

    open_store: Callable[[], Store]
    clock: Callable[[], datetime]
    _matcher: Matcher | None = None
    _built_at: datetime | None = None
    _counts: dict[Topic, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def counts(self, topics: list[Topic]) -> dict[Topic, int]:
        """Return the number of papers that each topic matches."""
        matcher = self._fresh_matcher()
        missing = [topic for topic in topics if topic not in self._counts]
        self._counts |= {topic: matcher.find(parse(topic.query))[0].bit_count() for topic in missing}
        return {topic: self._counts[topic] for topic in topics}

    def sample(self, query: str) -> Sample:
        """Return what a query matches.

        Raises:
            QueryError: The query is malformed.
        """
        tree = parse(query)
        matcher = self._fresh_matcher()
        bits, _ = matcher.find(tree)
        found = [paper for number, paper in enumerate(matcher.index.papers.values()) if bits >> number & 1]
        found.sort(key=lambda paper: (-(paper.upvotes or 0), paper.key))
        return Sample(len(found), len(matcher.index.papers), tuple(found[:_SAMPLE_SIZE]))

    def _fresh_matcher(self) -> Matcher:
        now = self.clock()
        with self._lock:
            if self._matcher is None or self._built_at is None or now - self._built_at > _MAX_AGE:
                with self.open_store() as store:
                    papers = store.papers.new_since(now - _WINDOW)
                self._matcher, self._built_at, self._counts = Matcher(PaperIndex(papers)), now, {}
            return self._matcher
