"""Feedback → taste models, kept in the store; taste models → scores of an edition's papers.

Learning takes seconds, so it is done apart from composing: after each pull, and after feedback. Only subscribers whose
feedback changed are learned again; without feedback nothing is computed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

import numpy as np

from newsletter.models import Facts
from newsletter.pipeline.compose import ARCHIVE
from newsletter.ranking.embedding import (
    MAX_AGE,
    Embedding,
    PaperVectors,
    is_installed,
    make_embedding,
    unpack_embedding,
)
from newsletter.ranking.index import Numbers, PaperIndex
from newsletter.ranking.taste import learn, unpack_taste_model
from newsletter.store import Store

#: Taste scores are clipped to ± this, which bounds their part of a score to this many times their weight.
_MAX_SCORE = 3.0


def learn_taste_models(store: Store, now: datetime) -> int:
    """Learn the taste models of subscribers whose feedback changed; return their number, 0 without scikit-learn."""
    subscribers = store.feedback.subscribers()
    if not subscribers or not is_installed():
        return 0
    known = store.taste_models.embedding()
    is_new = known is None or now - known[1] > MAX_AGE
    feedback = {subscriber: _feedback_of(store, subscriber) for subscriber in subscribers}
    learned_from = {} if is_new else store.taste_models.learned_from()
    changed = [
        subscriber for subscriber in subscribers if learned_from.get(subscriber) != _fingerprint(feedback[subscriber])
    ]
    if not changed:
        return 0
    archive = _archive(store, changed)
    embedding = unpack_embedding(known[2]) if known and not is_new else make_embedding(list(archive.values()))
    if embedding is None:
        return 0
    vectors = embedding.place(list(archive.values()))
    rows = {key: row for row, key in enumerate(archive)}
    with store.transaction():
        version = (
            known[0] if known and not is_new else store.taste_models.put_embedding(embedding.pack(), now, len(archive))
        )
        for subscriber in changed:
            likes = {rows[key]: liked for key, liked in feedback[subscriber].items() if key in rows}
            model = learn(
                vectors,
                [row for row, liked in likes.items() if liked],
                [row for row, liked in likes.items() if not liked],
            )
            if model:
                fingerprint = _fingerprint(feedback[subscriber])
                store.taste_models.put_taste(subscriber, version, fingerprint, model.pack(), now)
    return len(changed)


def _feedback_of(store: Store, subscriber: int) -> dict[int | str, bool]:
    """Return whether a subscriber liked each paper, by its id or, for papers outside the store, by its key."""
    feedback: dict[int | str, bool] = dict(store.feedback.of(subscriber).items())
    return feedback | {example.key: example.liked for example in store.feedback.examples(subscriber)}


def _fingerprint(feedback: Mapping[int | str, bool]) -> str:
    return hashlib.sha256(json.dumps(sorted(feedback.items(), key=str)).encode()).hexdigest()


def _archive(store: Store, subscribers: list[int]) -> dict[int | str, Facts]:
    """Return the latest papers, and those that these subscribers gave feedback on."""
    archive: dict[int | str, Facts] = {paper.id: paper for paper in store.papers.newest(ARCHIVE)}
    for subscriber in subscribers:
        archive |= dict(store.papers.get_many(store.feedback.of(subscriber)).items())
        examples = store.feedback.examples(subscriber)
        archive |= {example.key: Facts(title=example.title, abstract=example.abstract) for example in examples}
    return archive


class TasteScores:
    """Scores of papers by taste models; the papers of an index are embedded once, on first use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._subscribers = frozenset(store.feedback.subscribers()) if is_installed() else frozenset()
        self._embedding: Embedding | None = None
        self._vectors: dict[int, PaperVectors] = {}

    def of(self, subscriber_id: int, index: PaperIndex) -> Numbers | None:
        """Return a score from -3 to 3 for each paper of an index, or None for a subscriber without a taste model."""
        content = (
            self._store.taste_models.taste(subscriber_id) if subscriber_id in self._subscribers and len(index) else None
        )
        if content is None:
            return None
        values = unpack_taste_model(content).judge(self._vectors_of(index))
        return np.clip(values, -_MAX_SCORE, _MAX_SCORE).astype(np.float32)

    def _vectors_of(self, index: PaperIndex) -> PaperVectors:
        if self._embedding is None:
            (_, _, content) = self._store.taste_models.embedding() or (0, None, b"")
            self._embedding = unpack_embedding(content)
        if id(index) not in self._vectors:
            self._vectors[id(index)] = self._embedding.place(list(index.papers.values()))
        return self._vectors[id(index)]
