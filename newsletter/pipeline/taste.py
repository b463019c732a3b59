"""Feedback → tastes, kept in the store; tastes → what they say of an edition's papers.

Learning takes seconds and is done apart from composing, after each pull and each word of a reader: only what changed is
learned again. Nobody's feedback, no work.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np

from newsletter.models import Facts
from newsletter.pipeline.compose import ARCHIVE
from newsletter.ranking.embedding import Embedding, PaperVectors, is_installed, make_embedding, unpack_embedding
from newsletter.ranking.index import Numbers, PaperIndex
from newsletter.ranking.taste import learn, unpack_taste_model
from newsletter.store import Store

#: Taste is told apart from all else in a score by no more than this many times its weight.
_MOST = 3.0
#: A space is made anew after this: words come up.
_LASTS = timedelta(days=30)


def learn_taste_models(store: Store, now: datetime) -> int:
    """Learn the tastes of those whose feedback changed; return how many were. Does nothing without scikit-learn."""
    subscribers = store.feedback.subscribers()
    if not subscribers or not is_installed():
        return 0
    known = store.taste_models.space()
    is_new = known is None or now - known[1] > _LASTS
    said = {subscriber: _feedback_of(store, subscriber) for subscriber in subscribers}
    learned_from = {} if is_new else store.taste_models.learned_from()
    changed = [
        subscriber for subscriber in subscribers if learned_from.get(subscriber) != _fingerprint(said[subscriber])
    ]
    if not changed:
        return 0
    archive = _archive(store, changed)
    space = unpack_embedding(known[2]) if known and not is_new else make_embedding(list(archive.values()))
    if space is None:
        return 0
    placed = space.place(list(archive.values()))
    places = {name: place for place, name in enumerate(archive)}
    with store.transaction():
        version = known[0] if known and not is_new else store.taste_models.put_embedding(space.pack(), now)
        for subscriber in changed:
            likes = {places[name]: liked for name, liked in said[subscriber].items() if name in places}
            taste = learn(
                placed,
                [place for place, liked in likes.items() if liked],
                [place for place, liked in likes.items() if not liked],
            )
            if taste:
                store.taste_models.put_taste(subscriber, version, _fingerprint(said[subscriber]), taste.pack(), now)
    return len(changed)


def _feedback_of(store: Store, subscriber: int) -> dict[int | str, bool]:
    """Return what a reader likes and dislikes, by the paper's id or, where the store does not hold it, its key."""
    said: dict[int | str, bool] = dict(store.feedback.of(subscriber).items())
    return said | {example.key: example.liked for example in store.feedback.examples(subscriber)}


def _fingerprint(said: Mapping[int | str, bool]) -> str:
    return hashlib.sha256(json.dumps(sorted(said.items(), key=str)).encode()).hexdigest()


def _archive(store: Store, subscribers: list[int]) -> dict[int | str, Facts]:
    """Return the latest papers, and those that these readers said something of."""
    archive: dict[int | str, Facts] = {paper.id: paper for paper in store.papers.newest(ARCHIVE)}
    for subscriber in subscribers:
        archive |= dict(store.papers.get_many(store.feedback.of(subscriber)).items())
        examples = store.feedback.examples(subscriber)
        archive |= {example.key: Facts(title=example.title, abstract=example.abstract) for example in examples}
    return archive


class TasteScores:
    """What the readers' tastes say of papers; an index's papers are placed once, when first asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readers = frozenset(store.feedback.subscribers()) if is_installed() else frozenset()
        self._space: Embedding | None = None
        self._placed: dict[int, PaperVectors] = {}

    def of(self, subscriber_id: int, index: PaperIndex) -> Numbers | None:
        """Return how much each paper of an index is to a reader's taste, -3 to 3; None if nothing is known of it."""
        content = (
            self._store.taste_models.taste(subscriber_id) if subscriber_id in self._readers and len(index) else None
        )
        if content is None:
            return None
        values = unpack_taste_model(content).judge(self._place(index))
        return np.clip(values, -_MOST, _MOST).astype(np.float32)

    def _place(self, index: PaperIndex) -> PaperVectors:
        if self._space is None:
            (_, _, content) = self._store.taste_models.space() or (0, None, b"")
            self._space = unpack_embedding(content)
        if id(index) not in self._placed:
            self._placed[id(index)] = self._space.place(list(index.papers.values()))
        return self._placed[id(index)]
