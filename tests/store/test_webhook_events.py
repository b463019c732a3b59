from __future__ import annotations

from datetime import timedelta

from newsletter.sending.bounces.webhooks import _MAX_AGE, _MAX_AHEAD
from newsletter.store import Store
from newsletter.store.webhook_events import RETENTION
from tests.factories import NOW


def test_an_event_is_remembered_for_longer_than_it_could_be_replayed(store: Store) -> None:
    assert RETENTION > _MAX_AGE + _MAX_AHEAD
    assert [store.webhook_events.put("1", NOW) for _ in range(2)] == [True, False]
    store.webhook_events.delete_expired(NOW + RETENTION)
    assert not store.webhook_events.put("1", NOW)
    store.webhook_events.delete_expired(NOW + RETENTION + timedelta(seconds=1))
    assert store.webhook_events.put("1", NOW)


def test_events_are_counted_by_provider_and_outcome(store: Store) -> None:
    for outcome in ("hard", "unknown", "hard"):
        store.webhook_events.count("ses", outcome)
    assert store.webhook_events.counts() == {("ses", "hard"): 2, ("ses", "unknown"): 1}
