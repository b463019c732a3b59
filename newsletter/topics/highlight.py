"""Highlighting: where in a text the terms of a query match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from newsletter.text import spoken, words
from newsletter.topics.query import Term


def highlight(text: str, terms: Iterable[Term]) -> Iterator[tuple[str, bool]]:
    """Yield the text in pieces, each with whether it matches one of the terms; the pieces joined are the text."""
    tokens = list(spoken(text))
    matched = [False] * len(tokens)
    for term in terms:
        for start, stop in _matches([word for word, _, _ in tokens], term):
            matched[start:stop] = [True] * (stop - start)
    position = 0
    index = 0
    while index < len(tokens):
        if not matched[index]:
            index += 1
            continue
        start, stop = tokens[index][1:]
        while index + 1 < len(tokens) and matched[index + 1] and _are_adjacent(text[stop : tokens[index + 1][1]]):
            index += 1
            stop = tokens[index][2]
        if start > position:
            yield text[position:start], False
        yield text[start:stop], True
        position = stop
        index += 1
    if position < len(text):
        yield text[position:], False


def _are_adjacent(between: str) -> bool:
    """Return whether two matched words with this text between them are one phrase: brackets and commas end it."""
    return not between.strip(" -\u2010\u2011\u00a0")


def _matches(tokens: list[str], term: Term) -> Iterator[tuple[int, int]]:
    """Yield the ranges of tokens that match a term: the first token, and the one after the last."""
    phrase = words(term.text)
    joined = "".join(phrase)
    for start, word in enumerate(tokens):
        if term.is_prefix:
            if word.startswith(phrase[0]):
                yield start, start + 1
        elif tokens[start : start + len(phrase)] == phrase:
            yield start, start + len(phrase)
        elif word == joined or "".join(tokens[start : start + 2]) == joined:
            yield start, start + (1 if word == joined else 2)
