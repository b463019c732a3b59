"""Which papers hold which terms: built once for some papers, asked once for each distinct term.

An inverted index of words by field. Phrases are first narrowed down to the papers that hold all their words, then
looked for in the words' order. Every answer is an array with a place for each paper, so that thousands of topics can be
answered by joining arrays.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from functools import cached_property
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from newsletter.models import Paper
from newsletter.query import Term
from newsletter.text import words

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float32]


class Field(IntEnum):
    """Where in a paper a term was found, the strongest place first."""

    TITLE = 0
    KEYWORDS = 1
    ABSTRACT = 2
    AUTHOR = 3
    ORG = 4
    CAT = 5
    SOURCE = 6

    def __str__(self) -> str:
        return self.name.lower()


_DEFAULT = (Field.TITLE, Field.KEYWORDS, Field.ABSTRACT)
_COUNT = len(Field)


_ACRONYM = re.compile(r"[A-Z]{2,}[0-9]*s?")
_ACRONYMS = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2,}[0-9]*s?(?![A-Za-z0-9])")
_HYPHENATED = re.compile(r"[^\W_]+(?:[-\u2010\u2011][^\W_]+)+")
#: Shorter words are not looked for as two ("incontext" as "in context").
_SHORTEST_COMPOUND = 6


class PaperIndex:
    """An inverted index of some papers."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self.papers = {paper.id: paper for paper in papers}
        #: Ids in the order of the arrays.
        self.ids = tuple(self.papers)
        #: Those with a newer version than the store first saw.
        self.revised = tuple(paper for paper in papers if paper.revised_at is not None)
        self._postings: list[dict[str, list[int]]] = [{} for _ in Field]
        self._texts: list[list[str]] = [[] for _ in Field]
        for number, paper in enumerate(self.papers.values()):
            for field, passages in _passages(paper):
                self._post(field, number, passages)
        self._vocabularies: dict[Field, list[str]] = {}
        self._bits: dict[Term, int] = {}
        self._counts: dict[Term, Numbers] = {}
        #: The bits of all papers.
        self.all = (1 << len(self.ids)) - 1

    def __len__(self) -> int:
        return len(self.ids)

    def bits(self, term: Term) -> int:
        """Return which papers hold a term: the bit of a paper's number is set.

        Python's integers join a thousand papers in one step, which is what makes thousands of topics cheap.
        """
        if term not in self._bits:
            found = {number for _, number in self._occurrences(term)}
            marks = bytearray(len(self.ids) // 8 + 1)
            for number in found:
                marks[number >> 3] |= 1 << (number & 7)
            self._bits[term] = int.from_bytes(marks, "little")
        return self._bits[term]

    def counts(self, term: Term) -> Numbers:
        """Return how often each paper holds a term in each field: fields × papers."""
        if term not in self._counts:
            counts = np.zeros((_COUNT, len(self.ids)), np.float32)
            for field, number in self._occurrences(term):
                counts[field, number] += 1
            self._counts[term] = counts
        return self._counts[term]

    def place(self, term: Term, number: int) -> Field | None:
        """Return the strongest place where a paper holds a term, or None."""
        counts = self.counts(term)
        return next((field for field in Field if counts[field, number] > 0), None)

    def flags(self, bits: int) -> Flags:
        """Return bits as an array of truth values."""
        raw = np.frombuffer(bits.to_bytes(len(self.ids) // 8 + 1, "little"), np.uint8)
        return np.unpackbits(raw, bitorder="little")[: len(self.ids)].astype(np.bool_)

    def _post(self, field: Field, number: int, passages: Sequence[str]) -> None:
        postings = self._postings[field]
        texts = []
        for passage in passages:
            found = [passage.casefold()] if field in (Field.CAT, Field.SOURCE) else words(passage)
            texts.append(_spaced(found))
            for word in (*found, *_marked(passage)):
                postings.setdefault(word, []).append(number)
        # The bar keeps a phrase from running from one keyword or name into the next.
        self._texts[field].append("|".join(texts))

    def _occurrences(self, term: Term) -> Iterator[tuple[Field, int]]:
        """Yield field and number of a paper for each time that it holds a term."""
        fields = _DEFAULT if term.field is None else (Field[term.field.upper()],)
        if fields[0] in (Field.CAT, Field.SOURCE):
            spellings = [[term.text.casefold()]]
        elif _ACRONYM.fullmatch(term.text) and not term.is_prefix:
            spellings = [[_exact(term.text)]]
        else:
            spellings = [words(term.text)]
        for field in fields:
            if term.is_prefix:
                for word in self._beginning(field, spellings[0][0]):
                    yield from ((field, number) for number in self._postings[field][word])
            else:
                yield from ((field, number) for number in self._spelled(field, spellings[0]))

    def _spelled(self, field: Field, phrase: list[str]) -> Iterator[int]:
        """Yield the number of a paper for each time that it holds a phrase, however it is spelled."""
        postings = self._postings[field]
        if len(phrase) == 1:
            (word,) = phrase
            yield from postings.get(word, ())
            yield from postings.get(f"+{word}", ())
        else:
            yield from self._side_by_side(field, phrase)
        for other in _other_spellings(phrase, postings):
            yield from self._side_by_side(field, other, hyphenated=len(phrase) > 1)

    def _side_by_side(self, field: Field, phrase: list[str], *, hyphenated: bool = True) -> Iterator[int]:
        """Yield papers whose words stand side by side; without `hyphenated`, those that a hyphen joins are left out."""
        postings, needle = self._postings[field], _spaced(phrase)
        holders = sorted((postings.get(word, []) for word in phrase), key=len)
        if not holders[0]:
            return
        candidates = set(holders[0]).intersection(*holders[1:])
        joined = set() if hyphenated else set(postings.get(f"+{''.join(phrase)}", ()))
        for number in candidates - joined:
            for _ in range(self._texts[field][number].count(needle)):
                yield number

    def _beginning(self, field: Field, prefix: str) -> Iterator[str]:
        """Yield the words of a field that begin so."""
        if field not in self._vocabularies:
            self._vocabularies[field] = sorted(word for word in self._postings[field] if word[0] not in "=+")
        vocabulary = self._vocabularies[field]
        start = bisect_left(vocabulary, prefix)
        yield from takewhile(lambda word: word.startswith(prefix), vocabulary[start:])


class Statistics:
    """How rare terms are among all papers, or the latest of them; these are read when first needed."""

    def __init__(self, read_archive: Callable[[], PaperIndex]) -> None:
        self._read_archive = read_archive

    @cached_property
    def _archive(self) -> PaperIndex:
        return self._read_archive()

    def rarity(self, term: Term) -> float:
        """Return 1 for a term that no paper holds, towards 0 for one that all hold.

        The inverse document frequency of Robertson and Spärck Jones, as BM25 uses it, over its largest value.
        """
        papers = len(self._archive)
        holders = self._archive.bits(term).bit_count()
        return math.log1p((papers - holders + 0.5) / (holders + 0.5)) / math.log1p((papers + 0.5) / 0.5)


def _passages(paper: Paper) -> Iterable[tuple[Field, Sequence[str]]]:
    return (
        (Field.TITLE, (paper.title,)),
        (Field.KEYWORDS, paper.keywords),
        (Field.ABSTRACT, (paper.abstract,)),
        (Field.AUTHOR, paper.authors),
        (Field.ORG, (paper.organization,) if paper.organization else ()),
        (Field.CAT, paper.categories),
        (Field.SOURCE, paper.sources),
    )


def _marked(passage: str) -> Iterator[str]:
    """Yield what `words` does not tell of a passage: words in capitals ("=RAG"), and joined ones ("+incontext")."""
    for match in _ACRONYMS.finditer(passage):
        yield _exact(match[0])
    if "-" in passage or "\u2010" in passage or "\u2011" in passage:
        for match in _HYPHENATED.finditer(passage):
            yield f"+{''.join(words(match[0]))}"


def _exact(acronym: str) -> str:
    return f"={acronym.removesuffix('s')}"


def _other_spellings(phrase: list[str], postings: dict[str, list[int]]) -> Iterator[list[str]]:
    """Yield a phrase with two of its words joined, or one taken apart, where there are such words.

    "in-context learning" is also written "incontext learning", and the other way round.
    """
    for cut, word in enumerate(phrase):
        before, after = phrase[:cut], phrase[cut + 1 :]
        if after and word + after[0] in postings:
            yield [*before, word + after[0], *after[1:]]
        if len(phrase) == 1 or word not in postings:
            for first, second in _halves(word, postings):
                yield [*before, first, second, *after]


def _halves(word: str, postings: dict[str, list[int]]) -> Iterator[tuple[str, str]]:
    """Yield the two words that a word may be written as."""
    if len(word) >= _SHORTEST_COMPOUND and word.isalpha():
        for cut in range(2, len(word) - 1):
            first, second = word[:cut], word[cut:]
            if first in postings and second in postings:
                yield first, second


def _spaced(phrase: Sequence[str]) -> str:
    """Join words so that a phrase is found in a text by plain search, and only as whole words."""
    return f" {' '.join(phrase)} "
