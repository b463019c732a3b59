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
from newsletter.ranking.embedding import Placed, Space, is_installed, make_space, unpack_space
from newsletter.ranking.index import Numbers, PaperIndex
from newsletter.ranking.taste import learn, unpack_taste
from newsletter.store import Store

#: Taste is told apart from all else in a score by no more than this many times its weight.
_MOST = 3.0
#: A space is made anew after this: words come up.
_LASTS = timedelta(days=30)


def learn_tastes(store: Store, now: datetime) -> int:
    """Learn the tastes of those whose feedback changed; return how many were. Does nothing without scikit-learn."""
    readers = store.feedback.readers()
    if not readers or not is_installed():
        return 0
    known = store.learned.space()
    is_new = known is None or now - known[1] > _LASTS
    said = {reader: _what_was_said(store, reader) for reader in readers}
    learned_from = {} if is_new else store.learned.learned_from()
    changed = [reader for reader in readers if learned_from.get(reader) != _fingerprint(said[reader])]
    if not changed:
        return 0
    archive = _archive(store, changed)
    space = unpack_space(known[2]) if known and not is_new else make_space(list(archive.values()))
    if space is None:
        return 0
    placed = space.place(list(archive.values()))
    places = {name: place for place, name in enumerate(archive)}
    with store.transaction():
        version = known[0] if known and not is_new else store.learned.put_space(space.pack(), now)
        for reader in changed:
            likes = {places[name]: liked for name, liked in said[reader].items() if name in places}
            taste = learn(
                placed,
                [place for place, liked in likes.items() if liked],
                [place for place, liked in likes.items() if not liked],
            )
            if taste:
                store.learned.put_taste(reader, version, _fingerprint(said[reader]), taste.pack(), now)
    return len(changed)


def _what_was_said(store: Store, reader: int) -> dict[int | str, bool]:
    """Return what a reader likes and dislikes, by the paper's id or, where the store does not hold it, its key."""
    said: dict[int | str, bool] = dict(store.feedback.of(reader).items())
    return said | {example.key: example.liked for example in store.feedback.examples(reader)}


def _fingerprint(said: Mapping[int | str, bool]) -> str:
    return hashlib.sha256(json.dumps(sorted(said.items(), key=str)).encode()).hexdigest()


def _archive(store: Store, readers: list[int]) -> dict[int | str, Facts]:
    """Return the latest papers, and those that these readers said something of."""
    archive: dict[int | str, Facts] = {paper.id: paper for paper in store.papers.newest(ARCHIVE)}
    for reader in readers:
        archive |= dict(store.papers.get_many(store.feedback.of(reader)).items())
        examples = store.feedback.examples(reader)
        archive |= {example.key: Facts(title=example.title, abstract=example.abstract) for example in examples}
    return archive


class Tastes:
    """What the readers' tastes say of papers; an index's papers are placed once, when first asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._readers = frozenset(store.feedback.readers()) if is_installed() else frozenset()
        self._space: Space | None = None
        self._placed: dict[int, Placed] = {}

    def of(self, subscriber_id: int, index: PaperIndex) -> Numbers | None:
        """Return how much each paper of an index is to a reader's taste, -3 to 3; None if nothing is known of it."""
        content = self._store.learned.taste(subscriber_id) if subscriber_id in self._readers and len(index) else None
        if content is None:
            return None
        values = unpack_taste(content).judge(self._place(index))
        return np.clip(values, -_MOST, _MOST).astype(np.float32)

    def _place(self, index: PaperIndex) -> Placed:
        if self._space is None:
            (_, _, content) = self._store.learned.space() or (0, None, b"")
            self._space = unpack_space(content)
        if id(index) not in self._placed:
            self._placed[id(index)] = self._space.place(list(index.papers.values()))
        return self._placed[id(index)]
