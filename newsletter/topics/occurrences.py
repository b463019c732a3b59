"""Where in one text a term occurs: what is highlighted, and what is counted where the words alone do not tell."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from math import inf

from newsletter.text.tokenizer import HYPHENS, joined, located, marks, prefixes, stem, surfaces
from newsletter.topics.query import Term
from newsletter.topics.spellings import Form, Near, Phrase, Vocabulary, near_of, phrase_of

_Token = tuple[str, int, int]


class _Read:
    """A text as it is searched; what only some terms ask for is found when one does."""

    def __init__(self, text: str) -> None:
        self._text = text
        #: The words, each with its start and its end.
        self.tokens: Sequence[_Token] = tuple(located(text))
        self.words = tuple(word for word, _, _ in self.tokens)
        self.vocabulary = Vocabulary(frozenset(self.words).__contains__)

    @cached_property
    def _stems(self) -> Mapping[str, Sequence[str]]:
        stems = defaultdict[str, list[str]](list)
        for word in dict.fromkeys(self.words):
            stems[stem(word)].append(word)
        return stems

    def places(self, word: str) -> Iterator[int]:
        """Yield the places of a word."""
        at = -1
        for _ in range(self.words.count(word)):
            at = self.words.index(word, at + 1)
            yield at

    def beginnings(self, spelling: tuple[str, ...]) -> Iterator[int]:
        """Yield the places where words begin that stand side by side."""
        if len(spelling) < 2:
            yield from self.places(spelling[0]) if spelling else ()
            return
        offset = min(range(len(spelling)), key=lambda at: self.words.count(spelling[at]))
        for at in self.places(spelling[offset]):
            first = at - offset
            if first >= 0 and self.words[first : first + len(spelling)] == spelling:
                yield first

    def places_of_stem(self, one: str) -> Iterator[int]:
        """Yield the places of the words of a stem, in no order."""
        for word in self._stems.get(one, ()):
            yield from self.places(word)

    @cached_property
    def before_hyphens(self) -> frozenset[int]:
        """The places of the words before a hyphen."""
        if not any(hyphen in self._text for hyphen in HYPHENS):
            return frozenset()
        return frozenset(n for n, between in enumerate(_between(self._text, self.tokens)) if _is_hyphen(between))


def occurrences(text: str, term: Term, *, is_title: bool = False) -> Iterator[tuple[int, int]]:
    """Yield where in a text a term occurs, as the first and the last position.

    Of words near each other, each is an occurrence, unless they are a phrase somewhere. Words farther apart occur if no
    others are near: a title that is not seen here may hold one of them.
    """
    read, phrase = _read(text), phrase_of(term.text)
    if not phrase.parts:  # a term of punctuation alone is nowhere
        return
    if term.is_prefix:
        sought = prefixes(phrase.parts[0])
        yield from ((start, stop) for word, start, stop in read.tokens if word.startswith(sought))
    elif term.is_near:
        near = near_of(term.text)
        found = list(_phrases(text, read, near.phrase))
        if not found:
            places, spans = _of_each_word(text, read, near)
            for window in (inf,) if is_title else (near.window, near.wide_window):
                found = found or list(_within(read.tokens, places, spans, window))
        yield from found
    else:
        yield from _phrases(text, read, phrase, is_literal=term.is_literal)


# The texts of a paper are searched for the terms of all who get it.
@lru_cache(maxsize=1024)
def _read(text: str) -> _Read:
    return _Read(text)


def _phrases(text: str, read: _Read, phrase: Phrase, *, is_literal: bool = False) -> Iterator[tuple[int, int]]:
    spellings = phrase.spellings(read.vocabulary)
    begins = defaultdict[int, list[tuple[str, ...]]](list)
    for spelling in spellings:
        for first in read.beginnings(spelling):
            begins[first].append(spelling)
    compounds = read.before_hyphens if len(phrase.parts) == 1 and not is_literal else frozenset()
    tokens = read.tokens
    for first in sorted(begins.keys() | compounds):
        for spelling in begins.get(first, ()):
            last = first + len(spelling)
            if _is_right(text, tokens[first:last], phrase, is_literal):
                yield tokens[first][1], tokens[last - 1][2]
        if first in compounds and (found := _compound(text, tokens[first:], phrase)):
            yield found


def _is_right(text: str, found: Sequence[_Token], phrase: Phrase, is_literal: bool) -> bool:
    if phrase.mark and phrase.mark not in set(marks(text[found[0][1] : found[0][2]])):
        return False
    if phrase.is_hyphenated and not all(map(_is_hyphen, _between(text, found))):
        return False
    return not is_literal or "".join(surfaces(text[found[0][1] : found[-1][2]])) == "".join(phrase.surfaces)


def _compound(text: str, tokens: Sequence[_Token], phrase: Phrase) -> tuple[int, int] | None:
    """Return where a hyphenated compound that is written as one word in the phrase begins here, or None."""
    if len(tokens) < 2 or not _is_hyphen(text[tokens[0][2] : tokens[1][1]]):
        return None
    length = 1 + next((n for n, gap in enumerate(_between(text, tokens)) if not _is_hyphen(gap)), len(tokens) - 1)
    start, stop = tokens[0][1], tokens[length - 1][2]
    is_whole = start == 0 or text[start - 1] not in HYPHENS
    if not is_whole or f"+{joined(surfaces(text[start:stop]))}" != phrase.whole:
        return None
    return (start, stop) if not phrase.mark or phrase.mark in marks(text[start:stop]) else None


def _of_each_word(text: str, read: _Read, near: Near) -> tuple[list[list[int]], dict[int, int]]:
    """Return where each of the words is among the tokens, and where what begins at a position ends.

    The words are nowhere if one of them is.
    """
    tokens, found, spans = read.tokens, list[list[int]](), dict[int, int]()
    opposite = [span for reverse in near.reverses for span in _phrases(text, read, reverse)]
    for one, of_one, forms in zip(near.each, near.stems, near.compounds, strict=True):
        starts = {tokens[n][1]: tokens[n][2] for n in (read.places_of_stem(of_one) if of_one else ())}
        starts |= {start: stop for start, stop in _phrases(text, read, one) if not of_one or start not in starts}
        starts |= {start: stop for form in forms for start, stop in _inflected(read, form) if start not in starts}
        for begin, end in opposite:
            starts = {start: stop for start, stop in starts.items() if not begin <= start < end}
        if not starts:
            return [], {}
        spans |= starts
        found.append([bisect_left(tokens, start, key=_start_of) for start in sorted(starts)])
    return found, spans


def _inflected(read: _Read, form: Form) -> Iterator[tuple[int, int]]:
    """Yield where a compound is, in any inflection."""
    before = len(form.heads)
    for place in read.places_of_stem(form.stem):
        if place >= before and read.words[place - before : place] == form.heads:
            yield read.tokens[place - before][1], read.tokens[place][2]


def _within(
    tokens: Sequence[_Token], found: Sequence[Sequence[int]], spans: Mapping[int, int], window: float
) -> Iterator[tuple[int, int]]:
    """Yield the words that stand together among `window` words."""
    every = sorted({n for one in found for n in one})
    for at, first in enumerate(every):
        if all((place := bisect_left(one, first)) < len(one) and one[place] < first + window for one in found):
            for n in every[at : bisect_left(every, first + window)]:
                yield tokens[n][1], spans[tokens[n][1]]


def _start_of(token: _Token) -> int:
    return token[1]


def _between(text: str, tokens: Sequence[_Token]) -> list[str]:
    return [text[before[2] : after[1]] for before, after in pairwise(tokens)]


def _is_hyphen(between: str) -> bool:
    return between in tuple(HYPHENS)
