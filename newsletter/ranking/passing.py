"""Papers that mention a topic in passing: its words are in their abstract alone.

Of such mentions about half are what the topic is about, of words in titles nine of ten. The earlier they are, the more.
"""

from __future__ import annotations

import numpy as np

from newsletter.topics.evaluation import matching
from newsletter.topics.index import Field, Numbers, PaperIndex
from newsletter.topics.query import TEXT_FIELDS, All, Any, Boost, Node, Not, Term, wanted_terms

#: A mention in an abstract counts the more, the earlier it is; one at this part of the abstract changes nothing.
_EARLY = 0.6
_TYPICAL = 0.4
#: Keywords are chosen to say what a paper is about.
_KEYWORD = 0.25


def in_passing(index: PaperIndex, node: Node, aside: tuple[Field, ...] = (Field.ABSTRACT,)) -> int:
    """Return the papers that match a query with words of the fields `aside` alone, as a bit set."""
    return matching(index, node)[0] & ~_outright(index, node, aside)


def _outright(index: PaperIndex, node: Node, aside: tuple[Field, ...]) -> int:
    """Return the papers of which more than the fields `aside` holds a term, in a part of the query that they match."""
    match node:
        case Term():
            found = 0
            for field, bits in enumerate(index.bits_by_field(node)):
                found |= 0 if field in aside else bits
            return found
        case Boost():
            return _outright(index, node.part, aside)
        case Not():
            return 0
        case Any():
            found = 0
            for part in node.parts:
                found |= _outright(index, part, aside)
            return found
        case All():
            # Names and codes say nothing of a topic.
            of_words = [part for part in node.parts if any(term.field in TEXT_FIELDS for term in wanted_terms(part))]
            return matching(index, node)[0] & _outright(index, Any(tuple(of_words or node.parts)), aside)


def prominence(index: PaperIndex, node: Node) -> Numbers:
    """Return what is added to the score of papers without a query's words in their title: more if early, or keywords.

    Scores are those of topic models.
    """
    terms = [term for term in wanted_terms(node) if term.field in TEXT_FIELDS]
    if not terms:
        return np.zeros(len(index), np.float32)
    first = np.full(len(index), np.nan, np.float32)
    for term in terms:
        numbers, values = index.firsts(term)
        first[numbers] = np.fmin(first[numbers], values)
    added: Numbers = _EARLY * (_TYPICAL - first)
    added[np.isnan(first)] = 0
    for term in terms:
        if in_keywords := index.bits_by_field(term)[Field.KEYWORDS]:
            added = np.where(index.flags(in_keywords), np.maximum(added, np.float32(_KEYWORD)), added)
    return added
