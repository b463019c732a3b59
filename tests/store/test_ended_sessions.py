"""A session that was ended stays so until it would have ended by itself."""

from __future__ import annotations

from datetime import timedelta

from newsletter.store import Store
from tests.factories import NOW

HOUR = timedelta(hours=1)


def test_a_session_that_was_ended_is_known_as_such(store: Store) -> None:
    store.ended_sessions.add(2**53 - 1, NOW + HOUR, NOW)
    store.ended_sessions.add(2**53 - 1, NOW + HOUR, NOW)
    assert store.ended_sessions.has(2**53 - 1)
    assert not store.ended_sessions.has(1)


def test_it_is_forgotten_when_it_would_be_over(store: Store) -> None:
    store.ended_sessions.add(1, NOW + HOUR, NOW)
    store.ended_sessions.add(2, NOW + 3 * HOUR, NOW + 2 * HOUR)
    assert not store.ended_sessions.has(1)
    assert store.ended_sessions.has(2)
