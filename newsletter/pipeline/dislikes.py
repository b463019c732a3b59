"""What a subscriber wants less of: papers that no digest has for them, whether they were sent before or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from newsletter.store import Store

#: No version of a paper is newer than this.
_FOREVER = datetime.max.replace(tzinfo=UTC)


def with_disliked(store: Store, subscriber_id: int, sent_before: Mapping[int, datetime]) -> Mapping[int, datetime]:
    """Return the papers that a subscriber was sent and when, and those that they dislike, as sent after all."""
    return {**sent_before, **dict.fromkeys(store.feedback.disliked(subscriber_id), _FOREVER)}


class Dislikes:
    """The papers that many subscribers dislike, read for each on first use: most dislike none."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._subscribers = frozenset(store.feedback.dislikers())

    def with_sent(self, subscriber_id: int, sent_before: Mapping[int, datetime]) -> Mapping[int, datetime]:
        """Return the same as `with_disliked`; for who dislikes nothing, nothing is read."""
        if subscriber_id not in self._subscribers:
            return sent_before
        return with_disliked(self._store, subscriber_id, sent_before)
