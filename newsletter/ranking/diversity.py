"""Diversify ranked papers: drop near-duplicates and rank papers lower that are similar to one above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from newsletter.models import Paper
from newsletter.ranking.index import Numbers
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


@dataclass(frozen=True)
class Similarity:
    """Pairwise similarity of papers: the Jaccard index of their sets of words. Results are cached."""

    papers: Sequence[Paper]
    _titles: dict[int, frozenset[str]] = field(default_factory=dict)
    _texts: dict[int, frozenset[str]] = field(default_factory=dict)
    _similarities: dict[tuple[int, int], float] = field(default_factory=dict)

    def is_duplicate(self, one: int, other: int) -> bool:
        """Return whether two papers are near-duplicates: their titles differ in a word or two at most."""
        first, second = self._title(one), self._title(other)
        return min(len(first), len(second)) >= _MIN_TITLE_WORDS and _jaccard(first, second) >= _DUPLICATE_TITLE

    def similarity(self, one: int, other: int) -> float:
        """Return the similarity of two papers, from 0 (typical, or too short to compare) to 1 (the same text)."""
        pair = (one, other) if one < other else (other, one)
        if pair not in self._similarities:
            first, second = self.text(one), self.text(other)
            is_short = min(len(first), len(second)) < _MIN_WORDS
            above = 0.0 if is_short else max(0.0, _jaccard(first, second) - _BASELINE)
            self._similarities[pair] = above / (1 - _BASELINE)
        return self._similarities[pair]

    def _title(self, number: int) -> frozenset[str]:
        if number not in self._titles:
            self._titles[number] = frozenset(words(self.papers[number].title))
        return self._titles[number]

    def text(self, number: int) -> frozenset[str]:
        """Return the words of a paper's title and abstract."""
        if number not in self._texts:
            paper = self.papers[number]
            self._texts[number] = frozenset(words(f"{paper.title} {paper.abstract}"))
        return self._texts[number]


def choose(
    ranked: Sequence[int],
    scores: Sequence[float] | Numbers,
    places: int,
    alike: Similarity,
    weight: float,
    shown: Sequence[int],
) -> list[int]:
    """Select papers by maximal marginal relevance (Carbonell, Goldstein, SIGIR 1998).

    Each pick is the paper with the highest score less its similarity to the papers picked before. Near-duplicates of
    these, and of papers `shown` elsewhere, are left out.

    Args:
        ranked: Numbers of papers, the best first.
        scores: The score of every number.
        places: Maximum number of papers to select.
        alike: Compares papers by their numbers.
        weight: The penalty for a similarity of 1, in units of the score.
        shown: Numbers of papers that the digest shows already.

    Returns:
        The numbers of the selected papers, in order.
    """
    chosen: list[int] = []
    pool = {number: float(scores[number]) for number in ranked[: _POOL_FACTOR * places]}
    rest = iter(ranked[_POOL_FACTOR * places :])
    while pool and len(chosen) < places:
        best = max(pool, key=lambda number: pool[number])
        del pool[best]
        if any(alike.is_duplicate(best, other) for other in (*chosen, *shown)):
            pool |= {number: float(scores[number]) for number in islice(rest, 1)}
            continue
        chosen.append(best)
        for number in pool if weight else ():
            pool[number] = min(pool[number], float(scores[number]) - weight * alike.similarity(best, number))
    return chosen


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
