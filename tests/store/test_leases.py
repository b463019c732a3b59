from __future__ import annotations

from datetime import timedelta

from newsletter.store import Store
from newsletter.store.leases import Lease
from tests.factories import NOW

TERM = timedelta(seconds=20)


def test_a_lease_has_one_owner_until_it_ends(store: Store) -> None:
    assert store.leases.find("scheduler") is None
    assert store.leases.acquire("scheduler", "ada", "process 1", NOW, TERM)
    assert not store.leases.acquire("scheduler", "bob", "process 2", NOW + TERM / 2, TERM)
    assert store.leases.acquire("scheduler", "ada", "process 1", NOW + TERM / 2, TERM)
    assert store.leases.find("scheduler") == Lease("ada", "process 1", NOW + TERM / 2 + TERM)
    assert not store.leases.acquire("scheduler", "bob", "process 2", NOW + TERM, TERM)
    assert store.leases.acquire("scheduler", "bob", "process 2", NOW + 2 * TERM, TERM)
    assert store.leases.acquire("another", "ada", "process 1", NOW, TERM)


def test_one_that_was_taken_while_the_clock_was_ahead_does_not_count(store: Store) -> None:
    store.leases.acquire("scheduler", "ada", "process 1", NOW + timedelta(days=9), TERM)
    assert store.leases.acquire("scheduler", "bob", "process 2", NOW, TERM)


def test_only_its_owner_releases_it(store: Store) -> None:
    store.leases.acquire("scheduler", "ada", "process 1", NOW, TERM)
    store.leases.release("scheduler", "bob")
    assert store.leases.find("scheduler") is not None
    store.leases.release("scheduler", "ada")
    assert store.leases.find("scheduler") is None
