"""How close the papers of an index are to a topic by its model, and what follows: order, doubt and reach.

- order: a match counts more, the closer the paper is to what the topic is about;
- doubt: a paper that has the topic's words, but not in its title, and is far from it, stands last in its section;
- reach: papers that have none of the words, but are as close as those that have, may be shown beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.models.weights import Weights
from newsletter.ranking.index import Field, Flags, Numbers, PaperIndex
from newsletter.ranking.passing import in_passing
from newsletter.ranking.topic_model import text_terms
from newsletter.topics.evaluation import matching
from newsletter.topics.query import All, Any, Boost, Node, Not, Term
from newsletter.topics.spellings import literal

#: A paper whose title lacks the words is in doubt below this score; 1 is a typical paper that has them there.
DOUBTFUL = 0.67
#: A paper without the words is near from this score on.
NEAR = 0.65
#: A mention in an abstract counts the more, the earlier it is; one at this part of the abstract changes nothing.
_EARLY = 1.0
_TYPICAL = 0.4
#: Fields whose words alone leave a doubt.
_ASIDE = (Field.KEYWORDS, Field.ABSTRACT)
#: Scores are cut to ± this, so that no paper is above a much stronger match for its closeness alone.
_MAX_SCORE = 1.5
#: The nearest papers that are considered for a section.
_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class TopicScores:
    """What the model of one topic says of the papers of an index."""

    #: The score of each paper; NaN: not known.
    values: Numbers
    #: Whether the model tells the topic from the rest of the archive well enough to find papers without its words.
    is_distinct: bool = True


#: Returns the scores for a query, or None for a query without a model.
Scores = Callable[[str], TopicScores | None]


@dataclass(frozen=True, slots=True)
class Closeness:
    """What the model of one query says of the papers of an index."""

    #: What is added to the score of each paper, and of a match less what a doubt subtracts.
    order: Numbers
    added: Numbers
    #: The matches that are in doubt.
    doubtful: Flags
    #: Scores and numbers of papers that do not match, the nearest first.
    near: Sequence[tuple[float, int]]


def closeness(index: PaperIndex, node: Node, matches: Flags, given: TopicScores, weights: Weights) -> Closeness:
    """Derive order, doubt and reach from the scores of one query.

    A paper that holds what the query excludes is never near.
    """
    scores = given.values
    aside = index.flags(in_passing(index, node, _ASIDE))
    judged = np.where(aside, scores + _earliness(index, node), scores)
    known = np.nan_to_num(judged, nan=0).clip(-_MAX_SCORE, _MAX_SCORE).astype(np.float32)
    order = np.float32(weights.closeness) * known
    with np.errstate(invalid="ignore"):
        doubtful = aside & (judged < DOUBTFUL)
        close = scores >= (NEAR if given.is_distinct else np.inf)
    near = np.flatnonzero(~matches & ~excluded_words(index, node) & close)
    nearest = near[np.argsort(-scores[near], kind="stable")][:_CANDIDATES]
    added = np.where(doubtful, order - np.float32(weights.doubt), order).astype(np.float32)
    return Closeness(order, added, doubtful, tuple((float(scores[number]), number) for number in nearest.tolist()))


def _earliness(index: PaperIndex, node: Node) -> Numbers:
    """Return what is added to the score of a paper that mentions a topic in its abstract alone: more if early."""
    firsts = [index.first(term) for term in text_terms(node)]
    if not firsts:
        return np.zeros(len(index), np.float32)
    first: Numbers = np.fmin.reduce(firsts)
    added: Numbers = np.nan_to_num(_EARLY * (_TYPICAL - first), nan=0).astype(np.float32)
    return added


def excluded_words(index: PaperIndex, node: Node) -> Flags:
    """Return which papers hold anything that a query excludes, whether they match the rest of it or not."""
    return index.flags(_excluding(index, node))


def _excluding(index: PaperIndex, node: Node) -> int:
    match node:
        case Term():
            return 0
        case Not():
            return matching(index, literal(node.part))[0]
        case Boost():
            return _excluding(index, node.part)
        case All() | Any():
            found = 0
            for part in node.parts:
                found |= _excluding(index, part)
            return found
