"""Topics and the archive → topic models, kept in the store; topic models → scores of an edition's papers.

Learning takes seconds, so it is done apart from composing, after each pull. What an edition needs besides, the places
of its papers in the embedding, is kept, too: composing takes a product of two small matrices, without scikit-learn.

There is one model for each query, whoever has it. It is learned again when there is a new embedding, or when the
papers have become a tenth more than an archive of `TRAINING` since.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from newsletter.errors import QueryError
from newsletter.errors.installation import has_scikit_learn
from newsletter.models import Paper
from newsletter.ranking.closeness import Scores, TopicScores
from newsletter.ranking.embedding import MAX_AGE, Embedding, Vectors, make_embedding, unpack_embedding
from newsletter.ranking.index import Numbers, PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.ranking.passing import prominence
from newsletter.ranking.topic_model import (
    TopicModel,
    choose_examples,
    in_title,
    learn_apart,
    learn_topic,
    topic_words,
    unpack_topic_model,
    with_sure_mentions,
)
from newsletter.store import Store
from newsletter.topics.acronyms import Definitions
from newsletter.topics.query import format_query, parse

#: Models of another format, or that were learned from other examples, are not found, and learned again.
_FORMAT = 5
#: Topics are learned from this many of the latest papers.
TRAINING = 4000
#: The share of these that has to be new before a topic is learned again.
_ENOUGH_NEW = 0.1
#: Papers of this age may be in an edition, the monthly one.
_EDITION = timedelta(days=35)
#: Papers are placed in the embedding this many at a time, each time in a transaction of its own.
_AT_ONCE = 1000
#: An acronym stands for a topic if so many of the papers that define it mean that: "FM" is no "flow matching".
_SURE_MEANING = 0.8
#: The queries of which scores are kept; a matcher keeps what it makes of them.
_MAX_SCORES = 64


def learn_topic_models(store: Store, now: datetime) -> int:
    """Learn the models of topics that have none, or have new papers to learn from; return how many were learned.

    Without scikit-learn, none is.
    """
    queries = {hash_of(query): query for query in store.topic_models.queries()}
    if not queries or not has_scikit_learn():
        return 0
    version, embedding = _embedding(store, now)
    if version is None:
        return 0
    ever, known = store.topic_models.papers_ever(), store.topic_models.learned(version)
    enough = max(1, round(_ENOUGH_NEW * min(ever, TRAINING)))
    due = {name: query for name, query in queries.items() if name not in known or ever - known[name] >= enough}
    wanted = store.topic_models.to_place(now - _EDITION, TRAINING)
    unplaced = store.topic_models.unplaced(version, wanted)
    if not due and not unplaced:
        return 0
    embedding = embedding or _stored_embedding(store)
    for first in range(0, len(unplaced), _AT_ONCE):
        _place(store, version, embedding, unplaced[first : first + _AT_ONCE])
    with store.transaction():
        store.topic_models.keep_vectors(wanted)
        store.topic_models.keep_only(queries)
    if due:
        learner = TopicLearner(store.papers.newest(TRAINING), embedding)
        models = {name: learner.learn(query) for name, query in due.items()}
        with store.transaction():
            for name, model in models.items():
                store.topic_models.put(name, version, ever, model.pack() if model else None, now)
    return len(due)


class TopicLearner:
    """Learns the models of queries from an archive, whose index and places in an embedding are made once."""

    def __init__(self, archive: Sequence[Paper], embedding: Embedding) -> None:
        """Index the papers of an archive, the latest first."""
        self._matcher = Matcher(PaperIndex(archive))
        self._definitions = Definitions(archive, _SURE_MEANING)
        self._shelf = embedding.shelve(archive)
        self._places = _rounded(self._shelf.places)

    @property
    def index(self) -> PaperIndex:
        """The index of the archive."""
        return self._matcher.index

    def learn(self, query: str) -> TopicModel | None:
        """Learn a model of a query; None: there are too few examples."""
        query = self._widened(query)
        result = self._matcher.evaluate(query)
        node = self._matcher.node(query)
        examples = choose_examples(self._matcher.index, node, result.matches, result.strength)
        model = learn_topic(self._places, examples, result.matches) if examples else None
        if examples is None or model is None:
            return None
        titled = in_title(self._matcher.index, node)
        mentions = np.where(result.matches & ~titled, prominence(self._matcher.index, node), np.float32("nan"))
        more = with_sure_mentions(examples, model, self._places, mentions)
        model = learn_topic(self._places, more, result.matches) or model
        words = topic_words(node)
        hidden = self._places.copy()
        hidden[more.rows] = self._shelf.places_without(more.rows, words)
        other = learn_topic(hidden, more, result.matches)
        apart = learn_apart(self._places, more, result.matches, self._shelf.axes_of(words))
        return replace(model.mean(other) if other else model, apart=apart)

    def _widened(self, query: str) -> str:
        """Return a query that finds the acronyms of a topic, too, or what its acronyms stand for.

        An acronym that other papers define otherwise is left alone.
        """
        widened = format_query(self._definitions.widened(self._matcher.node(query)))
        try:
            parse(widened)
        except QueryError:  # too long
            return query
        return widened


def hash_of(query: str) -> str:
    """Return the name of a query in the store; queries that are written differently and mean the same have one."""
    return hashlib.sha256(f"{_FORMAT} {format_query(parse(query))}".encode()).hexdigest()


def topic_scores(store: Store, index: PaperIndex) -> Scores | None:
    """Return the scores of an index's papers by the topics' models, None if none of the papers has a place.

    The store is read for each query on first use, and must be open then.
    """
    stored = store.topic_models.vectors(index.ids)
    if not stored:
        return None
    is_known = np.array([paper in stored for paper in index.ids], np.bool_)
    all_known = bool(is_known.all())
    vectors = np.array([np.frombuffer(stored[paper], "<f2") for paper in index.ids if paper in stored], np.float32)

    def judge(model: TopicModel) -> Numbers:
        if all_known:
            return model.judge(vectors)
        spread = np.full(len(is_known), np.nan, np.float32)
        spread[is_known] = model.judge(vectors)
        return spread

    @lru_cache(_MAX_SCORES)
    def scores(query: str) -> TopicScores | None:
        content = store.topic_models.model(hash_of(query))
        if content is None:
            return None
        model = unpack_topic_model(content)
        return TopicScores(judge(model), judge(model.apart) if model.apart else None)

    return scores


def _embedding(store: Store, now: datetime) -> tuple[int | None, Embedding | None]:
    """Return the version of the embedding that is valid now, which is made if there is none, and the made one."""
    known = store.taste_models.embedding()
    has_grown = min(store.topic_models.papers_ever(), TRAINING) >= 2 * store.taste_models.fitted_to()
    if known and now - known[1] <= MAX_AGE and not has_grown:
        return known[0], None
    archive = store.papers.newest(TRAINING)
    made = make_embedding(archive)
    if made is None:
        return None, None
    packed = made.pack()
    with store.transaction():  # what is stored is rounded: papers are placed in it now and later alike
        return store.taste_models.put_embedding(packed, now, len(archive)), unpack_embedding(packed)


def _stored_embedding(store: Store) -> Embedding:
    (_, _, content) = store.taste_models.embedding() or (0, None, b"")
    return unpack_embedding(content)


def _place(store: Store, version: int, embedding: Embedding, ids: Sequence[int]) -> None:
    papers = store.papers.get_many(ids)
    vectors = embedding.place_by_title(list(papers.values())).astype("<f2")
    with store.transaction():
        packed = {paper: vector.tobytes() for paper, vector in zip(papers, vectors, strict=True)}
        store.topic_models.put_vectors(version, packed)


def _rounded(vectors: Vectors) -> Vectors:
    """Return vectors as they are stored."""
    return vectors.astype("<f2").astype(np.float32)
