"""A subscriber's library as their likes: what is in it is liked, what is taken out of it is not any more.

Feedback that the subscriber gave themselves is theirs: a library neither replaces nor deletes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from newsletter.models import Entry, Example, Paper
from newsletter.papers.identity import key_for, names_of
from newsletter.store import Store
from newsletter.store.libraries import LibraryLike


def update_likes(
    store: Store, subscriber_id: int, library: str, present: Mapping[str, Entry], gone: Collection[str],
    version: int, now: datetime,
) -> None:  # fmt: skip
    """Let a subscriber's likes follow a library up to `version`, of which they are its changes.

    Args:
        store: The store.
        subscriber_id: Whose likes they are.
        library: Its name, which no other has: "zotero users/12345".
        present: Items that were added or changed, by their keys.
        gone: The keys of items that were taken out.
        version: The version to go on from.
        now: The time of the feedback.
    """
    with store.transaction():
        known = store.libraries.likes(subscriber_id, library)
        for item in gone:
            if item in known:
                _take_back(store, subscriber_id, library, known[item])
        for item, entry in present.items():
            name, like = next(names_of(entry)), known.get(item)
            if like is not None and like.name == name:
                continue
            if like is not None:  # it was corrected, and is another paper now
                _take_back(store, subscriber_id, library, like)
            key, given_at = _give(store, subscriber_id, entry, now)
            store.libraries.put(subscriber_id, library, LibraryLike(item, name, key, given_at))
        store.libraries.set_version(subscriber_id, library, version)


def forget_library(store: Store, subscriber_id: int, library: str) -> None:
    """Take back all likes that a library gave to a subscriber, and follow it no more."""
    with store.transaction():
        for like in store.libraries.likes(subscriber_id, library).values():
            _take_back(store, subscriber_id, library, like)
        store.libraries.forget_version(subscriber_id, library)


def _give(store: Store, subscriber_id: int, entry: Entry, now: datetime) -> tuple[str, str]:
    """Store a like unless there is feedback on this paper; return its key, and the time if a library gave it, or ""."""
    paper = next(filter(None, map(store.papers.find, names_of(entry))), None)
    key = paper.key if paper else key_for(entry)
    if _has_feedback(store, subscriber_id, paper, key):
        return key, store.libraries.given_at(subscriber_id, key) or ""
    if paper is not None:
        store.feedback.put(subscriber_id, paper.id, liked=True, now=now)
    else:
        store.feedback.put_example(subscriber_id, Example(key, entry.title, entry.abstract, liked=True), now)
    return key, now.isoformat()


def _has_feedback(store: Store, subscriber_id: int, paper: Paper | None, key: str) -> bool:
    on_paper = paper is not None and store.feedback.has(subscriber_id, paper.id)
    return on_paper or store.feedback.has_example(subscriber_id, key)


def _take_back(store: Store, subscriber_id: int, library: str, like: LibraryLike) -> None:
    """Delete a like of a library, and the feedback that it gave unless another item stands for it."""
    store.libraries.remove(subscriber_id, library, like.item)
    if not like.given_at or store.libraries.given_at(subscriber_id, like.key) == like.given_at:
        return
    paper = store.papers.find(like.name)
    store.feedback.take_back(subscriber_id, paper.id if paper else None, like.key, like.given_at)
