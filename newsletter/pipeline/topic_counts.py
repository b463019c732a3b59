"""How many papers of the last week each topic matches, counted anew every few minutes.

The topics of the catalogue are counted by what was stored of each paper; what somebody types, in an index of the week.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from newsletter.models import Topic
from newsletter.pipeline.paper_topics import PaperTopics
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.ranking.topic_check import TopicCheck, TopicChecker
from newsletter.store import Store
from newsletter.topics.query import parse

_WINDOW = timedelta(days=7)
_MAX_AGE = timedelta(minutes=5)


@dataclass
class TopicCounts:
    """An index of the papers of the last week. Thread-safe."""

    open_store: Callable[[], Store]
    clock: Callable[[], datetime]
    _checker: TopicChecker | None = None
    _built_at: datetime | None = None
    _counts: dict[Topic, int] = field(default_factory=dict)
    _counted_at: datetime | None = None
    _lock: Lock = field(default_factory=Lock)

    def counts(self, topics: list[Topic]) -> dict[Topic, int]:
        """Return the number of papers that each topic matches."""
        counted = self._fresh_counts()
        missing = [topic for topic in topics if topic not in counted]
        if missing:  # they were added since, or belong to a profile
            matcher = self._fresh_checker().matcher
            counted |= {topic: matcher.find(parse(topic.query))[0].bit_count() for topic in missing}
        return {topic: counted[topic] for topic in topics}

    def recent(self) -> tuple[datetime, PaperIndex]:
        """Return the index of the papers of the last week, and when it begins."""
        index = self._fresh_checker().matcher.index
        return (self._built_at or self.clock()) - _WINDOW, index

    def check(self, query: str) -> TopicCheck:
        """Return what a query matches and misses.

        Raises:
            QueryError: The query is malformed.
        """
        parse(query)  # before the papers are read
        return self._fresh_checker().check(query)

    def _fresh_counts(self) -> dict[Topic, int]:
        now = self.clock()
        with self._lock:
            if self._counted_at is None or now - self._counted_at > _MAX_AGE:
                with self.open_store() as store:
                    ids = store.papers.ids_since(now - _WINDOW)
                    self._counts = PaperTopics().counts(store, ids)
                self._counted_at = now
            return self._counts

    def _fresh_checker(self) -> TopicChecker:
        now = self.clock()
        with self._lock:
            if self._checker is None or self._built_at is None or now - self._built_at > _MAX_AGE:
                with self.open_store() as store:
                    papers = store.papers.new_since(now - _WINDOW)
                    known = store.paper_topics.words([paper.id for paper in papers])
                self._checker = TopicChecker(Matcher(PaperIndex(papers, known)), _WINDOW.days)
                self._built_at = now
            return self._checker
