"""Outside your topics: a paper of no topic, from the border of what a subscriber is interested in.

Papers that share words with those of a topic are near it (the Rocchio centroid of the topic's papers, over TF-IDF).
Among the nearest, the subscriber's taste, popularity and freshness decide, so that there is one without upvotes, too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from newsletter.ranking.diversity import Similarity
from newsletter.ranking.index import Numbers, flags_of

#: The border is the nearest tenth of the papers outside of the topics, and five at least.
_BORDER = 0.1
_MIN_BORDER = 5
#: Words of more than this share of the papers say nothing about what they are about, where there are enough of them.
_COMMON = 0.2
_ENOUGH_PAPERS = 20
#: Of so many papers, the similarity of each to each may be kept: 32 MB.
_FEW = 2000
#: How many values of nearness are kept, and of how many queries at least; 4 MB.
_MAX_NEARNESS, _MIN_QUERIES = 1_000_000, 64
#: How many values are kept of how similar papers are to those of a term; 16 MB.
_MAX_SIMILAR = 2_000_000


class Neighbourhood:
    """How near the papers of an index are to the papers of a topic, by their words; computed on first use."""

    def __init__(self, alike: Similarity) -> None:
        self._alike = alike
        size = max(1, len(alike.papers))
        self._nearness: dict[str, Numbers] = {}
        self._max_queries = max(_MIN_QUERIES, _MAX_NEARNESS // size)
        #: By the papers of a term, as a bit set.
        self._similar: dict[int, NDArray[np.float64]] = {}
        self._max_terms = max(_MIN_QUERIES, _MAX_SIMILAR // size)
        self._cosines: dict[int, NDArray[np.float64]] = {}

    def nearness(self, query: str, matches: int, terms: Iterable[int] = ()) -> Numbers:
        """Return how near each paper is to those that match a query: 1 is as near as these, 0 shares no word.

        Args:
            query: What the result is kept by.
            matches: The papers that match, as a bit set.
            terms: The papers that hold each of the query's terms; queries have terms in common, of which it is kept
                how similar each paper is to theirs.
        """
        if query not in self._nearness:
            similarity = self._to_query(matches, terms)
            own = similarity[flags_of(matches, len(similarity))]
            typical = float(own.sum()) / max(1, len(own))
            if len(self._nearness) >= self._max_queries:
                del self._nearness[next(iter(self._nearness))]
            self._nearness[query] = (similarity / typical if typical else similarity).astype(np.float32)
        else:  # the one that was asked for longest ago is forgotten first
            self._nearness[query] = self._nearness.pop(query)
        return self._nearness[query]

    def _to_query(self, matches: int, terms: Iterable[int]) -> NDArray[np.float64]:
        """Return the similarity of each paper to the sum of those that match: the terms' sums, each paper once."""
        total, added = np.zeros(len(self._alike.papers)), 0
        for of_term in terms:
            twice = of_term & added
            # Not if an "and" or an exclusion takes some of them away, or if most are added already.
            if not of_term & ~matches and 2 * twice.bit_count() <= of_term.bit_count():
                total += self._to_term(of_term)
                total -= self._to_sum(twice) if twice else 0
                added |= of_term
        return total + self._to_sum(matches & ~added) if matches != added else total

    def _to_term(self, papers: int) -> NDArray[np.float64]:
        if papers not in self._similar:
            if len(self._similar) >= self._max_terms:
                del self._similar[next(iter(self._similar))]
            self._similar[papers] = self._to_sum(papers)
        else:
            self._similar[papers] = self._similar.pop(papers)
        return self._similar[papers]

    def _to_sum(self, papers: int) -> NDArray[np.float64]:
        """Return the similarity of each paper to the sum of some; of a few papers, each one's is kept."""
        flags = flags_of(papers, len(self._alike.papers))
        if len(flags) <= _FEW:
            total = np.zeros(len(flags))
            for paper in np.flatnonzero(flags).tolist():
                if paper not in self._cosines:
                    self._cosines[paper] = self._cosine(paper)
                total += self._cosines[paper]
            return total
        rows, columns, weights = self._vectors
        centroid = np.bincount(columns, weights * flags[rows])
        return np.bincount(rows, weights * centroid[columns], minlength=len(flags)).astype(np.float64)

    def _cosine(self, paper: int) -> NDArray[np.float64]:
        """Return the similarity of a paper to each."""
        rows, columns, weights = self._vectors
        begin, end = np.searchsorted(rows, (paper, paper + 1))
        words = [
            (*self._holders[column], weight)
            for column, weight in zip(columns[begin:end].tolist(), weights[begin:end].tolist(), strict=True)
        ]
        if not words:
            return np.zeros(len(self._alike.papers))
        products = np.concatenate([of_each * weight for _, of_each, weight in words])
        holders = np.concatenate([of_word for of_word, _, _ in words])
        return np.bincount(holders, products, len(self._alike.papers)).astype(np.float64)

    @cached_property
    def _holders(self) -> list[tuple[NDArray[np.intp], NDArray[np.float64]]]:
        """The papers that hold each word, and its weight in each."""
        rows, columns, weights = self._vectors
        order = np.argsort(columns, kind="stable")
        ends = np.flatnonzero(np.diff(columns[order])) + 1
        return list(zip(np.split(rows[order], ends), np.split(weights[order], ends), strict=True))

    def distances(self, papers: Sequence[int]) -> NDArray[np.float64]:
        """Return how far apart papers are, each from each: 0 is the same words, 1 none in common."""
        rows, columns, weights = self._vectors
        dense = np.zeros((len(papers), int(columns.max(initial=-1)) + 1))
        for place, paper in enumerate(papers):
            own = rows == paper
            dense[place, columns[own]] = weights[own]
        return np.asarray(1 - dense @ dense.T)

    @cached_property
    def _vectors(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """The TF-IDF vectors of the papers, of unit length, as (paper, word, weight) of each word of each paper."""
        texts = [sorted(self._alike.text(number)) for number in range(len(self._alike.papers))]
        holders = Counter(word for text in texts for word in text)
        most = len(texts) * _COMMON if len(texts) >= _ENOUGH_PAPERS else len(texts)
        rarity = {word: math.log(1 + len(texts) / papers) for word, papers in holders.items() if 1 < papers <= most}
        numbers = {word: number for number, word in enumerate(rarity)}
        entries = [
            (row, numbers[word], rarity[word]) for row, text in enumerate(texts) for word in text if word in rarity
        ]
        rows, columns, weights = (
            (np.array(part) for part in zip(*entries, strict=True)) if entries else [np.array([])] * 3
        )
        rows, columns, weights = rows.astype(np.intp), columns.astype(np.intp), weights.astype(np.float64)
        lengths = np.sqrt(np.bincount(rows, weights**2, minlength=len(texts)))
        return rows, columns, weights / lengths[rows]


def border(
    outside: Sequence[int] | NDArray[np.intp], nearness: Numbers, scores: Numbers, shown: Collection[int] = ()
) -> list[int]:
    """Return the papers at the border of a subscriber's interests, the best first.

    Args:
        outside: Numbers of the papers that match no topic; between equal ones, the first wins.
        nearness: How near each paper is to the subscriber's interests.
        scores: What else speaks for each paper: taste, popularity, freshness.
        shown: Numbers of papers to leave out, of these and others.
    """
    size = max(_MIN_BORDER, round(len(outside) * _BORDER))
    papers = np.asarray(outside, np.intp)
    near = nearness[papers]
    nearest = papers[_largest(near, min(size + len(shown), int(np.count_nonzero(near > 0))))]
    new = np.array([paper for paper in nearest.tolist() if paper not in shown][:size], np.intp)
    best = np.argsort(-(scores[new] + nearness[new]), kind="stable")
    return list(new[best].tolist())


def _largest(values: Numbers, number: int) -> NDArray[np.intp]:
    """Return where the largest values are, in descending order; of equal ones, the first come first."""
    if not number:
        return np.zeros(0, np.intp)
    least = np.partition(values, len(values) - number)[len(values) - number]
    places = np.flatnonzero(values >= least)
    return places[np.argsort(-values[places], kind="stable")[:number]]
