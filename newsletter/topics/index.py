"""An inverted index of papers by field, built once for an edition and queried once for each distinct term.

Candidates for a phrase are the papers that hold all its words; their texts are then searched for the phrase. Where
words stand is indexed when a term first asks what is near. Results are bit sets and arrays over all papers of the
index, so that thousands of topics are evaluated by array operations.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from itertools import chain, islice, takewhile
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from newsletter.models import Paper
from newsletter.text.tokenizer import marks, prefixes, surfaces, words
from newsletter.topics.occurrences import occurrences
from newsletter.topics.places import Places
from newsletter.topics.query import All, Any, Boost, Node, Not, Term
from newsletter.topics.spellings import Phrase, Vocabulary, near_of, phrase_of

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
_FIELDS = {"title": Field.TITLE, "keyword": Field.KEYWORDS, "abstract": Field.ABSTRACT, "author": Field.AUTHOR,
           "org": Field.ORG, "cat": Field.CAT, "source": Field.SOURCE}  # fmt: skip
_CODES = (Field.CAT, Field.SOURCE)
#: The fields of the store's full-text index, in its order.
_INDEXED = (Field.TITLE, Field.KEYWORDS, Field.ABSTRACT, Field.AUTHOR, Field.ORG)
NOTHING_KNOWN: Mapping[int, Sequence[str]] = {}
_ALL = tuple(Field)
_Known = TypeVar("_Known")
#: Of so many terms it is kept which papers hold them.
_MAX_TERMS = 4096
_COUNT = len(_ALL)


#: What counts of an occurrence if the words are no phrase: near each other, apart in a title, or apart in an abstract.
_NEAR_COUNT = 0.5
_TITLE_COUNT = 1 / 3
_APART_COUNT = 0.25


class PaperIndex:
    """An inverted index of some papers."""

    def __init__(
        self, papers: Sequence[Paper], known: Mapping[int, Sequence[str]] = NOTHING_KNOWN, asked: Node | None = None
    ) -> None:
        """Index papers; the words of some may be `known` by their ids, as the store's full-text index holds them.

        An index that is `asked` for one query only has the words that it may be about, and does not tell how often.
        """
        fields = _ALL if asked is None else {field for term in _terms(asked) for field in fields_of(term)}
        split: dict[int, list[tuple[Field, _Indexed]]] = {}
        if asked is not None:
            split = {number: _split(texts, fields) for number, texts in known.items()}
        self._asked = (
            None if asked is None else _asked_for(asked, (one for texts in split.values() for _, one in texts))
        )
        #: Of an index that is asked for one query, the words by field, paper and passage, if those of all are known.
        self._split: list[list[Sequence[Sequence[str]]]] | None = None
        if asked is not None and all(paper.id in known for paper in papers):
            self._split = [[] for _ in Field]
        self.papers = {paper.id: paper for paper in papers}
        #: Ids in the order of the arrays: a paper's position is its number.
        self.ids = tuple(self.papers)
        #: The papers with a newer version than the first one seen.
        self.revised = tuple(paper for paper in papers if paper.revised_at is not None)
        self._postings: list[dict[str, list[int]]] = [defaultdict(list) for _ in Field]
        self._texts: list[list[str]] = [[] for _ in Field]
        for number, paper in enumerate(self.papers.values()):
            texts = known.get(paper.id, ())
            for field, indexed in split[paper.id] if texts and asked is not None else _split(texts, fields):
                self._post_indexed(field, number, indexed)
            for field, passages in _passages(paper)[len(texts) :]:
                self._post(field, number, passages)
        self._vocabularies: dict[str | None, Vocabulary] = {}
        self._sorted_words: dict[Field, list[str]] = {}
        self._places: dict[Field, Places] = {}
        self._bits: dict[Term, tuple[int, ...]] = {}
        #: The frequencies that are not 0, as places in the array of all, and values.
        self._counts: dict[Term, tuple[NDArray[np.intp], Numbers]] = {}
        #: The papers whose abstracts have a term, and where each first has it.
        self._firsts: dict[Term, tuple[NDArray[np.intp], Numbers]] = {}
        #: The bit set of all papers.
        self.all = (1 << len(self.ids)) - 1

    def __len__(self) -> int:
        return len(self.ids)

    def bits(self, term: Term) -> int:
        """Return the papers that hold a term, as a bit set: bit n stands for the paper of number n.

        A bitwise operation on integers combines all papers at once, which makes thousands of topics cheap.
        """
        found = 0
        for bits in self.bits_by_field(term):
            found |= bits
        return found

    def bits_by_field(self, term: Term) -> tuple[int, ...]:
        """Return the papers that hold a term in each field, as bit sets."""
        known = self._bits.get(term)
        return self._find(term)[0] if known is None else known

    def counts(self, term: Term) -> Numbers:
        """Return a term's frequency in each field of each paper: fields × papers."""
        places, values = self._counts[term] if term in self._counts else self._find(term)[1]
        counts = np.zeros((_COUNT, len(self.ids)), np.float32)
        counts.reshape(-1)[places] = values
        return counts

    def _find(self, term: Term) -> tuple[tuple[int, ...], tuple[NDArray[np.intp], Numbers]]:
        """Find the papers that hold a term, and how often, and keep it."""
        by_field: dict[Field, dict[int, float]] = {}
        for field, numbers, worth in self._occurrences(term):
            found = by_field.setdefault(field, {})
            for number in numbers:
                found[number] = found.get(number, 0.0) + worth
        sets = [bytearray(len(self.ids) // 8 + 1 if field in by_field else 0) for field in _ALL]
        places, values = list[int](), list[float]()
        for field, found in by_field.items():
            of_field = sets[field]
            for number in found:
                of_field[number >> 3] |= 1 << (number & 7)
            places += [field * len(self.ids) + number for number in found]
            values += found.values()
        _make_room(self._bits)
        _make_room(self._counts)
        self._bits[term] = tuple(int.from_bytes(of_field, "little") for of_field in sets)
        self._counts[term] = np.array(places, np.intp), np.array(values, np.float32)
        return self._bits[term], self._counts[term]

    def times(self, term: Term, number: int) -> dict[str, float]:
        """Return how often each field of a paper holds a term, the strongest field first."""
        counts = self.counts(term)[:, number]
        return {str(field): float(counts[field]) for field in Field if counts[field] > 0}

    def place(self, term: Term, number: int) -> Field | None:
        """Return the strongest field of a paper that holds a term, or None."""
        for field, bits in zip(_ALL, self.bits_by_field(term), strict=True):
            if bits >> number & 1:
                return field
        return None

    def first(self, term: Term) -> Numbers:
        """Return where the abstract of each paper first has a term: 0 at its beginning, 1 at its end; NaN: nowhere.

        Of words near each other, that is where the phrase is, or the last of them first comes.
        """
        first = np.full(len(self.ids), np.nan, np.float32)
        numbers, values = self.firsts(term)
        first[numbers] = values
        return first

    def firsts(self, term: Term) -> tuple[NDArray[np.intp], Numbers]:
        """Return `first` as the numbers of the papers whose abstracts have a term, and where each first has it."""
        if term.is_prefix or Field.ABSTRACT not in fields_of(term):
            return np.zeros(0, np.intp), np.zeros(0, np.float32)
        if term not in self._firsts:
            found = self._find_first(term)
            numbers = np.flatnonzero(~np.isnan(found))
            _make_room(self._firsts)
            self._firsts[term] = numbers, found[numbers]
        return self._firsts[term]

    def _find_first(self, term: Term) -> Numbers:
        places = self._places_of(Field.ABSTRACT)
        first = places.first(places.of(phrase_of(term.text), ""))
        if not term.is_near:
            return first
        each = [places.first(found) for found in places.of_each(near_of(term.text))]
        return np.fmin(first, np.max(each, axis=0)) if each else first

    def flags(self, bits: int) -> Flags:
        """Return a bit set as an array of booleans over all papers."""
        return flags_of(bits, len(self.ids))

    def _post(self, field: Field, number: int, passages: Sequence[str]) -> None:
        postings = self._postings[field]
        texts = []
        for passage in passages:
            found = [passage.casefold()] if field in _CODES else words(passage)
            texts.append(_spaced(found))
            for word in found if field in _CODES else (*found, *marks(passage)):
                postings[word].append(number)
        # The bar keeps phrases from matching across two keywords or names.
        self._texts[field].append("|".join(texts))

    def _post_indexed(self, field: Field, number: int, indexed: _Indexed) -> None:
        postings, asked = self._postings[field], self._asked
        for word in indexed.every() if asked is None else asked.intersection(indexed.every()):
            postings[word].append(number)
        self._texts[field].append("|".join(f" {passage} " for passage in indexed.passages))
        if self._split is not None:
            self._split[field].append(indexed.words)

    def _occurrences(self, term: Term) -> Iterator[tuple[Field, Iterable[int], float]]:
        """Yield fields with the numbers of papers that hold a term there, and what each occurrence counts."""
        fields = fields_of(term)
        if term.is_prefix or fields[0] in _CODES:
            yield from ((field, numbers, 1) for field in fields for numbers in self._in_vocabulary(field, term))
            return
        phrase = phrase_of(term.text)
        spellings = () if phrase.mark else phrase.spellings(self._vocabulary(term.field))
        for field in fields:
            if not self._postings[field]:
                continue
            found = self._spelled(field, phrase, spellings)
            if term.is_near:
                yield from self._near(field, term, found)
                continue
            if term.is_literal or phrase.is_hyphenated:
                found = self._as_written(field, term, {number for numbers in found for number in numbers})
            for numbers in found:
                yield field, numbers, 1

    def _in_vocabulary(self, field: Field, term: Term) -> Iterator[Iterable[int]]:
        """Yield the papers of each word of a field that is a code, or begins with a prefix."""
        postings = self._postings[field]
        if term.is_prefix:
            begun = (term.text.casefold(),) if field in _CODES else prefixes(phrase_of(term.text).parts[0])
            yield from (postings[word] for prefix in begun for word in self._words_with(field, prefix))
        else:
            yield postings.get(term.text.casefold(), ())

    def _vocabulary(self, field: str | None) -> Vocabulary:
        """Return the words that exist in the fields that a term of `field` is searched in."""
        if (known := self._vocabularies.get(field)) is None:
            title, keywords, abstract, *_ = self._postings
            is_word = self._postings[_FIELDS[field]].__contains__ if field else (
                lambda word: word in abstract or word in title or word in keywords
            )  # fmt: skip
            known = self._vocabularies[field] = Vocabulary(is_word)
        return known

    def _spelled(self, field: Field, phrase: Phrase, spellings: Iterable[tuple[str, ...]]) -> Iterator[Sequence[int]]:
        """Yield the numbers of papers that hold a phrase in any spelling, one for each occurrence."""
        postings = self._postings[field]
        if phrase.mark:
            yield postings.get(phrase.mark, ())
            return
        for spelling in spellings:
            if len(spelling) == 1:
                yield postings.get(spelling[0], ())
            else:
                yield self._adjacent(field, spelling, hyphenated=len(phrase.parts) > 1)
        if len(phrase.parts) == 1 or phrase.is_hyphenated:
            yield postings.get(phrase.whole, ())

    def _adjacent(self, field: Field, phrase: Sequence[str], *, hyphenated: bool = True) -> list[int]:
        """Return a number for each occurrence of adjacent words; papers that hyphenate them only if `hyphenated`."""
        postings = self._postings[field]
        holders = sorted([postings.get(word, ()) for word in phrase], key=len)
        candidates = set(holders[0]).intersection(*holders[1:]) if holders[0] else ()
        if candidates and not hyphenated:
            candidates.difference_update(postings.get(f"+{''.join(phrase)}", ()))
        texts, needle = self._texts[field], _spaced(phrase)
        return [number for number in candidates for _ in range(texts[number].count(needle))]

    def _as_written(self, field: Field, term: Term, numbers: Iterable[int]) -> Iterator[list[int]]:
        """Yield the papers that hold a term as it is written, in the plural or hyphenated."""
        papers = list(self.papers.values())
        for number in numbers:
            passages = dict(_passages(papers[number]))[field]
            yield [number] * sum(1 for passage in passages for _ in occurrences(passage, term))

    def _near(
        self, field: Field, term: Term, found_as_phrase: Iterable[Sequence[int]]
    ) -> Iterator[tuple[Field, Iterable[int], float]]:
        """Yield the papers that hold words as a phrase, those that hold them near each other, and those apart."""
        near, postings = near_of(term.text), self._postings[field]
        phrases = [number for numbers in found_as_phrase for number in numbers]
        close: set[int] = set()
        apart: set[int] = set()
        if near.each:
            places = self._places_of(field)
            found = places.of_each(near)
            close = places.together(found, near.window)
            if field == Field.TITLE:
                apart = places.together(found, math.inf)
            elif field == Field.ABSTRACT and term.field is None:
                apart = places.together(found, near.wide_window)
                apart &= self._places_of(Field.TITLE).holders(near) if len(apart) > len(close) else close
        for marks_of_one in near.marks:
            holders = {number for mark in marks_of_one for number in postings.get(mark, ())}
            close, apart = close & holders, apart & holders
            phrases = [number for number in phrases if number in holders]
        close.difference_update(phrases)
        yield field, phrases, 1
        yield field, close, _NEAR_COUNT
        yield field, apart.difference(phrases, close), _TITLE_COUNT if field == Field.TITLE else _APART_COUNT

    def _places_of(self, field: Field) -> Places:
        if field not in self._places:
            split = None if self._split is None else self._split[field]
            self._places[field] = Places(self._texts[field], None if split is None else self._asked, split)
        return self._places[field]

    def _words_with(self, field: Field, prefix: str) -> Iterator[str]:
        """Yield the words of a field that begin with a prefix."""
        if field not in self._sorted_words:
            self._sorted_words[field] = sorted(word for word in self._postings[field] if word[:1] not in ("=", "+"))
        found = self._sorted_words[field]
        yield from takewhile(lambda word: word.startswith(prefix), found[bisect_left(found, prefix) :])


def fields_of(term: Term) -> tuple[Field, ...]:
    """Return the fields that a term is searched in."""
    return _DEFAULT if term.field is None else (_FIELDS[term.field],)


def _passages(paper: Paper) -> tuple[tuple[Field, Sequence[str]], ...]:
    return (
        (Field.TITLE, (paper.title,)),
        (Field.KEYWORDS, paper.keywords),
        (Field.ABSTRACT, (paper.abstract,)),
        (Field.AUTHOR, paper.authors),
        (Field.ORG, (paper.organization,) if paper.organization else ()),
        (Field.CAT, paper.categories),
        (Field.SOURCE, paper.sources),
    )


def _beginnings(query: Node) -> frozenset[str]:
    """Return the first two letters of all words that a query may ask for, or the one letter of a word.

    The words of a query may be split, joined, or the beginning of others: any part of one may begin a word.
    """
    written = {form for term in _terms(query) for form in (term.text, term.text.casefold())}
    texts = written | {part for text in written for part in (*words(text), "".join(words(text)), *surfaces(text))}
    texts |= {"".join(surfaces(text)) for text in written}
    texts |= {form for text in written for word in words(text) for form in (f"2{word}", "to" * word.startswith("2"))}
    texts |= {begun for one in tuple(texts) for begun in prefixes(one)}
    return frozenset(text[at : at + length] for text in texts for at in range(len(text)) for length in (1, 2))


class _Indexed:
    """The words of a field of a paper, read from the text that the store's full-text index holds."""

    def __init__(self, text: str) -> None:
        *passages, last = text.split(" | ")
        has_marks = last.startswith(("=", "+"))
        self.passages = (passages or [""]) if has_marks else [*passages, last]
        self.words = [passage.split() for passage in self.passages]
        self.marks = last.split() if has_marks else []

    def every(self) -> Iterator[str]:
        """Yield the words and the marks."""
        return chain(*self.words, self.marks)


def _split(texts: Sequence[str], fields: Container[Field]) -> list[tuple[Field, _Indexed]]:
    """Return the words of those fields of a paper that are among some."""
    return [(field, _Indexed(text)) for field, text in zip(_INDEXED, texts, strict=False) if field in fields]


def _asked_for(query: Node, known: Iterable[_Indexed]) -> set[str]:
    """Return the marks of some texts, and those of their words that a query may be about."""
    beginnings, every = _beginnings(query), set[str]()
    for one in known:  # each word is looked at once, however often it occurs
        every.update(one.every())
    return {word for word in every if word[:2] in beginnings or word[0] in "=+"}


def _terms(query: Node) -> Iterator[Term]:
    match query:
        case Term():
            yield query
        case Boost() | Not():
            yield from _terms(query.part)
        case All() | Any():
            for part in query.parts:
                yield from _terms(part)


def flags_of(bits: int, size: int) -> Flags:
    """Return a bit set as an array of so many booleans."""
    raw = np.frombuffer(bits.to_bytes(size // 8 + 1, "little"), np.uint8)
    return np.unpackbits(raw, count=size, bitorder="little").view(np.bool_)


def bit_set(flags: Flags) -> int:
    """Return an array of booleans as a bit set: the inverse of `flags_of`."""
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")


def _make_room(known: dict[Term, _Known]) -> None:
    """Forget the terms that were asked for first, once there are too many."""
    if len(known) >= _MAX_TERMS:
        for term in list(islice(known, _MAX_TERMS // 4)):
            del known[term]


def _spaced(phrase: Sequence[str]) -> str:
    """Join words so that a substring search finds phrases, and only as whole words."""
    return f" {' '.join(phrase)} "
