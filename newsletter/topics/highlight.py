"""Highlighting: where in a text the terms of a query match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from newsletter.topics.occurrences import occurrences
from newsletter.topics.query import Term

#: Characters of an excerpt, and those of it before the first match.
_EXCERPT, _BEFORE = 280, 80


def highlight(text: str, terms: Iterable[Term], *, is_title: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield the text in pieces, each with whether it matches one of the terms; the pieces joined are the text.

    The terms of other fields than the title, or else the abstract, match nothing.
    """
    position = 0
    own = [term for term in terms if term.field in (None, "title" if is_title else "abstract")]
    for start, stop in _merged(text, sorted({at for term in own for at in _places(text, term, is_title=is_title)})):
        if start > position:
            yield text[position:start], False
        yield text[start:stop], True
        position = stop
    if position < len(text):
        yield text[position:], False


def excerpt(text: str, terms: Iterable[Term]) -> Iterator[tuple[str, bool]]:
    """Yield the part of a text around the first match, in pieces as `highlight` does; nothing if there is no match."""
    pieces = list(highlight(text, terms))
    first = next((number for number, (_, is_hit) in enumerate(pieces) if is_hit), None)
    if first is None:
        return
    position = sum(len(piece) for piece, _ in pieces[:first])
    start = 0
    if position > _BEFORE and len(text) > _EXCERPT:
        start = min(text.find(" ", position - _BEFORE) + 1, position)
        yield "…", False
    at = 0
    for piece, is_hit in pieces:
        visible = piece[max(0, start - at) : max(0, start + _EXCERPT - at)]
        at += len(piece)
        if visible:
            yield visible, is_hit
    if start + _EXCERPT < len(text):
        yield "…", False


# Subscribers to a topic have its terms in common.
@lru_cache(maxsize=8192)
def _places(text: str, term: Term, *, is_title: bool) -> tuple[tuple[int, int], ...]:
    return tuple(occurrences(text, term, is_title=is_title))


def _merged(text: str, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return places in ascending order as few as possible: words of one phrase are one."""
    merged: list[tuple[int, int]] = []
    for start, stop in places:
        if merged and (start <= merged[-1][1] or _is_nothing(text[merged[-1][1] : start])):
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _is_nothing(between: str) -> bool:
    """Return whether two matched words with this text between them are one phrase: brackets and commas end it."""
    return not between.strip(" -\u2010\u2011\u00a0")
