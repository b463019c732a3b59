"""Which papers match a query: the verdict of mails, pages, feeds and search alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from newsletter.models import Paper
from newsletter.topics.index import NOTHING_KNOWN, PaperIndex
from newsletter.topics.query import CODES, All, Any, Boost, Node, Not, Term
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
