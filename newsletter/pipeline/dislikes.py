"""What a subscriber wants less of: papers that no digest has for them, whether they were sent before or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from newsletter.store import Store

#: No version of a paper is newer than this.
_FOREVER = datetime.max.replace(tzinfo=UTC)


class Dislikes:
    """The papers that subscribers dislike, read for each on first use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._subscribers = frozenset(store.feedback.dislikers())

    def with_sent(self, subscriber_id: int, sent_before: Mapping[int, datetime]) -> Mapping[int, datetime]:
        """Return the papers that a subscriber was sent and when, and those that they dislike, as sent after all."""
        if subscriber_id not in self._subscribers:
            return sent_before
        return {**sent_before, **dict.fromkeys(self._store.feedback.disliked(subscriber_id), _FOREVER)}
