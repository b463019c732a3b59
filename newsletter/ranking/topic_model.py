"""Topic models: what the papers of a topic are about, learned from those of the archive that name it in their title.

A title that holds a topic's words is about the topic nine times in ten, a mention in an abstract every other time. So
papers that say it in their title are the examples, and papers that hold none of the words the counterexamples, though
some of these are about the topic as well (learning from positive and unlabelled examples: Elkan, Noto, KDD 2008). Both
kinds count the same in all, however few the examples are. A logistic regression on the places in the embedding, held
back by a strong prior, tells them apart. Other papers that hold the words are neither.

What was learned then tells which of these are examples, too, and it is learned once more with them (self-training).
And once without the topic's words, as if the examples did not hold them: what is learned so is what else they have in
common, by which papers are known that say it in other words. The model is the mean of both (two views of an example, as
in co-training: Blum, Mitchell, COLT 1998). A second opinion is learned of what no word of the topic says: a title with
"flow" in it, for "flow matching", is about rivers if that is low.

Scores are comparable between topics: 0 is a paper of other subjects, 1 a typical new paper that names the topic in its
title.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from newsletter.ranking.embedding import Vectors, unit
from newsletter.text.tokenizer import words
from newsletter.topics.index import Field, Flags, Numbers, PaperIndex
from newsletter.topics.query import TEXT_FIELDS, Node, Term, wanted_terms

#: Fewer papers do not say what a topic is beside: those that do not match are then too few to tell.
SMALLEST_ARCHIVE = 500
#: Fewer examples say too little.
_MIN_EXAMPLES = 5
#: Where titles give fewer examples than this, the strongest other matches are added, and count half.
_ENOUGH_EXAMPLES = 8
_OTHER_EXAMPLE = 0.5
#: The latest examples are learned from.
_MAX_EXAMPLES = 200
#: Decimals of a model: fewer than those in which machines differ.
_DECIMALS = 4
#: How much examples and counterexamples weigh together, beside a prior of 1.
_EVIDENCE = 400.0
#: The log-odds of 0 and 1 on the scale of scores.
_ZERO, _ONE = -2.0, 2.0
#: A mention is an example, too, from this score on.
_SURE = 0.8


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows of the archive that a topic is learned from."""

    #: Papers with the topic's words in their title.
    titles: Sequence[int]
    #: Other matches: the strongest, where titles are few, and those that a model finds sure.
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
    #: The same without what the topic's words themselves say, if that tells its papers from others.
    apart: TopicModel | None = None

    def judge(self, places: Vectors) -> Numbers:
        """Return a score for each paper: 0 as one of other subjects, 1 as one that names the topic in its title."""
        return np.round(places.astype(np.float32, copy=False) @ self.towards + np.float32(self.offset), 2)

    def mean(self, other: TopicModel) -> TopicModel:
        """Return the model whose scores are the mean of those of two."""
        towards = np.round((self.towards + other.towards) / 2, _DECIMALS).astype(np.float32)
        return TopicModel(towards, round((self.offset + other.offset) / 2, _DECIMALS))

    def pack(self) -> bytes:
        """Serialize the model: the number of linear functions, and each with its offset first."""
        functions = [self] if self.apart is None else [self, self.apart]
        numbers = [number for one in functions for number in (one.offset, *one.towards)]
        return np.array([len(functions), *numbers], "<f4").tobytes()


def unpack_topic_model(content: bytes) -> TopicModel:
    """Deserialize a model that `TopicModel.pack` serialized."""
    numbers = np.frombuffer(content, "<f4").astype(np.float32)
    first, *others = (TopicModel(one[1:], float(one[0])) for one in numbers[1:].reshape(int(numbers[0]), -1))
    return replace(first, apart=others[0]) if others else first


def text_terms(node: Node) -> list[Term]:
    """Return the terms of a query that say what papers are about: no authors, organizations, categories or sources."""
    return [term for term in wanted_terms(node) if term.field in TEXT_FIELDS]


def topic_words(node: Node) -> set[str]:
    """Return the words of a query that say what papers are about, as texts are split into them."""
    return {word for term in text_terms(node) for word in words(term.text)}


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


def learn_topic(places: Vectors, examples: Examples, matches: Flags) -> TopicModel | None:
    """Learn a topic from the places of the archive's papers, by title, its examples, and which papers match it.

    Return None if the archive is small, or if the examples have nothing in common that other papers lack. Requires
    scikit-learn.
    """
    if len(places) < SMALLEST_ARCHIVE:
        return None
    rows = examples.rows
    weights = np.zeros(len(places), np.float32)
    weights[~matches] = 1
    weights[list(examples.titles)] = 1
    weights[list(examples.others)] = _OTHER_EXAMPLE
    is_example = np.zeros(len(places), np.bool_)
    is_example[rows] = True
    if not _have_in_common(places, rows, weights[rows]) or not weights[~is_example].any():
        return None
    for side in (is_example, ~is_example):
        weights[side] *= _EVIDENCE / 2 / weights[side].sum()
    used = weights > 0
    fitted = _classifier().fit(places[used], is_example[used], sample_weight=weights[used])
    towards = np.round(fitted.coef_[0] / (_ONE - _ZERO), _DECIMALS).astype(np.float32)
    offset = round((float(fitted.intercept_[0]) - _ZERO) / (_ONE - _ZERO), _DECIMALS)
    return TopicModel(towards, offset)


def learn_apart(places: Vectors, examples: Examples, matches: Flags, axes: Vectors) -> TopicModel | None:
    """Learn a topic from the places of papers less what is along some axes, those of the topic's words.

    Args:
        places: Those of the archive's papers.
        examples: The topic's, among these.
        matches: Which papers match the topic.
        axes: Orthonormal, dimensions × axes.
    """
    rest = (places - (places @ axes) @ axes.T).astype(np.float32)
    found = learn_topic(rest, examples, matches)
    if found is None:
        return None
    towards = found.towards - axes @ (axes.T @ found.towards)
    return TopicModel(np.round(towards, _DECIMALS), found.offset)


def with_sure_mentions(examples: Examples, model: TopicModel, places: Vectors, mentions: Numbers) -> Examples:
    """Add the matches that a model finds as close to the topic as those that name it in their title.

    Args:
        examples: What the model was learned from.
        model: What was learned.
        places: Those of the archive's papers.
        mentions: What is added to the score of each paper for how it mentions the topic; NaN: it is not a mention.
    """
    sure = np.flatnonzero(np.nan_to_num(model.judge(places) + mentions, nan=-np.inf) >= _SURE)
    known = {*examples.rows}
    more = [row for row in sure.tolist() if row not in known]
    return Examples(examples.titles, [*examples.others, *more[:_MAX_EXAMPLES]])


def _classifier() -> Any:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - takes a second to import

    return LogisticRegression(max_iter=300)


def _have_in_common(places: Vectors, rows: Sequence[int], weights: Numbers) -> bool:
    """Return whether examples are nearer to the middle of the other examples than papers are to that of all."""
    each = weights[:, np.newaxis] * places[rows]
    total = each.sum(axis=0)
    nearness = np.einsum("ij,ij->i", places[rows], unit(total - each))
    return float(np.median(nearness)) > float(np.median(places @ unit(total)))
