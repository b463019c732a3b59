"""Shards of the ledger: every open delivery is in exactly one, and each is one sender's at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.models import Cadence, DeliveryStatus, Digest, Edition
from newsletter.store import Store, shards
from newsletter.store.shards import Shard
from tests.factories import NOW, TODAY, make_profile

MINUTE = timedelta(minutes=1)


@pytest.fixture
def edition(store: Store) -> Edition:
    """Seven queued deliveries, with the ids 1 to 7."""
    edition = Edition(key="daily-2026-05-08", cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW)
    store.editions.put(edition)
    digest_id = store.editions.put_digest(Digest(edition=edition, sections=(), considered=0))
    for number in range(7):
        subscriber = store.subscribers.add(f"subscriber{number}@example.org", "", make_profile(), "cli", NOW)
        store.deliveries.queue(edition.key, subscriber.id, digest_id, f"<{number}@news.example>", NOW)
    return edition


def lease_all(store: Store, holder: str = "one") -> list[Shard]:
    return list(iter(lambda: store.shards.lease(holder, NOW, MINUTE), None))


@pytest.mark.usefixtures("edition")
def test_each_open_delivery_is_in_one_shard(store: Store) -> None:
    assert store.shards.divide(NOW, 3) == 3
    assert lease_all(store) == [Shard(1, 3), Shard(4, 6), Shard(7, 7)]


@pytest.mark.usefixtures("edition")
def test_shards_are_made_a_few_at_a_time_each_with_what_belongs_to_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "_MADE", 1)
    seen: list[tuple[int, bool, int]] = []

    def see(after: int) -> None:
        seen.append((after, store._db.is_in_transaction, store.shards.count()))

    assert store.shards.divide_rest(NOW, 3, see) == 3
    assert seen == [(0, True, 1), (3, True, 2), (6, True, 3)]
    assert lease_all(store) == [Shard(1, 3), Shard(4, 6), Shard(7, 7)]


@pytest.mark.usefixtures("edition")
def test_only_what_is_between_shards_is_looked_at(store: Store) -> None:
    store.shards.divide(NOW, 2)
    seen: list[int] = []
    assert store.shards.divide_rest(NOW, 2, seen.append) == 0
    store._db.execute("DELETE FROM shards WHERE first_id IN (1, 5)")

    assert store.shards.divide_rest(NOW, 1, seen.append) == 4

    assert seen == [0, 4]
    assert lease_all(store) == [Shard(1, 1), Shard(2, 2), Shard(3, 4), Shard(5, 5), Shard(6, 6), Shard(7, 7)]


@pytest.mark.usefixtures("edition")
def test_what_is_not_due_is_in_no_shard(store: Store) -> None:
    store.deliveries.move(1, DeliveryStatus.SENT, NOW)
    store.deliveries.move(2, DeliveryStatus.DEFERRED, NOW, next_attempt_at=NOW + MINUTE)
    store.deliveries.move(4, DeliveryStatus.HELD, NOW)

    store.shards.divide(NOW, 2)

    assert lease_all(store) == [Shard(3, 5), Shard(6, 7)]


@pytest.mark.usefixtures("edition")
def test_a_shard_is_leased_once_and_again_after_it_was_put_back_or_released(store: Store) -> None:
    store.shards.divide(NOW, 4)
    first, second = lease_all(store, "one")
    assert lease_all(store, "two") == []

    store.shards.put_back(first, "two")  # which does not have it
    assert lease_all(store, "two") == []
    store.shards.put_back(first, "one")
    assert lease_all(store, "two") == [first]

    assert store.shards.release("one") == [second]
    assert not store.shards.is_held_by("one")
    assert store.shards.is_held_by("two")
    assert lease_all(store, "two") == [second]


@pytest.mark.usefixtures("edition")
def test_only_its_holder_finishes_a_shard(store: Store) -> None:
    store.shards.divide(NOW, 4)
    first, second = lease_all(store)
    store.shards.finish(first, "two")
    assert store.shards.count() == 2
    store.shards.finish(first, "one")
    store.shards.finish(second, "one")
    assert store.shards.count() == 0


@pytest.mark.usefixtures("edition")
def test_leases_end_unless_they_are_renewed(store: Store) -> None:
    store.shards.divide(NOW, 4)
    store.shards.lease("one", NOW, MINUTE)
    store.shards.lease("two", NOW, MINUTE)
    assert store.shards.expired(NOW) == []
    store.shards.renew("two", NOW, 3 * MINUTE)
    assert store.shards.expired(NOW + 2 * MINUTE) == ["one"]


@pytest.mark.usefixtures("edition")
def test_new_shards_replace_those_of_a_run_that_was_killed(store: Store) -> None:
    store.shards.divide(NOW, 2)
    store.shards.lease("killed", NOW, MINUTE)
    assert store.shards.divide(NOW, 7) == 1
    assert not store.shards.is_held_by("killed")


# -- the shards of a fleet -----------------------------------------------------------------------------


@pytest.mark.usefixtures("edition")
def test_what_is_in_no_shard_comes_into_new_ones_that_overlap_with_none(store: Store) -> None:
    store.deliveries.move(2, DeliveryStatus.DEFERRED, NOW, next_attempt_at=NOW + MINUTE)
    assert store.shards.divide_rest(NOW, 3) == 2
    store.shards.finish(Shard(1, 4), "")
    for number in (1, 3, 4):
        store.deliveries.move(number, DeliveryStatus.SENT, NOW)
    store.shards.lease("one", NOW, MINUTE, 5)
    store.deliveries.queue("daily-2026-05-08", _another(store), 1, "<8@news.example>", NOW)

    assert store.shards.divide_rest(NOW, 3) == 1
    assert store.shards.divide_rest(NOW + MINUTE, 3) == 1
    assert store.shards.divide_rest(NOW + MINUTE, 3) == 0

    assert lease_all(store, "two") == [Shard(2, 2), Shard(8, 8)]
    assert store.shards.counts() == (0, 3)
    assert not store.shards.is_any_free()


@pytest.mark.usefixtures("edition")
def test_deliveries_on_both_sides_of_a_shard_come_into_different_ones(store: Store) -> None:
    store.shards.divide(NOW, 2)
    store.shards.finish(Shard(1, 2), "")
    store.shards.finish(Shard(5, 6), "")
    store.shards.finish(Shard(7, 7), "")

    store.shards.divide_rest(NOW, 100)

    assert lease_all(store) == [Shard(1, 2), Shard(3, 4), Shard(5, 7)]


@pytest.mark.usefixtures("edition")
def test_one_shard_can_be_leased_in_particular(store: Store) -> None:
    store.shards.divide(NOW, 2)
    assert store.shards.lease("one", NOW, MINUTE, 3) == Shard(3, 4)
    assert store.shards.lease("two", NOW, MINUTE, 3) is None
    assert store.shards.lease("two", NOW, MINUTE, 4) is None
    assert store.shards.counts() == (3, 1)
    assert store.shards.is_any_free()


@pytest.mark.usefixtures("edition")
def test_what_is_in_doubt_is_held_unless_a_sender_has_it(store: Store) -> None:
    store.shards.divide(NOW, 2)
    store.shards.finish(Shard(1, 2), "")
    for number in (1, 3):
        store.deliveries.move(number, DeliveryStatus.SENDING, NOW)

    assert store.shards.hold_others(NOW, "in doubt") == 1
    assert [one.id for one in store.deliveries.with_status([DeliveryStatus.HELD], None, 9)] == [1]


def _another(store: Store) -> int:
    return store.subscribers.add("another@example.org", "", make_profile(), "cli", NOW).id
