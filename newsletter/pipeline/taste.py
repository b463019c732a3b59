"""Feedback → taste models, kept in the store; taste models → scores of an edition's papers.

Learning takes seconds, so it is done apart from composing: after each pull, and after feedback. Only subscribers whose
feedback changed are learned again; without feedback nothing is computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

import numpy as np

from newsletter.errors.installation import has_scikit_learn
from newsletter.models import Facts
from newsletter.models.weights import Weights
from newsletter.pipeline.compose import ARCHIVE
from newsletter.ranking.embedding import MAX_AGE, Embedding, PaperVectors, make_embedding, unpack_embedding
from newsletter.ranking.index import Numbers, PaperIndex
from newsletter.ranking.taste import VERSION, TasteModel, fading, learn, unpack_taste_model
from newsletter.store import Store
from newsletter.store.feedback import GivenFeedback

#: Taste scores are clipped to ± this, which bounds their part of a score to this many times their weight.
_MAX_SCORE = 3.0
#: So many models are stored by one transaction.
_AT_ONCE = 100


def learn_taste_models(store: Store, now: datetime, weights: Weights | None = None) -> int:
    """Learn the taste models of subscribers whose feedback changed; return their number, 0 without scikit-learn.

    `weights` are the site's; of these and the profile's, the half-life of feedback is used.
    """
    subscribers = store.feedback.subscribers()
    if not subscribers or not has_scikit_learn():
        return 0
    known = store.taste_models.embedding()
    is_new = known is None or now - known[1] > MAX_AGE
    feedback = {subscriber: _feedback_of(store, subscriber, weights or Weights()) for subscriber in subscribers}
    learned_from = {} if is_new else store.taste_models.learned_from()
    changed = [
        subscriber for subscriber in subscribers if learned_from.get(subscriber) != feedback[subscriber].fingerprint()
    ]
    if not changed:
        return 0
    archive = _archive(store, [feedback[subscriber] for subscriber in changed])
    embedding = unpack_embedding(known[2]) if known and not is_new else make_embedding(list(archive.values()))
    if embedding is None:
        return 0
    vectors = embedding.place(list(archive.values()))
    rows = {key: row for row, key in enumerate(archive)}
    version = known[0] if known and not is_new else _put_embedding(store, embedding, now, len(archive))
    rest = iter(changed)
    while batch := list(islice(rest, _AT_ONCE)):  # they are learned without the lock of writers
        learned = {one: model for one in batch if (model := _learn(feedback[one], vectors, rows))}
        with store.transaction():
            for subscriber, model in learned.items():
                fingerprint = feedback[subscriber].fingerprint()
                store.taste_models.put_taste(subscriber, version, fingerprint, model.pack(), now)
    return len(changed)


def _put_embedding(store: Store, embedding: Embedding, now: datetime, papers: int) -> int:
    """Store an embedding in place of the last, and of all models in it; return its version."""
    with store.transaction():
        return store.taste_models.put_embedding(embedding.pack(), now, papers)


@dataclass(frozen=True, slots=True)
class _Feedback:
    """All feedback of a subscriber, on papers in the store and on others."""

    given: tuple[GivenFeedback, ...]
    half_life_days: float

    def fingerprint(self) -> str:
        """Return a hash of what is learned from, and of how."""
        given = [(example.key, example.liked, at) for example, at in self.given]
        return hashlib.sha256(json.dumps([VERSION, self.half_life_days, *given]).encode()).hexdigest()


def _feedback_of(store: Store, subscriber_id: int, weights: Weights) -> _Feedback:
    subscriber = store.subscribers.find_by_id(subscriber_id)
    own = replace(weights, **dict(subscriber.profile.ranking)) if subscriber else weights
    return _Feedback(tuple(store.feedback.given(subscriber_id)), own.taste_half_life_days)


def _learn(feedback: _Feedback, vectors: PaperVectors, rows: Mapping[str, int]) -> TasteModel | None:
    times = [datetime.fromisoformat(at) for _, at in feedback.given]
    ages = [(max(times) - time) / timedelta(days=1) for time in times]
    weights = fading(ages, feedback.half_life_days).tolist()
    by_row = {rows[given.example.key]: weight for given, weight in zip(feedback.given, weights, strict=True)}
    likes = {rows[example.key]: example.liked for example, _ in feedback.given}
    return learn(
        vectors,
        [row for row, is_liked in likes.items() if is_liked],
        [row for row, is_liked in likes.items() if not is_liked],
        by_row,
    )


def _archive(store: Store, feedback: Sequence[_Feedback]) -> dict[str, Facts]:
    """Return the latest papers, and those that this feedback is on, by their keys."""
    archive: dict[str, Facts] = {paper.key: paper for paper in store.papers.newest(ARCHIVE)}
    for one in feedback:
        for example, _ in one.given:
            archive.setdefault(example.key, Facts(title=example.title, abstract=example.abstract))
    return archive


class TasteScores:
    """Scores of papers by taste models; the papers of an index are embedded once, on first use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._subscribers = frozenset(store.feedback.subscribers()) if has_scikit_learn() else frozenset()
        self._embedding: Embedding | None = None
        self._vectors: dict[int, PaperVectors] = {}

    def of(self, subscriber_id: int, index: PaperIndex) -> Numbers | None:
        """Return a score from -3 to 3 for each paper of an index, or None for a subscriber without a taste model."""
        content = (
            self._store.taste_models.taste(subscriber_id) if subscriber_id in self._subscribers and len(index) else None
        )
        model = None if content is None else unpack_taste_model(content)
        if model is None:  # one of an earlier version is learned anew after the next pull
            return None
        values = model.judge(self._vectors_of(index))
        return np.clip(values, -_MAX_SCORE, _MAX_SCORE).astype(np.float32)

    def _vectors_of(self, index: PaperIndex) -> PaperVectors:
        if self._embedding is None:
            (_, _, content) = self._store.taste_models.embedding() or (0, None, b"")
            self._embedding = unpack_embedding(content)
        if id(index) not in self._vectors:
            self._vectors[id(index)] = self._embedding.place(list(index.papers.values()))
        return self._vectors[id(index)]
