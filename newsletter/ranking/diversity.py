"""Diversify ranked papers: drop near-duplicates and rank papers lower that are similar to one above them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray

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
#: Once the words of one in so many papers are known, they are compared all at once; for a few it would not be worth it.
_WORTHWHILE = 4
#: How many similarities are kept; 32 MB.
_MAX_VALUES = 4_000_000


@dataclass(frozen=True)
class Similarity:
    """Pairwise similarity of papers: the Jaccard index of their sets of words. Results are cached."""

    papers: Sequence[Paper]
    _texts: dict[int, frozenset[str]] = field(default_factory=dict)
    _similarities: dict[tuple[int, int], float] = field(default_factory=dict)
    #: The similarities of some papers to each.
    _rows: dict[int, NDArray[np.float64]] = field(default_factory=dict)

    def duplicates(self, number: int) -> frozenset[int]:
        """Return a paper and its near-duplicates, the titles of which differ in a word or two; none if it is alone."""
        return self._duplicates.get(number, frozenset())

    def similarity(self, one: int, other: int) -> float:
        """Return the similarity of two papers, from 0 (typical, or too short to compare) to 1 (the same text)."""
        pair = (one, other) if one < other else (other, one)
        if pair not in self._similarities:
            first, second = self.text(one), self.text(other)
            is_short = min(len(first), len(second)) < _MIN_WORDS
            above = 0.0 if is_short else max(0.0, _jaccard(first, second) - _BASELINE)
            self._similarities[pair] = above / (1 - _BASELINE)
        return self._similarities[pair]

    def to_each(self, one: int, others: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the similarity of a paper to each of some others."""
        if len(self._texts) * _WORTHWHILE < len(self.papers):
            return np.array([self.similarity(one, other) for other in others.tolist()])
        if one not in self._rows:
            if len(self._rows) >= max(1, _MAX_VALUES // len(self.papers)):
                self._rows.clear()
            self._rows[one] = self._row(one)
        row: NDArray[np.float64] = self._rows[one].take(others)
        return row

    def _row(self, one: int) -> NDArray[np.float64]:
        """Return the similarity of a paper to every paper, its value as that of `similarity`."""
        sizes, holders = self._holders
        if sizes[one] < _MIN_WORDS:
            return np.zeros(len(sizes))
        common = np.bincount(np.concatenate([holders[word] for word in self.text(one)]), minlength=len(sizes))
        above = np.maximum(0.0, common / (sizes + sizes[one] - common) - _BASELINE)
        return np.where(sizes < _MIN_WORDS, 0.0, above) / (1 - _BASELINE)

    @cached_property
    def _holders(self) -> tuple[NDArray[np.intp], dict[str, NDArray[np.intp]]]:
        """How many distinct words each paper has, and the papers that hold each word."""
        texts = [self.text(number) for number in range(len(self.papers))]
        holders: defaultdict[str, list[int]] = defaultdict(list)
        for number, text in enumerate(texts):
            for word in text:
                holders[word].append(number)
        return np.array(list(map(len, texts)), np.intp), {word: np.array(of, np.intp) for word, of in holders.items()}

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
    ranked: Mapping[int, float],
    places: int,
    alike: Similarity,
    weight: float,
    shown: Sequence[int],
) -> list[int]:
    """Select papers by maximal marginal relevance (Carbonell, Goldstein, SIGIR 1998).

    Each pick is the paper with the highest score less its similarity to the papers picked before. Near-duplicates of
    these, and of papers `shown` elsewhere, are left out.

    Args:
        ranked: Numbers of papers, the best first, and their scores.
        places: Maximum number of papers to select.
        alike: Compares papers by their numbers.
        weight: The penalty for a similarity of 1, in units of the score.
        shown: Numbers of papers that the digest shows already.

    Returns:
        The numbers of the selected papers, in order.
    """
    if not weight:
        return choose_first(ranked, places, alike, shown)
    chosen: list[int] = []
    following = iter(ranked)
    numbers = list(islice(following, _POOL_FACTOR * places))
    pool = np.array(numbers, np.intp)
    own = np.array([ranked[number] for number in numbers])
    margin = own.copy()
    while numbers and len(chosen) < places and margin[at := int(margin.argmax())] != -np.inf:
        best = numbers[at]
        margin[at] = -np.inf  # it is taken
        if _is_repeated(best, alike, chosen, shown):
            for number in islice(following, 1):
                numbers.append(number)
                pool = np.append(pool, number)
                own, margin = np.append(own, ranked[number]), np.append(margin, ranked[number])
            continue
        chosen.append(best)
        if len(chosen) < places:
            np.minimum(margin, own - weight * alike.to_each(best, pool), out=margin)
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
    return len(one & other) / len(one | other)
