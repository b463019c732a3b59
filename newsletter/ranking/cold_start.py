"""Which papers to ask a new subscriber about: those whose ratings tell most about the others (active learning).

Greedy facility location (Nemhauser, Wolsey, Fisher, 1978) among the papers that are on or near the topics: each next
paper is the one by which most of the others have a paper like them among those chosen or rated already, so that ten
represent the field. A paper counts the more, the nearer it is to the topics: of a narrow topic there are few. The
farthest papers (k-center) are of no kind but their own, and tell less.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from newsletter.models import Topic
from newsletter.ranking.index import Flags, Numbers
from newsletter.ranking.matching import Matcher

#: Of so many papers, nearest to the topics, the ones to rate are chosen.
_CANDIDATES = 100
#: How near a paper is at least that matches a topic; 1 is typical of those.
_MATCH = 0.5


def choose_to_rate(matcher: Matcher, topics: Sequence[Topic], number: int, rated: Collection[int] = ()) -> list[int]:
    """Return the numbers of the papers whose ratings tell most, the nearest to the topics first.

    Args:
        matcher: Evaluates queries over the index of the papers to choose from, the newest first.
        topics: The subscriber's topics; without any, all papers are as near.
        number: How many papers to choose at most.
        rated: Numbers of papers that are rated already.
    """
    nearness = _nearness(matcher, topics)
    nearest = np.argsort(-nearness, kind="stable").tolist()
    excluded = _excluded(matcher, topics)
    candidates = [
        paper for paper in nearest if not (paper in rated or excluded[paper] or matcher.paper(paper).withdrawn)
    ]
    candidates, known = candidates[:_CANDIDATES], [paper for paper in nearest if paper in rated]
    if not candidates:
        return []
    alike = 1 - matcher.neighbourhood.distances([*candidates, *known])[: len(candidates)]
    among = alike[:, : len(candidates)]
    worth = nearness[candidates] if nearness.any() else np.ones(len(candidates))
    chosen: list[int] = []
    # How much each candidate is like a paper that is chosen or rated.
    represented = alike[:, len(candidates) :].max(axis=1, initial=0)
    while len(chosen) < min(number, len(candidates)):
        gains = np.maximum(among - represented, 0) @ worth
        gains[chosen] = -1
        place = int(gains.argmax())
        chosen.append(place)
        represented = np.maximum(represented, among[place])
    return [candidates[place] for place in sorted(chosen)]


def _excluded(matcher: Matcher, topics: Sequence[Topic]) -> Flags:
    """Return which papers hold what a topic excludes, and match no other."""
    excluded = np.zeros(len(matcher.index), np.bool_)
    for topic in topics:
        excluded |= matcher.excluded_words(topic.query)
    for topic in topics:
        excluded &= ~matcher.evaluate(topic.query).matches
    return excluded


def _nearness(matcher: Matcher, topics: Sequence[Topic]) -> Numbers:
    """Return how near each paper is to the topic that it is nearest to."""
    nearest = np.zeros(len(matcher.index), np.float32)
    for topic in topics:
        matches = matcher.evaluate(topic.query).matches
        near = np.maximum(matcher.neighbourhood.nearness(topic.query, matches), _MATCH * matches)
        nearest = np.maximum(nearest, near).astype(np.float32)
    return nearest
