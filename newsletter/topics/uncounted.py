"""Words of a topic that a title holds, and that count for nothing there: which, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from newsletter.text.tokenizer import located, stem, words
from newsletter.topics.occurrences import occurrences
from newsletter.topics.query import TEXT_FIELDS, Node, Term, wanted_terms
from newsletter.topics.spellings import near_of, phrase_of


class Why(StrEnum):
    """Why a word of a title does not count."""

    #: The topic has the word in capitals.
    CAPITALS = "capitals"
    #: Other words of the term are not in the title.
    WITHOUT = "without"
    #: All words are there, but not as the phrase that the topic has in quotes.
    ORDER = "order"
    #: The topic looks for the word in another field.
    FIELD = "field"
    #: Only a part of what the topic wants together is there.
    PART = "part"


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A word of a title that does not count for a topic."""

    #: As the title has it.
    word: str
    #: The term of the topic that has it.
    term: str
    why: Why
    #: The words that the term has besides and the title does not.
    missing: tuple[str, ...] = ()
    #: The field that the term is looked for in, or "".
    field: str = ""


def uncounted(title: str, node: Node, counted: frozenset[Term]) -> Iterator[Uncounted]:
    """Yield the words of a title that do not count for a query, given the terms of it that do."""
    for term in dict.fromkeys(wanted_terms(node)):
        if term in counted or term.field not in TEXT_FIELDS or term.is_prefix:
            continue
        if any(True for _ in occurrences(title, term, is_title=True)):
            why = Why.FIELD if term.field not in (None, "title") else Why.PART
            yield from _of_title(title, term, why)
        elif term.field in (None, "title"):
            yield from _missed(title, term)


def _missed(title: str, term: Term) -> Iterator[Uncounted]:
    """Yield the words of a term that is not in the title as a whole."""
    phrase = phrase_of(term.text)
    if phrase.mark:
        yield from _of_title(title, term, Why.CAPITALS)
        return
    there = {stem(word) for word in words(title)}
    spoken = [part for one in near_of(term.text).each for part in one.parts] if term.is_near else phrase.parts
    missing = tuple(word for word in spoken if stem(word) not in there)
    if len(missing) < len(spoken) and len(spoken) > 1:
        yield from _of_title(title, term, Why.WITHOUT if missing else Why.ORDER, missing)


def _of_title(title: str, term: Term, why: Why, missing: tuple[str, ...] = ()) -> Iterator[Uncounted]:
    stems = {stem(word) for word in words(term.text)}
    found = dict.fromkeys(title[start:stop] for word, start, stop in located(title) if stem(word) in stems)
    for word in found:
        yield Uncounted(word, term.text, why, missing, term.field or "")
