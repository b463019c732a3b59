"""Acronyms that papers define, as in "large language models (LLMs)": other ways to write a topic, which are offered.

What an acronym means is for whoever types it: "MCP" is a protocol and a polygon. So a query never searches for more
than it says.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.models import Paper
from newsletter.text.tokenizer import words
from newsletter.topics.query import TEXT_FIELDS, All, Any, Boost, Node, Not, Term, format_query, wanted_terms
from newsletter.topics.spellings import phrase_of

_BRACKETED = re.compile(r"\(([A-Za-z][A-Za-z0-9-]{1,9})\)")
#: What ends the part of a sentence that a definition stands in.
_BREAK = re.compile(r"[.;:!?()]\s")
#: How much of the text before an acronym may define it.
_BEFORE = 200
#: So many papers define an acronym before it is offered; one of them may be mistaken.
_LEAST = 2
#: How many ways to write it are offered for a term, and for a query.
_MOST_EACH = 2
_MOST = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """Another way to write a term of a query."""

    term: Term
    other: Term
    #: How many papers define one of them as the other.
    papers: int

    def __str__(self) -> str:
        return format_query(self.other)


def definitions(text: str) -> Iterator[tuple[str, str]]:
    """Yield the acronyms that a text defines, each with its long form as written, both in the singular.

    Source: Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text",
    PSB 2003.
    """
    for match in _BRACKETED.finditer(text):
        short, is_plural = match[1].removesuffix("s"), match[1].endswith("s")
        if sum(map(str.isupper, short)) < 2:
            continue
        before = _BREAK.split(text[max(0, match.start() - _BEFORE) : match.start()])[-1].rstrip()
        before = " ".join(before.split()[-min(len(short) + 5, 2 * len(short)) :])
        long = _long_form(short, before)
        if is_plural and words(long)[-1:] == words(long[:-1])[-1:]:
            long = long[:-1]
        if len(words(long)) > 1 and len(long) > len(short) and short.casefold() not in long.casefold().split():
            yield short, long


def _long_form(short: str, before: str) -> str:
    """Return the shortest end of a text that has the characters of an acronym in order; the first begins a word."""
    position = len(before)
    for number, char in reversed([*enumerate(short.lower())]):
        if not char.isalnum():
            continue
        position -= 1
        while position >= 0 and (
            before[position].lower() != char or (number == 0 and before[max(0, position - 1) : position].isalnum())
        ):
            position -= 1
        if position < 0:
            return ""
    return before[position:]


def offers(papers: Iterable[Paper], query: Node) -> list[Offer]:
    """Return other ways to write the terms of a query, by what the papers define; the most common first."""
    return Definitions(papers).offers(query)


class Definitions:
    """The acronyms that some papers define."""

    def __init__(self, papers: Iterable[Paper], least_share: float = 0.0) -> None:
        """Read the definitions; leave out what less than a share of the papers that define an acronym mean by it."""
        self._defined = {
            short: {
                parts: meaning
                for parts, meaning in meanings.items()
                if meaning[2] >= least_share * sum(number for _, _, number in meanings.values())
            }
            for short, meanings in _defined(papers).items()
        }
        self._shorts: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
        for meanings in self._defined.values():
            for parts, (short, _, number) in meanings.items():
                self._shorts[parts][short] = number

    def offers(self, query: Node) -> list[Offer]:
        """Return other ways to write the terms of a query; the most common first."""
        wanted = dict.fromkeys(wanted_terms(query))
        asked = [term for term in wanted if not term.is_prefix and term.field in TEXT_FIELDS]
        known = {phrase_of(term.text).parts for term in wanted}
        found = []
        for term in asked:
            others = [*_spelled_out(term, self._defined), *_abbreviated(term, self._shorts)]
            new = {other.other: other for other in others if phrase_of(other.other.text).parts not in known}
            found += sorted(new.values(), key=lambda offer: (-offer.papers, offer.other.text))[:_MOST_EACH]
        return sorted(found, key=lambda offer: -offer.papers)[:_MOST]

    def widened(self, query: Node) -> Node:
        """Return a query that finds the other ways to write its terms, too."""
        return _widened(query, self.offers(query))


def _widened(node: Node, found: Sequence[Offer]) -> Node:
    match node:
        case Term():
            others = tuple(offer.other for offer in found if offer.term == node)
            return Any((node, *others)) if others else node
        case All() | Any():
            return replace(node, parts=tuple(_widened(part, found) for part in node.parts))
        case Boost():
            return replace(node, part=_widened(node.part, found))
        case Not():
            return node


#: Acronyms in lower case → what they stand for, as words → both as most write them, and how many papers define it.
_Defined = dict[str, dict[tuple[str, ...], tuple[str, str, int]]]


def _defined(papers: Iterable[Paper]) -> _Defined:
    written: dict[tuple[str, tuple[str, ...]], Counter[tuple[str, str]]] = defaultdict(Counter)
    for paper in papers:
        pairs = {
            (short.casefold(), tuple(words(long))): (short, long.lower())
            for short, long in definitions(f"{paper.title}. {paper.abstract}")
        }
        for pair, ways in pairs.items():
            written[pair][ways] += 1
    defined: _Defined = defaultdict(dict)
    for (short, parts), counts in written.items():
        if (number := counts.total()) >= _LEAST:
            defined[short][parts] = (*counts.most_common(1)[0][0], number)
    return dict(defined)


def _spelled_out(term: Term, defined: _Defined) -> Iterator[Offer]:
    """Yield a term with an acronym of it spelled out."""
    typed = term.text.split()
    for number, word in enumerate(typed):
        for short in dict.fromkeys((word.casefold(), word.casefold().removesuffix("s"))):
            beside = {one for other in (*typed[:number], *typed[number + 1 :]) for one in words(other)}
            for parts, (_, long, papers) in defined.get(short, {}).items():
                if beside.issuperset(parts):  # it is spelled out already
                    continue
                yield _written(term, [*typed[:number], long, *typed[number + 1 :]], papers)


def _abbreviated(term: Term, shorts: Mapping[tuple[str, ...], Mapping[str, int]]) -> Iterator[Offer]:
    """Yield a term with a long form in it abbreviated, the longest there is."""
    typed = term.text.split()
    for length in range(len(typed), 0, -1):
        for start in range(len(typed) - length + 1):
            parts = phrase_of(" ".join(typed[start : start + length])).parts
            beside = {one for other in (*typed[:start], *typed[start + length :]) for one in words(other)}
            for short, papers in shorts.get(parts, {}).items():
                if beside.issuperset(words(short)):
                    continue
                yield _written(term, [*typed[:start], short, *typed[start + length :]], papers)
            if parts in shorts:
                return


def _written(term: Term, typed: Sequence[str], papers: int) -> Offer:
    """Return a term with other words: more than one without quotes are near each other if they were, else a phrase."""
    text = " ".join(typed)
    return Offer(term, term._replace(text=text, is_near=term.is_near and len(typed) > 1 and " " in text), papers)
