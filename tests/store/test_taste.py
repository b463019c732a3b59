from __future__ import annotations

import pytest

from newsletter.store import Store
from tests.factories import NOW, make_profile


@pytest.fixture
def ada(store: Store) -> int:
    """A subscriber."""
    return store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW).id


def test_a_new_store_has_no_embedding_and_no_taste_model(store: Store, ada: int) -> None:
    assert (store.taste_models.embedding(), store.taste_models.taste(ada), store.taste_models.learned_from()) == (
        None,
        None,
        {},
    )


def test_a_taste_model_is_replaced_by_a_later_one(store: Store, ada: int) -> None:
    version = store.taste_models.put_embedding(b"embedding", NOW)
    for learned_from, content in (("hash 1", b"one"), ("hash 2", b"two")):
        store.taste_models.put_taste(ada, version, learned_from, content, NOW)
    assert store.taste_models.taste(ada) == b"two"
    assert store.taste_models.learned_from() == {ada: "hash 2"}


def test_a_new_embedding_has_the_next_version_and_no_taste_models(store: Store, ada: int) -> None:
    first = store.taste_models.put_embedding(b"one", NOW)
    store.taste_models.put_taste(ada, first, "hash", b"model", NOW)
    second = store.taste_models.put_embedding(b"two", NOW)
    assert store.taste_models.embedding() == (second, NOW, b"two")
    assert second == first + 1
    assert store.taste_models.taste(ada) is None
