"""The places of words in the texts of a field: which papers hold words near each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from functools import reduce
from itertools import chain, compress, repeat

import numpy as np
from numpy.typing import NDArray

from newsletter.text.tokenizer import stem
from newsletter.topics.spellings import Form, Near, Phrase, Vocabulary

Numbers = NDArray[np.int64]
#: Between the last word of a passage and the first of the next; more than any window.
_GAP = 4096
_NONE = np.empty(0, np.int64)


class Places:
    """The places of the words of a field, numbered through all papers."""

    def __init__(
        self,
        texts: Sequence[str],
        asked: Set[str] | None = None,
        split: Iterable[Sequence[Sequence[str]]] | None = None,
    ) -> None:
        """Find the places of all words, or only of those that are asked for.

        `split` are the words of the passages of each text, if they are known.
        """
        if split is None:
            split = ([passage.split() for passage in text.split("|")] for text in texts)
        passages = [(paper, found) for paper, of_paper in enumerate(split) for found in of_paper]
        lengths = np.array([len(found) for _, found in passages], np.int64)
        every = chain.from_iterable(found for _, found in passages)
        if asked is None:
            counted: dict[str, int] = defaultdict(lambda: len(counted))
            words = np.array([counted[word] for word in every], np.int64)
            numbers, kept = dict(counted), np.arange(len(words))
        else:
            wanted = {word: number for number, word in enumerate(asked)}
            words = np.fromiter(map(wanted.get, every, repeat(-1)), np.int64, int(lengths.sum()))
            kept = np.flatnonzero(words >= 0)
            words = words[kept]
            is_there = np.bincount(words, minlength=len(wanted)) > 0
            numbers = dict(compress(wanted.items(), is_there.tolist()))
        papers = np.array([paper for paper, _ in passages], np.int64)
        #: The paper of each word, in the order of the text, and its place.
        self._papers = np.repeat(papers, lengths)[kept]
        self._places = kept + np.repeat(np.arange(len(passages)) * _GAP, lengths)[kept]
        #: The number of each word among all of the texts, and those of the first word and the word behind each text.
        self._words = kept
        counts = np.bincount(papers, lengths, len(texts)).astype(np.int64)
        self._bounds = np.concatenate(([0], np.cumsum(counts)))
        #: The words in the order of their numbers, to find those of one number.
        self._order = np.argsort(words, kind="stable")
        self._sorted = words[self._order]
        self._numbers = numbers
        self._vocabulary = Vocabulary(self._numbers.__contains__)
        self._stems: dict[str, list[str]] = defaultdict(list)
        for word in self._numbers:
            self._stems[stem(word)].append(word)

    def of_each(self, near: Near) -> list[Numbers]:
        """Return for each of some words the indices where it stands, in any form, but in what means the opposite."""
        found = [
            self.of(one, name, forms) for one, name, forms in zip(near.each, near.stems, near.compounds, strict=True)
        ]
        for reverse in near.reverses:
            begins = self.of(reverse, "")
            opposite = np.concatenate([begins + offset for offset in range(len(reverse.parts))])
            found = [np.setdiff1d(one, opposite, assume_unique=True) for one in found]
        return found

    def holders(self, near: Near) -> set[int]:
        """Return the papers that hold one of some words or more."""
        return set(self._papers[np.concatenate(self.of_each(near))].tolist())

    def of(self, phrase: Phrase, stem_of_it: str, forms: Sequence[Form] = ()) -> Numbers:
        """Return the indices of the words where a phrase begins, or of all words of a stem, or a compound."""
        found = [self._word(word) for word in self._stems.get(stem_of_it, ())] if stem_of_it else []
        spellings = phrase.spellings(self._vocabulary)
        found += [self._adjacent(spelling) for spelling in spellings if len(spelling) > 1 or not stem_of_it]
        for form in forms:
            if all(head in self._numbers for head in form.heads):
                found += [self._adjacent((*form.heads, word)) for word in self._stems.get(form.stem, ())]
        return np.unique(np.concatenate(found)) if found else _NONE

    def together(self, found: Sequence[Numbers], window: float) -> set[int]:
        """Return the papers that hold one of each among `window` words of a passage; all words of it if infinite.

        A window that holds all of them holds them still when it begins with the first.
        """
        if any(len(one) == 0 for one in found):
            return set()
        width = _GAP // 2 if window == float("inf") else window
        places = [self._places[one] for one in found]
        begins = np.concatenate(places)
        indices = np.concatenate(found)
        last = begins
        for one in places:
            following = np.searchsorted(one, begins)
            is_there = following < len(one)
            following = np.where(is_there, one[np.minimum(following, len(one) - 1)], np.iinfo(np.int64).max)
            last = np.maximum(last, following)
        return set(self._papers[indices[last - begins < width]].tolist())

    def first(self, found: Numbers) -> NDArray[np.float32]:
        """Return where each text first has one of some words: 0 is its beginning, 1 its end, NaN nowhere."""
        begins, behind = self._bounds[:-1], self._bounds[1:]
        first = np.full(len(begins), np.inf)
        holders = self._papers[found]
        np.minimum.at(first, holders, (self._words[found] - begins[holders]) / (behind - begins)[holders])
        return np.where(np.isinf(first), np.nan, first).astype(np.float32)

    def _word(self, word: str) -> Numbers:
        number = self._numbers.get(word)
        if number is None:
            return _NONE
        first, last = np.searchsorted(self._sorted, [number, number + 1])
        return self._order[first:last]

    def _adjacent(self, spelling: Sequence[str]) -> Numbers:
        """Return the indices of the first of adjacent words."""
        starts = [self._word(word) - offset for offset, word in enumerate(spelling)]
        begins: Numbers = reduce(lambda one, other: np.intersect1d(one, other, assume_unique=True), starts)
        if len(spelling) == 1 or not len(begins):
            return begins
        last = begins + len(spelling) - 1
        adjacent: Numbers = begins[self._places[last] - self._places[begins] == len(spelling) - 1]
        return adjacent
