"""Diversify ranked papers: drop near-duplicates and rank papers lower that are similar to one above them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice

from newsletter.models import Paper
from newsletter.text.tokenizer import words

#: Texts with fewer distinct words are too short to compare.
_MIN_WORDS = 30
#: Typical Jaccard similarity of two papers on the same subject, which counts as 0.
_BASELINE = 0.2
#: Jaccard similarity of titles from which papers are near-duplicates, and the distinct words that it needs.
_DUPLICATE_TITLE = 0.85
_MIN_TITLE_WORDS = 4
#: The highest ranked papers that are candidates, as a multiple of the places.
_POOL_FACTOR = 4
#: How many similarities of two papers are kept; 20 MB.
_MAX_PAIRS = 100_000


@dataclass(frozen=True)
class Similarity:
    """Pairwise similarity of papers: the Jaccard index of their sets of words. Results are cached."""

    papers: Sequence[Paper]
    _texts: dict[int, frozenset[str]] = field(default_factory=dict)

    def duplicates(self, number: int) -> frozenset[int]:
        """Return a paper and its near-duplicates, the titles of which differ in a word or two; none if it is alone."""
        return self._duplicates.get(number, frozenset())

    @cached_property
    def of_pair(self) -> Callable[[int, int], float]:
        """Returns the similarity of two papers, from 0 (typical, or too short to compare) to 1 (the same text)."""
        return lru_cache(_MAX_PAIRS)(self._compare)

    def _compare(self, one: int, other: int) -> float:
        first, second = self.text(one), self.text(other)
        is_short = min(len(first), len(second)) < _MIN_WORDS
        above = 0.0 if is_short else max(0.0, _jaccard(first, second) - _BASELINE)
        return above / (1 - _BASELINE)

    def text(self, number: int) -> frozenset[str]:
        """Return the words of a paper's title and abstract."""
        if number not in self._texts:
            paper = self.papers[number]
            self._texts[number] = frozenset(words(f"{paper.title} {paper.abstract}"))
        return self._texts[number]

    @cached_property
    def _duplicates(self) -> dict[int, frozenset[int]]:
        """The near-duplicates of each paper that has any.

        Titles that have so much in common share one of the rarest words of either (prefix filtering: Chaudhuri et al.,
        "A Primitive Operator for Similarity Joins in Data Cleaning", ICDE 2006).
        """
        titles = [frozenset(words(paper.title)) for paper in self.papers]
        holders: defaultdict[str, list[int]] = defaultdict(list)
        for number, title in enumerate(titles):
            for word in title if len(title) >= _MIN_TITLE_WORDS else ():
                holders[word].append(number)
        found: defaultdict[int, set[int]] = defaultdict(set)
        for number, title in enumerate(titles):
            rarest = sorted(title & holders.keys(), key=lambda word: len(holders[word]))
            some = rarest[: len(title) - math.ceil(_DUPLICATE_TITLE * len(title)) + 1]
            for other in {one for word in some for one in holders[word]} - {number}:
                if len(title) >= _MIN_TITLE_WORDS and _jaccard(title, titles[other]) >= _DUPLICATE_TITLE:
                    found[number] |= {number, other}
        return {number: frozenset(others) for number, others in found.items()}


def choose(
    ranked: Iterable[tuple[int, float]],
    places: int,
    alike: Similarity,
    weight: float,
    shown: Sequence[int],
) -> list[int]:
    """Select papers by maximal marginal relevance (Carbonell, Goldstein, SIGIR 1998).

    Each pick is the paper with the highest score less its similarity to the papers picked before. Near-duplicates of
    these, and of papers `shown` elsewhere, are left out.

    Args:
        ranked: Numbers of papers and their scores, the best first.
        places: Maximum number of papers to select.
        alike: Compares papers by their numbers.
        weight: The penalty for a similarity of 1, in units of the score.
        shown: Numbers of papers that the digest shows already.

    Returns:
        The numbers of the selected papers, in order.
    """
    if not weight:
        return choose_first((number for number, _ in ranked), places, alike, shown)
    chosen: list[int] = []
    following, similarity = iter(ranked), alike.of_pair
    pool = list(islice(following, _POOL_FACTOR * places))
    # Of each candidate its score less the penalty so far, and with how many of the picks it was compared: each pick can
    # only lower it, so that a candidate is compared further only as long as it may be the best.
    margins, compared = [score for _, score in pool], [0] * len(pool)
    while len(chosen) < places:
        best, most = -1, -math.inf
        for at, (number, score) in enumerate(pool):
            if score <= most:
                break
            margin, times = margins[at], compared[at]
            while margin > most and times < len(chosen):
                margin = min(margin, score - weight * similarity(chosen[times], number))
                times += 1
            margins[at], compared[at] = margin, times
            if margin > most:
                best, most = at, margin
        if best < 0:
            break
        margins[best] = -math.inf  # it is taken
        if not _is_repeated(pool[best][0], alike, chosen, shown):
            chosen.append(pool[best][0])
        elif (another := next(following, None)) is not None:
            pool.append(another)
            margins.append(another[1])
            compared.append(len(chosen))
    return chosen


def choose_first(ranked: Iterable[int], places: int, alike: Similarity, shown: Sequence[int]) -> list[int]:
    """Select the first papers, but near-duplicates: `choose` without a weight."""
    chosen: list[int] = []
    for number in ranked:
        if len(chosen) >= places:
            break
        if not _is_repeated(number, alike, chosen, shown):
            chosen.append(number)
    return chosen


def _is_repeated(number: int, alike: Similarity, *found: Sequence[int]) -> bool:
    duplicates = alike.duplicates(number)
    return bool(duplicates) and not all(map(duplicates.isdisjoint, found))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)
