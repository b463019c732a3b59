"""Where a text holds what a query looks for, so that it can be shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from newsletter.text import spoken, words
from newsletter.topics.query import Term


def highlight(text: str, terms: Iterable[Term]) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a text in order, each with whether it is one of the terms; joined they are the text."""
    tokens = list(spoken(text))
    marked = [False] * len(tokens)
    for term in terms:
        for start, stop in _places([word for word, _, _ in tokens], term):
            marked[start:stop] = [True] * (stop - start)
    position = 0
    index = 0
    while index < len(tokens):
        if not marked[index]:
            index += 1
            continue
        start = tokens[index][1]
        while index + 1 < len(tokens) and marked[index + 1] and _is_one(text[tokens[index][2] : tokens[index + 1][1]]):
            index += 1
        stop = tokens[index][2]
        if start > position:
            yield text[position:start], False
        yield text[start:stop], True
        position = stop
        index += 1
    if position < len(text):
        yield text[position:], False


def _is_one(between: str) -> bool:
    """Tell whether two marked words stand together, as a phrase does: not so with a bracket or a comma between them."""
    return not between.strip(" -\u2010\u2011\u00a0")


def _places(found: list[str], term: Term) -> Iterator[tuple[int, int]]:
    """Yield where a term's words stand among a text's: from and to which word."""
    phrase = words(term.text)
    joined = "".join(phrase)
    for start, word in enumerate(found):
        if term.is_prefix:
            if word.startswith(phrase[0]):
                yield start, start + 1
        elif found[start : start + len(phrase)] == phrase:
            yield start, start + len(phrase)
        elif word == joined or "".join(found[start : start + 2]) == joined:
            yield start, start + (1 if word == joined else 2)
