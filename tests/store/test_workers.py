"""The workers of a fleet, as the store knows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from newsletter.store import Store
from newsletter.store.workers import SILENT_AFTER, Worker
from tests.factories import NOW

ONE = Worker("one", "a.example", 7, NOW, NOW)
TWO = Worker("two", "b.example", 9, NOW + timedelta(seconds=1), NOW + timedelta(seconds=1))


def test_workers_are_alive_while_they_say_so(store: Store) -> None:
    store.workers.heartbeat(TWO)
    store.workers.heartbeat(ONE)
    assert store.workers.alive(NOW + timedelta(seconds=2)) == [ONE, TWO]

    later = NOW + SILENT_AFTER
    assert store.workers.silent(later) == ["one"]
    store.workers.heartbeat(replace(TWO, seen_at=later))
    assert [worker.id for worker in store.workers.alive(later)] == ["two"]
    store.workers.end("two")
    assert store.workers.alive(later) == []


def test_a_worker_that_was_silent_for_a_day_is_forgotten(store: Store) -> None:
    store.workers.heartbeat(ONE)
    store.workers.heartbeat(replace(TWO, seen_at=NOW + timedelta(days=2)))
    assert [worker.id for worker in store.workers.alive(NOW)] == ["two"]
