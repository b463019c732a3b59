"""The papers that one pass of planning chooses from, by how far back a subscriber's edition reaches.

Subscribers were last mailed at many different moments. A few indexes serve them all: each reaches back a number of
days, and what a subscriber's edition does not cover is left out of it when it is composed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.models.weights import Weights
from newsletter.pipeline.compose import read_matcher, read_statistics
from newsletter.ranking.matching import Matcher
from newsletter.store import Store

#: How far back the indexes reach: since yesterday, over a weekend, a week and a month, each with what is caught up.
_REACHES = tuple(timedelta(hours=hours) for hours in (30, 80, 9 * 24 + 1, 38 * 24 + 1))


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The papers that were new since some moment, and those of its index that were not."""

    matcher: Matcher
    since: datetime
    #: Ids of papers that were first seen by then.
    old: AbstractSet[int]
    #: The editions that have papers of its index.
    editions: tuple[str, ...]

    def sent_to(self, store: Store, ids: Sequence[int]) -> Mapping[int, Mapping[int, datetime]]:
        """Return which papers of its index some subscribers were or will be sent, by their ids: paper → when last."""
        return store.planning.sent_of(self.matcher.index.papers.keys(), self.editions, ids)


@dataclass
class Windows:
    """The windows of one pass; the store is read when a window is first needed."""

    store: Store
    now: datetime
    weights: Weights | None = None
    _matchers: dict[datetime, Matcher] = field(default_factory=dict)
    #: The editions that have papers of an index.
    _editions: dict[datetime, tuple[str, ...]] = field(default_factory=dict)
    _windows: dict[datetime, Window] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._statistics = read_statistics(self.store)

    def of(self, since: datetime) -> Window:
        """Return the window that begins at a moment."""
        if since not in self._windows:
            begins = next((self.now - reach for reach in _REACHES if self.now - reach <= since), since)
            if begins not in self._matchers:
                matcher = read_matcher(self.store, begins, self.weights, self._statistics)
                self._matchers[begins] = matcher
                self._editions[begins] = tuple(self.store.planning.editions_with(matcher.index.papers))
            matcher = self._matchers[begins]
            old = frozenset(number for number, paper in matcher.index.papers.items() if paper.seen_at <= since)
            self._windows[since] = Window(matcher, since, old, self._editions[begins])
        return self._windows[since]
