"""Which papers to ask a new subscriber about: those whose ratings tell most about the others (active learning).

Greedy facility location (Nemhauser, Wolsey, Fisher, 1978) among the papers that are on or near the topics: each next
paper is the one by which most of the others have a paper like them among those chosen or rated already, so that ten
represent the field. A paper counts the more, the nearer it is to the topics. These take turns: of a narrow one there
are few papers, and a wide one would have them all. The farthest papers (k-center) are of no kind but their own, and
tell less.
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
    by_topic, matches = _nearness(matcher, topics), _matches(matcher, topics)
    nearest = np.argsort(-by_topic.max(axis=0), kind="stable").tolist()
    excluded = _excluded(matcher, topics)
    may_be_asked = [
        paper for paper in nearest if not (paper in rated or excluded[paper] or matcher.paper(paper).withdrawn)
    ]
    candidates, known = _candidates(by_topic, may_be_asked), [paper for paper in nearest if paper in rated]
    if not candidates:
        return []
    alike = (1 - matcher.neighbourhood.distances([*candidates, *known])[: len(candidates)]).astype(np.float32)
    chosen = _represent(alike, by_topic[:, candidates], matches[:, candidates], number)
    return [candidates[place] for place in sorted(chosen)]


def _represent(alike: Numbers, by_topic: Numbers, matches: Flags, number: int) -> list[int]:
    """Return the places of the candidates that represent all.

    Args:
        alike: How alike each candidate is to each, and to what is rated already.
        by_topic: How near each candidate is to each topic.
        matches: Which of them match each topic; each next one is of the topic of which the fewest are chosen.
        number: How many to choose at most.
    """
    among = alike[:, : len(alike)]
    represented = alike[:, len(alike) :].max(axis=1, initial=0)
    is_open = np.ones(len(alike), np.bool_)
    chosen: list[int] = []
    while len(chosen) < min(number, len(alike)):
        turns = np.flatnonzero((matches & is_open).any(axis=1))
        if len(turns):
            turn = turns[matches[:, chosen].sum(axis=1)[turns].argmin()]
            worth, may_be_next = by_topic[turn], is_open & matches[turn]
        else:
            worth, may_be_next = by_topic.max(axis=0), is_open
        gains = np.maximum(among - represented, 0) @ (worth if worth.any() else np.ones_like(worth))
        place = int(np.where(may_be_next, gains, -1).argmax())
        chosen.append(place)
        is_open[place] = False
        represented = np.maximum(represented, among[place])
    return chosen


def _candidates(by_topic: Numbers, papers: Sequence[int]) -> list[int]:
    """Return those of some papers that are among the nearest to any topic, in their order."""
    near = by_topic[:, papers]
    places = np.argsort(np.argsort(-near, axis=1, kind="stable"), axis=1, kind="stable")
    best = np.where(near > 0, places, len(papers)).min(axis=0)
    return [papers[place] for place in sorted(np.argsort(best, kind="stable")[:_CANDIDATES].tolist())]


def _excluded(matcher: Matcher, topics: Sequence[Topic]) -> Flags:
    """Return which papers hold what a topic excludes, and match no other."""
    excluded = np.zeros(len(matcher.index), np.bool_)
    for topic in topics:
        excluded |= matcher.excluded_words(topic.query)
    for topic in topics:
        excluded &= ~matcher.evaluate(topic.query).matches
    return excluded


def _matches(matcher: Matcher, topics: Sequence[Topic]) -> Flags:
    """Return which papers match each topic, a row for each."""
    rows = [matcher.evaluate(topic.query).matches for topic in topics]
    return np.array(rows, np.bool_).reshape(len(topics), len(matcher.index))


def _nearness(matcher: Matcher, topics: Sequence[Topic]) -> Numbers:
    """Return how near each paper is to each topic, a row for each; without topics a row of zeros."""
    rows = np.zeros((max(1, len(topics)), len(matcher.index)), np.float32)
    for number, matches in enumerate(_matches(matcher, topics)):
        rows[number] = np.maximum(matcher.nearness(topics[number].query), _MATCH * matches)
    return rows
