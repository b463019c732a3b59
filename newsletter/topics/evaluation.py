"""Which papers match a query: the verdict of mails, pages, feeds and search alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from newsletter.models import Paper
from newsletter.topics.index import NOTHING_KNOWN, PaperIndex
from newsletter.topics.query import All, Any, Boost, Node, Not, Term
from newsletter.topics.spellings import literal


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


def those_matching(
    papers: Sequence[Paper], node: Node, known: Mapping[int, Sequence[str]] = NOTHING_KNOWN
) -> list[Paper]:
    """Return the papers that match a query, in their order; `known` as for `PaperIndex`."""
    index = PaperIndex(papers, known, node)
    bits, _ = matching(index, node)
    return [paper for number, paper in enumerate(index.papers.values()) if bits >> number & 1]
