"""Which papers match a query: the verdict of mails, pages, feeds and search alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from newsletter.models import Paper
from newsletter.topics.index import NOTHING_KNOWN, PaperIndex
from newsletter.topics.query import CODES, All, Any, Boost, Node, Not, Term, wanted_terms
from newsletter.topics.spellings import literal, phrase_of

_NEVER = datetime.min.replace(tzinfo=UTC)


def matching(index: PaperIndex, node: Node) -> tuple[int, int]:
    """Return the bit sets of the papers that match a query, and that would match without exclusions."""
    match node:
        case Term():
            found = index.bits(node)
            return found, found
        case Boost():
            return matching(index, node.part)
        case Not():
            return index.all & ~matching(index, literal(node.part))[0], index.all
        case All():
            matches = wanted = index.all
            for part in node.parts:
                found, asked = matching(index, part)
                matches, wanted = matches & found, wanted & asked
            return matches, wanted
        case Any():
            matches = wanted = 0
            for part in node.parts:
                found, asked = matching(index, part)
                matches, wanted = matches | found, wanted | asked
            return matches, wanted


def terms_found(
    index: PaperIndex, node: Node, number: int, *, ignores_exclusions: bool = False
) -> list[tuple[Term, float]] | None:
    """Return the terms for which the paper of a number matches a query, with their weights, or None if it does not.

    The terms of an "and" that does not hold are not among them, nor are those of a part that excludes the paper, unless
    that `ignores_exclusions`.
    """
    match node:
        case Term():
            return [(node, 1.0)] if index.place(node, number) is not None else None
        case Any() | All():
            parts = [terms_found(index, part, number, ignores_exclusions=ignores_exclusions) for part in node.parts]
            held = [part for part in parts if part is not None]
            is_match = len(held) == len(parts) if isinstance(node, All) else bool(held)
            return [found for part in held for found in part] if is_match else None
        case Boost():
            inner = terms_found(index, node.part, number, ignores_exclusions=ignores_exclusions)
            return inner and [(term, weight * node.factor) for term, weight in inner]
        case Not():
            is_excluded = not ignores_exclusions and matching(index, node)[0] >> number & 1 == 0
            return None if is_excluded else []


def terms_held(node: Node, paper: Paper) -> list[Term]:
    """Return the terms of a query that a matching paper matches for: what there is to highlight in it."""
    if _is_flat(node):
        return list(wanted_terms(node))
    return [term for term, _ in terms_found(PaperIndex([paper], asked=node), node, 0) or ()]


def _is_flat(node: Node) -> bool:
    """Return whether a paper that matches matches for all terms of a query that it holds: no "or" has an "and"."""
    match node:
        case Term() | Not():
            return True
        case Boost():
            return _is_flat(node.part)
        case All():
            return all(map(_is_flat, node.parts))
        case Any():
            return all(isinstance(part.part if isinstance(part, Boost) else part, Term) for part in node.parts)


def ids_matching(ids: Sequence[int], node: Node, known: Mapping[int, Sequence[str]]) -> list[int]:
    """Return which papers match a query that `asks_for_words_alone`; their words are known, as for `PaperIndex`."""
    return [paper.id for paper in those_matching(list(map(_unread, ids)), node, known)]


def _unread(number: int) -> Paper:
    """Return a paper of which only the words are known."""
    return Paper(id=number, key="", title="", text_source="", sources=(), seen_at=_NEVER)


def asks_for_words_alone(node: Node) -> bool:
    """Return whether the words of a paper tell if it matches: not how they are written, nor codes."""
    match node:
        case Term():
            return not (node.field in CODES or node.is_literal or phrase_of(node.text).is_hyphenated)
        case Boost():
            return asks_for_words_alone(node.part)
        case All() | Any():
            return all(map(asks_for_words_alone, node.parts))
    return False


def those_matching(
    papers: Sequence[Paper], node: Node, known: Mapping[int, Sequence[str]] = NOTHING_KNOWN
) -> list[Paper]:
    """Return the papers that match a query, in their order; `known` as for `PaperIndex`."""
    index = PaperIndex(papers, known, node)
    bits, _ = matching(index, node)
    return [paper for number, paper in enumerate(index.papers.values()) if bits >> number & 1]
