"""How close the papers of an index are to a topic by its model, and what follows: order, marginal relevance and reach.

- order: a match counts more, the closer the paper is to what the topic is about;
- marginal: a paper that has the topic's words, but not in its title, and is far from it, stands last in its section, or
  is left out; one that has them in its title is left out, too, if the topic has many words and is found often;
- reach: papers that have none of the words, but are as close as those that have, may be shown beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.models.weights import Weights
from newsletter.ranking.index import Field, Flags, Numbers, PaperIndex, Statistics
from newsletter.ranking.passing import in_passing, prominence
from newsletter.topics.evaluation import matching
from newsletter.topics.query import TEXT_FIELDS, All, Any, Boost, Node, Not, Term, wanted_terms
from newsletter.topics.spellings import literal

#: Of mentions below the first of these the best is shown, and last; below the second none is. All constants were chosen
#: by judgments of (topic, paper): 460 of the papers of other days than those that are measured, and those of the first
#: half of the topics that are; `tests/benchmarks/relevance` and `topics` print what they do.
MARGINAL = 0.7
LEFT_OUT = 0.4
#: So many words and phrases, which so many papers and this share of all match, are not all as good as the subject that
#: they stand for: a model that is learned from them tells better than any one of them, even in a title. Of the titles
#: that it finds as far as mentions that are left out, a third or fewer are on the topic, of all its titles most.
_MANY_WORDS = 8
_MANY_PAPERS = 20
_OFTEN = 0.01
#: A paper without the words is near from the first score on, and from the second on with what it holds of the words: of
#: such papers seven of ten are on the topic, and one of twenty has nothing to do with it.
CLOSE = 0.9
NEAR = 0.95
#: A model of many words is near to more papers that have some of them in common and are on another subject: where it
#: is surer than this, eight of ten are on the topic, below it fewer than half.
NEAR_OF_MANY = 1.08
#: One whose title holds the most of several words, by rarity, is near from the first score on, if what it holds besides
#: scores the second: a title with "audio" is not of "audio language models" for that alone. Of such papers eight of ten
#: are on the topic, and one of fifteen has nothing to do with it.
NAMED = 0.75
APART = 0.24
_MOST = 0.5
#: Of several words, a paper that holds some is nearer; one that holds this share of them, by rarity, is as near.
_WORDS = 0.5
_TYPICAL = 0.3
#: Fields whose words alone may be a marginal mention.
_ASIDE = (Field.KEYWORDS, Field.ABSTRACT)
_TEXT = (Field.TITLE, *_ASIDE)
#: Scores are cut to ± this, so that no paper is above a much stronger match for its closeness alone.
_MAX_SCORE = 1.5
#: The nearest papers that are considered for a section.
_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class TopicScores:
    """What the model of one topic says of the papers of an index."""

    #: The score of each paper; NaN: not known.
    values: Numbers
    #: The same without what the topic's words themselves say; None: that tells nothing.
    apart: Numbers | None = None

    def of_one(self, number: int) -> TopicScores:
        """Return the scores of one paper alone."""
        one = slice(number, number + 1)
        return TopicScores(self.values[one], None if self.apart is None else self.apart[one])


#: Returns the rarity of a term in the archive, from 0 to 1.
Rarity = Callable[[Term], float]
#: Returns the scores for a query, or None for a query without a model.
Scores = Callable[[str], TopicScores | None]


@dataclass(frozen=True, slots=True)
class Closeness:
    """What the model of one query says of the papers of an index."""

    #: What is added to the score of each paper, and of a match less what is subtracted from a marginal one.
    order: Numbers
    added: Numbers
    #: The matches that are at most marginally relevant.
    marginal: Flags
    #: Those of them that have the words among their keywords, which somebody chose to say what they are about.
    keyworded: Flags
    #: The matches that are so far from the topic that they are not shown.
    left_out: Flags
    #: Scores and numbers of papers that do not match, the nearest first.
    near: Sequence[tuple[float, int]]
    #: Which papers hold the most of a topic's words in their title.
    named: Flags


def closeness(
    index: PaperIndex,
    node: Node,
    matches: Flags,
    given: TopicScores,
    weights: Weights,
    rarity: Rarity = lambda _: 1.0,
    *,
    is_sweeping: bool = False,
) -> Closeness:
    """Derive order, marginal relevance and reach from the scores of one query.

    A paper that holds what the query excludes is never near. If a query is sweeping, a title is no
    proof that a paper is on the topic; names and categories always are.
    """
    scores, each = given.values, _each_word(node)
    aside = index.flags(in_passing(index, node, _ASIDE))
    judged = np.where(aside, scores + prominence(index, node), scores)
    cut = np.minimum(np.maximum(judged, np.float32(-_MAX_SCORE)), np.float32(_MAX_SCORE))
    order = np.float32(weights.closeness) * np.where(np.isnan(cut), np.float32(0), cut)
    with np.errstate(invalid="ignore"):
        far = judged < LEFT_OUT
        left_out = far & (index.flags(in_passing(index, node, _TEXT)) if is_sweeping else aside)
        marginal = aside & (judged < MARGINAL)
        nearness = scores + words_held(index, node, rarity) if each else scores
        close = (scores >= CLOSE) & (nearness >= (NEAR_OF_MANY if _has_many_words(node) else NEAR))
        named = np.zeros(len(index), np.bool_)
        if each and given.apart is not None:
            in_part = named_in_part(index, node, rarity)
            named = in_part & (scores >= NAMED) & (given.apart >= APART)
            close = named | (~in_part & close)
    near = np.flatnonzero(close & ~matches & ~excluded_words(index, node))
    nearest = near[np.argsort(-nearness[near], kind="stable")][:_CANDIDATES]
    added: Numbers = np.asarray(order - np.float32(weights.marginal) * marginal, np.float32)
    nearby = tuple((float(nearness[number]), number) for number in nearest.tolist())
    keyworded = marginal & ~index.flags(in_passing(index, node)) if marginal.any() else marginal
    return Closeness(order, added, marginal, keyworded, left_out, nearby, named)


def is_sweeping(node: Node, statistics: Statistics) -> bool:
    """Return whether a query has so many words, and matches so often, that its model knows better than each of them."""
    if not _has_many_words(node):
        return False
    return statistics.holders(node) >= _MANY_PAPERS and statistics.breadth(node) >= _OFTEN


def _has_many_words(node: Node) -> bool:
    """Return whether a query is a long list of words and phrases, as those of a site's first catalogue."""
    return len([term for term in wanted_terms(node) if term.field in TEXT_FIELDS]) >= _MANY_WORDS


