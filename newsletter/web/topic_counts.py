"""What topics would have brought: counted over the papers of the last week, which are read every few minutes."""

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

_DAYS = 7
_READ_EVERY = timedelta(minutes=5)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """What a query would have brought."""

    #: How many papers match.
    matched: int
    #: Out of so many.
    papers: int
    #: The most liked of them.
    best: tuple[Paper, ...]


@dataclass
class TopicCounts:
    """The papers of the last week."""

    open_store: Callable[[], Store]
    clock: Callable[[], datetime]
    _matcher: Matcher | None = None
    _read_at: datetime | None = None
    _counts: dict[Topic, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def counts(self, topics: list[Topic]) -> dict[Topic, int]:
        """Return how many papers each topic would have brought."""
        matcher = self._fresh()
        missing = [topic for topic in topics if topic not in self._counts]
        self._counts |= {topic: matcher.find(parse(topic.query))[0].bit_count() for topic in missing}
        return {topic: self._counts[topic] for topic in topics}

    def sample(self, query: str) -> Sample:
        """Return what a query would have brought.

        Raises:
            QueryError: It is none.
        """
        tree = parse(query)
        matcher = self._fresh()
        bits, _ = matcher.find(tree)
        found = [paper for number, paper in enumerate(matcher.index.papers.values()) if bits >> number & 1]
        found.sort(key=lambda paper: (-(paper.upvotes or 0), paper.key))
        return Sample(len(found), len(matcher.index.papers), tuple(found[:_SHOWN]))

    def _fresh(self) -> Matcher:
        now = self.clock()
        with self._lock:
            if self._matcher is None or self._read_at is None or now - self._read_at > _READ_EVERY:
                with self.open_store() as store:
                    papers = store.papers.new_since(now - timedelta(days=_DAYS))
                self._matcher, self._read_at, self._counts = Matcher(PaperIndex(papers)), now, {}
            return self._matcher
