"""The keys that sign links: made once, retired, accepted for a while."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.errors import RequestError
from newsletter.models import tokens
from newsletter.store import Store, open_store
from tests.factories import NOW

OUTSIDE, FORMER = b"o" * 32, b"f" * 32
DAY = timedelta(days=1)


def test_a_former_key_is_accepted_until_its_time_is_over(store: Store) -> None:
    old = store.secret()
    token = tokens.sign(old, tokens.UNSUBSCRIBE, 7)
    with store.transaction():
        new = store.keys.rotate(NOW, NOW + DAY)
    assert store.secret() == new != old
    assert store.accepted_keys(NOW) == (new, old)
    assert tokens.read(store.accepted_keys(NOW), tokens.UNSUBSCRIBE, token) == 7
    assert store.accepted_keys(NOW + DAY) == (new,)
    assert tokens.read(store.accepted_keys(NOW + DAY), tokens.UNSUBSCRIBE, token) is None


def test_the_value_of_a_key_that_ended_is_deleted(store: Store) -> None:
    old = store.secret()
    with store.transaction():
        store.keys.rotate(NOW, NOW)
        store.keys.forget_ended(NOW)
    assert old not in [row.value for row in store.keys.all()]
    assert [row.retired_at for row in store.keys.all()] == [None, NOW]
    assert repr(old) not in repr(store.keys.all())


def test_a_key_from_outside_signs_and_the_stores_own_is_accepted_until_it_is_retired(tmp_path: Path) -> None:
    with open_store(tmp_path / "db") as store:
        own = store.secret()
    with open_store(tmp_path / "db", lambda: (OUTSIDE, FORMER)) as store:
        assert store.secret() == OUTSIDE
        assert store.accepted_keys(NOW) == (OUTSIDE, FORMER, own)
        with store.transaction():
            store.keys.retire(own, NOW, NOW + DAY)
            store.keys.retire(FORMER, NOW, NOW)
        assert store.accepted_keys(NOW) == (OUTSIDE, own)
        assert store.accepted_keys(NOW + DAY) == (OUTSIDE,)
    with open_store(tmp_path / "db") as store, pytest.raises(RequestError, match="was not given"):
        store.secret()


def test_a_store_that_never_had_a_key_of_its_own_needs_none(tmp_path: Path) -> None:
    with open_store(tmp_path / "db", lambda: (OUTSIDE,)) as store:
        assert store.accepted_keys(NOW) == (OUTSIDE,)
        assert store.keys.own() is None
