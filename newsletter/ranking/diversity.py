"""Ranked papers → the ones to show: not the same twice, and not five versions of one idea."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from newsletter.models import Paper
from newsletter.ranking.index import Numbers
from newsletter.text import words

# Texts of fewer different words are too short to be compared.
_FEWEST_WORDS = 30
#: Two papers on one subject share so many of their words; only what is beyond tells of more.
_ORDINARY = 0.2
_SAME_TITLE = 0.85
_FEWEST_TITLE_WORDS = 4
#: So many times the places is how many of the best are considered.
_POOL = 4


@dataclass(frozen=True)
class Similarity:
    """How alike papers are, by the words they share (Jaccard); what was compared is remembered."""

    papers: Sequence[Paper]
    _titles: dict[int, frozenset[str]] = field(default_factory=dict)
    _texts: dict[int, frozenset[str]] = field(default_factory=dict)
    _compared: dict[tuple[int, int], float] = field(default_factory=dict)

    def is_same(self, one: int, other: int) -> bool:
        """Tell whether two papers are one under two ids, or nearly: their titles are the same but for a word or two."""
        ours, theirs = self._title(one), self._title(other)
        return min(len(ours), len(theirs)) >= _FEWEST_TITLE_WORDS and _share(ours, theirs) >= _SAME_TITLE

    def similarity(self, one: int, other: int) -> float:
        """Return 0 for papers no more alike than usual, towards 1 for the same text."""
        pair = (one, other) if one < other else (other, one)
        if pair not in self._compared:
            ours, theirs = self._text(one), self._text(other)
            is_short = min(len(ours), len(theirs)) < _FEWEST_WORDS
            self._compared[pair] = 0.0 if is_short else max(0.0, _share(ours, theirs) - _ORDINARY) / (1 - _ORDINARY)
        return self._compared[pair]

    def _title(self, number: int) -> frozenset[str]:
        if number not in self._titles:
            self._titles[number] = frozenset(words(self.papers[number].title))
        return self._titles[number]

    def _text(self, number: int) -> frozenset[str]:
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
    """Choose from ranked papers those to show: the best, then always the best that is not much like those before.

    Maximal marginal relevance (Carbonell, Goldstein, SIGIR 1998): `weight` is what a paper loses of its score that is
    the same text as one chosen before it. Near-duplicates of these, and of those `shown` elsewhere, are left out.

    Args:
        ranked: Numbers of papers, the best first.
        scores: A score for every number.
        places: How many to choose at most.
        alike: Compares papers by their numbers.
        weight: Of likeness, in units of the score.
        shown: Numbers of papers that the digest shows already.
    """
    chosen: list[int] = []
    pool = {number: float(scores[number]) for number in ranked[: _POOL * places]}
    rest = iter(ranked[_POOL * places :])
    while pool and len(chosen) < places:
        best = max(pool, key=lambda number: pool[number])
        del pool[best]
        if any(alike.is_same(best, other) for other in (*chosen, *shown)):
            pool |= {number: float(scores[number]) for number in islice(rest, 1)}
            continue
        chosen.append(best)
        for number in pool if weight else ():
            pool[number] = min(pool[number], float(scores[number]) - weight * alike.similarity(best, number))
    return chosen


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
