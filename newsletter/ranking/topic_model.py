"""Topic models: what the papers of a topic are about, learned from those of the archive that name it in their title.

A title that holds a topic's words is about the topic nine times in ten, a mention in an abstract every other time. The
mean of the papers that say it in their title, each with its title once more, is a direction of the embedding (Rocchio,
1971), and a paper's score is how far it points that way. All other papers are neither good nor bad examples: most of
those that a topic concerns do not hold its words (learning from positive and unlabelled examples). For the same reason
there is no classifier as a taste has: it learns the topic's words, which passing mentions hold as well.

Scores are comparable between topics: 0 is the median of the archive, 1 the median of the topic's examples, each scored
by a model of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newsletter.ranking.embedding import Vectors, unit
from newsletter.topics.index import Field, Flags, Numbers, PaperIndex
from newsletter.topics.query import TEXT_FIELDS, Node, Term, wanted_terms

#: Fewer examples say too little.
_MIN_EXAMPLES = 5
#: Where titles give fewer examples than this, the strongest other matches are added, and count half.
_ENOUGH_EXAMPLES = 8
_OTHER_EXAMPLE = 0.5
#: A topic is distinct if its examples are this many standard deviations from the archive's middle, or if many papers
#: have it in their title.
_DISTINCT = 4.0
_MANY_TITLES = 20
#: In a smaller archive a topic is too much of the whole to be told from it.
_SMALL_ARCHIVE = 500
#: The latest examples are learned from.
_MAX_EXAMPLES = 200
#: Decimals of a model: fewer than those in which machines differ.
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows of the archive that a topic is learned from."""

    #: Papers with the topic's words in their title.
    titles: Sequence[int]
    #: The strongest of the other matches.
    others: Sequence[int] = ()

    @property
    def rows(self) -> list[int]:
        """Return all rows, those of titles first."""
        return [*self.titles, *self.others]


@dataclass(frozen=True, slots=True)
class TopicModel:
    """A topic as a linear function of a paper's place in the embedding."""

    towards: Vectors
    offset: float
    #: Whether it tells the topic from the rest of the archive well enough to find papers without the topic's words.
    is_distinct: bool = True

    def judge(self, places: Vectors) -> Numbers:
        """Return a score for each paper: 0 as any paper, 1 as one that names the topic in its title."""
        return np.round(places.astype(np.float32, copy=False) @ self.towards + np.float32(self.offset), 2)

    def pack(self) -> bytes:
        """Serialize the model."""
        return np.array([self.is_distinct, self.offset, *self.towards], "<f4").tobytes()


def unpack_topic_model(content: bytes) -> TopicModel:
    """Deserialize a model that `TopicModel.pack` serialized."""
    numbers = np.frombuffer(content, "<f4").astype(np.float32)
    return TopicModel(numbers[2:], float(numbers[1]), is_distinct=bool(numbers[0]))


def text_terms(node: Node) -> list[Term]:
    """Return the terms of a query that say what papers are about: no authors, organizations, categories or sources."""
    return [term for term in wanted_terms(node) if term.field in TEXT_FIELDS]


def in_title(index: PaperIndex, node: Node) -> Flags:
    """Return which papers hold a term of a query in their title."""
    found = np.zeros(len(index), np.bool_)
    for term in text_terms(node):
        found |= index.counts(term)[Field.TITLE] > 0
    return found


def choose_examples(index: PaperIndex, node: Node, matches: Flags, strength: Numbers) -> Examples | None:
    """Choose the examples of a topic among the papers of an index, the latest first; None if there are too few."""
    if not text_terms(node):
        return None
    is_titled = in_title(index, node)
    titles = np.flatnonzero(matches & is_titled)[:_MAX_EXAMPLES]
    others = np.flatnonzero(matches & ~is_titled)
    strongest = others[np.argsort(-strength[others], kind="stable")][: max(0, _ENOUGH_EXAMPLES - len(titles))]
    if len(titles) + len(strongest) < _MIN_EXAMPLES:
        return None
    return Examples(titles.tolist(), strongest.tolist())


def learn_topic(places: Vectors, examples: Examples) -> TopicModel | None:
    """Learn a topic from the places of the archive's papers, by title, and its examples.

    Return None if the examples have nothing in common that other papers lack.
    """
    rows = examples.rows
    weights = np.ones((len(rows), 1), np.float32)
    weights[len(examples.titles) :] = _OTHER_EXAMPLE
    each = weights * places[rows]
    total = each.sum(axis=0)
    towards = unit(total)
    # An example is nearer to a model that it is part of than a new paper would be.
    held_out = np.einsum("ij,ij->i", places[rows], unit(total - each))
    typical = held_out[: len(examples.titles)] if len(examples.titles) >= _MIN_EXAMPLES else held_out
    along = places @ towards
    centre = float(np.median(along))
    reach = float(np.median(typical)) - centre
    if reach <= 0:
        return None
    stands_out = reach >= _DISTINCT * float(along.std()) or len(examples.titles) >= _MANY_TITLES
    return TopicModel(
        np.round(towards / reach, _DECIMALS).astype(np.float32),
        round(-centre / reach, _DECIMALS),
        is_distinct=stands_out or len(places) < _SMALL_ARCHIVE,
    )