def words_held(index: PaperIndex, node: Node, rarity: Rarity) -> Numbers:
    """Return what is added to the score of papers that lack a topic of several words: the more, the more they hold."""
    each = _each_word(node)
    if not each:
        return np.zeros(len(index), np.float32)
    return _WORDS * (_share_held(index, each, rarity) - np.float32(_TYPICAL))


def named_in_part(index: PaperIndex, node: Node, rarity: Rarity) -> Flags:
    """Return which papers hold the most of a topic of several words, by rarity, in their title."""
    if not isinstance(node, Term) or not node.is_near or node.field or not (each := _each_word(node)):
        return np.zeros(len(index), np.bool_)
    return _share_held(index, [word._replace(field="title") for word in each], rarity) >= _MOST


def _each_word(node: Node) -> list[Term]:
    """Return the words of a topic of several words."""
    words = node.text.split() if isinstance(node, Term) else []
    return [node._replace(text=word, is_near=False) for word in words] if isinstance(node, Term) and words[1:] else []


def _share_held(index: PaperIndex, each: Sequence[Term], rarity: Rarity) -> Numbers:
    """Return how much of some words each paper holds, by their rarity, from 0 to 1."""
    worth = [rarity(word._replace(field=None)) for word in each]
    held = sum((index.flags(index.bits(word)) * value for word, value in zip(each, worth, strict=True)), np.zeros(1))
    return np.asarray(held / max(sum(worth), 1e-6), np.float32)


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
