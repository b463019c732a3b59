"""An inverted index of papers by field, built once for an edition and queried once for each distinct term.

Candidates for a phrase are the papers that hold all its words; their texts are then searched for the phrase. Results
are bit sets and arrays over all papers of the index, so that thousands of topics are evaluated by array operations.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from functools import cached_property
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from newsletter.models import Paper
from newsletter.text import words
from newsletter.topics.query import Term

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float32]


class Field(IntEnum):
    """The fields of a paper, the strongest first."""

    TITLE = 0
    KEYWORDS = 1
    ABSTRACT = 2
    AUTHOR = 3
    ORG = 4
    CAT = 5
    SOURCE = 6

    def __str__(self) -> str:
        return self.name.lower()


#: Fields that a term without a field is searched in.
_DEFAULT = (Field.TITLE, Field.KEYWORDS, Field.ABSTRACT)
_COUNT = len(Field)


_ACRONYM = re.compile(r"[A-Z]{2,}[0-9]*s?")
_ACRONYMS = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2,}[0-9]*s?(?![A-Za-z0-9])")
_HYPHENATED = re.compile(r"[^\W_]+(?:[-\u2010\u2011][^\W_]+)+")
#: Minimum length of a word that is also searched as two ("incontext" as "in context").
_MIN_COMPOUND = 6


class PaperIndex:
    """An inverted index of some papers."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self.papers = {paper.id: paper for paper in papers}
        #: Ids in the order of the arrays: a paper's position is its number.
        self.ids = tuple(self.papers)
        #: The papers with a newer version than the first one seen.
        self.revised = tuple(paper for paper in papers if paper.revised_at is not None)
        self._postings: list[dict[str, list[int]]] = [defaultdict(list) for _ in Field]
        self._texts: list[list[str]] = [[] for _ in Field]
        for number, paper in enumerate(self.papers.values()):
            for field, passages in _passages(paper):
                self._post(field, number, passages)
        self._vocabularies: dict[Field, list[str]] = {}
        self._parts: dict[str, list[tuple[str, str]]] = {}
        self._bits: dict[Term, int] = {}
        self._counts: dict[Term, Numbers] = {}
        #: The bit set of all papers.
        self.all = (1 << len(self.ids)) - 1

    def __len__(self) -> int:
        return len(self.ids)

    def bits(self, term: Term) -> int:
        """Return the papers that hold a term, as a bit set: bit n stands for the paper of number n.

        A bitwise operation on integers combines all papers at once, which makes thousands of topics cheap.
        """
        known = self._bits.get(term)
        if known is None:
            marks = bytearray(len(self.ids) // 8 + 1)
            for _, numbers in self._occurrences(term):
                for number in numbers:
                    marks[number >> 3] |= 1 << (number & 7)
            known = self._bits[term] = int.from_bytes(marks, "little")
        return known

    def counts(self, term: Term) -> Numbers:
        """Return a term's frequency in each field of each paper: fields × papers."""
        if term not in self._counts:
            counts = np.zeros((_COUNT, len(self.ids)), np.float32)
            for field, numbers in self._occurrences(term):
                for number in numbers:
                    counts[field, number] += 1
            self._counts[term] = counts
        return self._counts[term]

    def place(self, term: Term, number: int) -> Field | None:
        """Return the strongest field of a paper that holds a term, or None."""
        counts = self.counts(term)
        return next((field for field in Field if counts[field, number] > 0), None)

    def flags(self, bits: int) -> Flags:
        """Return a bit set as an array of booleans over all papers."""
        raw = np.frombuffer(bits.to_bytes(len(self.ids) // 8 + 1, "little"), np.uint8)
        return np.unpackbits(raw, bitorder="little")[: len(self.ids)].astype(np.bool_)

    def _post(self, field: Field, number: int, passages: Sequence[str]) -> None:
        postings = self._postings[field]
        texts = []
        for passage in passages:
            found = [passage.casefold()] if field in (Field.CAT, Field.SOURCE) else words(passage)
            texts.append(_spaced(found))
            for word in (*found, *_marked(passage)):
                postings[word].append(number)
        # The bar keeps phrases from matching across two keywords or names.
        self._texts[field].append("|".join(texts))

    def _occurrences(self, term: Term) -> Iterator[tuple[Field, Iterable[int]]]:
        """Yield fields with the numbers of papers that hold a term there, one for each occurrence."""
        fields = _DEFAULT if term.field is None else (Field[term.field.upper()],)
        if fields[0] in (Field.CAT, Field.SOURCE):
            phrase = [term.text.casefold()]
        elif _ACRONYM.fullmatch(term.text) and not term.is_prefix:
            phrase = [_exact(term.text)]
        else:
            phrase = words(term.text)
        for field in fields:
            if not self._postings[field]:
                continue
            if term.is_prefix:
                yield from ((field, self._postings[field][word]) for word in self._words_with(field, phrase[0]))
            else:
                yield from ((field, numbers) for numbers in self._spelled(field, phrase))

    def _spelled(self, field: Field, phrase: list[str]) -> Iterator[Iterable[int]]:
        """Yield the numbers of papers that hold a phrase in any spelling, one for each occurrence."""
        postings = self._postings[field]
        if len(phrase) == 1:
            (word,) = phrase
            yield from (postings[spelling] for spelling in (word, f"+{word}") if spelling in postings)
        else:
            yield self._adjacent(field, phrase)
        for other in self._other_spellings(field, phrase):
            yield self._adjacent(field, other, hyphenated=len(phrase) > 1)

    def _adjacent(self, field: Field, phrase: list[str], *, hyphenated: bool = True) -> Iterator[int]:
        """Yield a number for each occurrence of adjacent words; papers that hyphenate them only if `hyphenated`."""
        postings = self._postings[field]
        holders = [postings[word] for word in phrase if word in postings]
        if len(holders) < len(phrase):
            return
        holders.sort(key=len)
        candidates = set(holders[0]).intersection(*holders[1:])
        needle = _spaced(phrase)
        joined = set() if hyphenated else set(postings.get(f"+{''.join(phrase)}", ()))
        for number in candidates - joined:
            for _ in range(self._texts[field][number].count(needle)):
                yield number

    def _other_spellings(self, field: Field, phrase: list[str]) -> Iterator[list[str]]:
        """Yield the spellings of a phrase with two words joined or one split, if the field has these words.

        "in-context learning" is also written "incontext learning", and vice versa.
        """
        postings = self._postings[field]
        for cut, word in enumerate(phrase):
            before, after = phrase[:cut], phrase[cut + 1 :]
            if after and word + after[0] in postings:
                yield [*before, word + after[0], *after[1:]]
            if len(phrase) == 1 or word not in postings:
                for first, second in self._halves(word):
                    yield [*before, first, second, *after]

    def _halves(self, word: str) -> Sequence[tuple[str, str]]:
        """Return the pairs of words of the index that a word may be split into."""
        if word not in self._parts:
            cuts = range(2, len(word) - 1) if len(word) >= _MIN_COMPOUND and word.isalpha() else ()
            held = [self._postings[field] for field in Field if field not in (Field.CAT, Field.SOURCE)]
            pairs = ((word[:cut], word[cut:]) for cut in cuts)
            self._parts[word] = [pair for pair in pairs if any(pair[0] in p and pair[1] in p for p in held)]
        return self._parts[word]

    def _words_with(self, field: Field, prefix: str) -> Iterator[str]:
        """Yield the words of a field that begin with a prefix."""
        if field not in self._vocabularies:
            self._vocabularies[field] = sorted(word for word in self._postings[field] if word[0] not in "=+")
        vocabulary = self._vocabularies[field]
        start = bisect_left(vocabulary, prefix)
        yield from takewhile(lambda word: word.startswith(prefix), vocabulary[start:])


class Statistics:
    """The rarity of terms in the archive or its latest papers, which are read when first needed."""

    def __init__(self, read_archive: Callable[[], PaperIndex]) -> None:
        self._read_archive = read_archive

    @cached_property
    def _archive(self) -> PaperIndex:
        return self._read_archive()

    def rarity(self, term: Term) -> float:
        """Return a term's rarity: 1 if no paper holds it, near 0 if all do.

        The inverse document frequency of Robertson and Spärck Jones, as in BM25, divided by its maximum.
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
    """Yield the marked words of a passage that `words` loses: acronyms ("=RAG") and hyphenated words ("+incontext")."""
    for match in _ACRONYMS.finditer(passage):
        yield _exact(match[0])
    if "-" in passage or "\u2010" in passage or "\u2011" in passage:
        for match in _HYPHENATED.finditer(passage):
            yield f"+{''.join(words(match[0]))}"


def _exact(acronym: str) -> str:
    return f"={acronym.removesuffix('s')}"


def _spaced(phrase: Sequence[str]) -> str:
    """Join words so that a substring search finds phrases, and only as whole words."""
    return f" {' '.join(phrase)} "
