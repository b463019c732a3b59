from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import RowDamaged, StoreError
from newsletter.models import Cadence, Digest, Edition
from newsletter.store import Store
from newsletter.store.message_ids import MessageIds
from tests.factories import NOW, TODAY, make_profile
from tests.stores import open_again

KEY = "daily-2026-05-08"
CODE = "0123456789abcdef0123"


def message_id(domain: str = "news.example", code: str = CODE, key: str = KEY) -> str:
    return f"<{key}.{code}@{domain}>"


@pytest.fixture
def edition(store: Store) -> int:
    """An edition with a digest, whose id this is, and three subscribers."""
    edition = Edition(key=KEY, cadence=Cadence.DAILY, day=TODAY, since=NOW, created_at=NOW)
    store.editions.put(edition)
    for number in range(3):
        store.subscribers.add(f"s{number}@example.org", "", make_profile(), "cli", NOW)
    return store.editions.put_digest(Digest(edition=edition, sections=(), considered=0))


def stored(store: Store) -> list[str]:
    return [str(one) for (one,) in store._db.execute("SELECT message_id FROM deliveries ORDER BY id")]


def test_few_bytes_of_a_message_id_are_stored_and_it_is_found_by_all_of_them(store: Store, edition: int) -> None:
    names = [message_id(), message_id("Other.example", "f" * 20), "<whatever@news.example>"]
    for number, name in enumerate(names, 1):
        store.deliveries.queue(KEY, number, edition, name, NOW)

    assert stored(store) == ["ASNFZ4mrze8BIw", "_____________w.1", "<whatever@news.example>"]
    with open_again(store) as other:  # which has not seen the domains
        assert [one.message_id for one in other.deliveries.open()] == names
    with open_again(store) as other:
        assert [other.bounces.delivery_of(name) for name in names] == [(1, 1), (2, 2), (3, 3)]
    assert store.bounces.delivery_of(message_id("news.example", "f" * 20)) is None
    assert store.bounces.delivery_of(message_id("strange.example")) is None


def test_what_a_former_release_stored_is_read_and_found(store: Store, edition: int) -> None:
    store.deliveries.queue(KEY, 1, edition, message_id(), NOW)
    store._db.execute("UPDATE deliveries SET message_id = ?", [message_id()])
    assert [one.message_id for one in store.deliveries.open()] == [message_id()]
    assert store.bounces.delivery_of(message_id()) == (1, 1)


def test_a_domain_that_is_rolled_back_is_not_remembered(store: Store, edition: int) -> None:
    def fail() -> None:
        with store.transaction():
            store.deliveries.queue(KEY, 1, edition, message_id("lost.example"), NOW)
            assert [one.message_id for one in store.deliveries.open()] == [message_id("lost.example")]
            raise StoreError("the disk is full")

    with pytest.raises(StoreError):
        fail()
    store.deliveries.queue(KEY, 1, edition, message_id(), NOW)
    assert [one.message_id for one in store.deliveries.open()] == [message_id()]
    with open_again(store) as other:
        assert [one.message_id for one in other.deliveries.open()] == [message_id()]


@pytest.mark.parametrize("value", ["", "x", "ASNFZ4mrze8BIw.7", "ASNFZ4mrze8BI!", "ASNFZ4mrze8BIw."])
def test_a_damaged_one_is_an_error_of_its_row(store: Store, edition: int, value: str) -> None:
    store.deliveries.queue(KEY, 1, edition, message_id(), NOW)
    store._db.execute("UPDATE deliveries SET message_id = ?", [value])
    with pytest.raises(RowDamaged, match="a value is not valid"):
        store.deliveries.open()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    code=st.text("0123456789abcdef", min_size=20, max_size=20),
    key=st.sampled_from([KEY, "special-2026-05-08-a.b", "weekly-2026-05-08"]),
    domain=st.sampled_from(["a.example", "B.example", "c.d.example"]),
)
def test_each_is_read_as_it_was(store: Store, code: str, key: str, domain: str) -> None:
    ids, name = MessageIds(store._db), message_id(domain, code, key)
    with store.transaction():
        (short,) = ids.to_store([(name, key)])
    assert len(short) <= 16
    assert ids.read(short, key) == name
    assert short in ids.forms(name)
