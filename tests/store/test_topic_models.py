from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.store import Store
from tests.factories import NOW, make_entry, make_profile, make_topic


@pytest.fixture
def version(store: Store) -> int:
    """The version of the only embedding."""
    return store.taste_models.put_embedding(b"embedding", NOW, 3)


def add(store: Store, number: int) -> int:
    store.papers.add(make_entry(arxiv_id=f"2605.{number:05}", title=f"Paper {number}"), NOW)
    found = store.papers.find(f"arxiv:2605.{number:05}")
    assert found is not None
    return found.id


def test_a_model_is_that_of_the_latest_embedding(store: Store, version: int) -> None:
    store.topic_models.put("hash", version, 7, b"model", NOW)
    assert (store.topic_models.model("hash"), store.topic_models.learned(version)) == (b"model", {"hash": 7})
    later = store.taste_models.put_embedding(b"later", NOW)
    assert (store.topic_models.model("hash"), store.topic_models.learned(later)) == (None, {})


def test_a_topic_with_too_few_examples_is_learned_and_has_no_model(store: Store, version: int) -> None:
    store.topic_models.put("hash", version, 7, None, NOW)
    assert (store.topic_models.model("hash"), store.topic_models.learned(version)) == (None, {"hash": 7})


def test_models_of_queries_that_nobody_has_are_deleted(store: Store, version: int) -> None:
    for name in ("one", "other"):
        store.topic_models.put(name, version, 7, b"model", NOW)
    store.topic_models.keep_only(["other"])
    assert store.topic_models.learned(version) == {"other": 7}


def test_queries_are_those_of_subscribers_and_of_the_catalogue(store: Store) -> None:
    with store.transaction():
        store.topics.put(make_topic("Kettles", ("kettle",)))
        profile = make_profile(topics=(make_topic("Pears", ("pear",)), make_topic("Also pears", ("pear",))))
        ada = store.subscribers.add("ada@example.org", "", profile, "cli", NOW)
    assert store.topic_models.queries() == ["kettle", "pear"]
    with store.transaction():
        store.subscribers.update_profile(ada.id, "", make_profile(topics=()), "cli", NOW)
    assert store.topic_models.queries() == ["kettle"]


def test_vectors_are_kept_for_papers_and_vanish_with_them(store: Store, version: int) -> None:
    ids = [add(store, number) for number in range(3)]
    store.topic_models.put_vectors(version, {ids[0]: b"a", ids[1]: b"b"})
    assert store.topic_models.unplaced(version, ids) == [ids[2]]
    assert store.topic_models.vectors(ids) == {ids[0]: b"a", ids[1]: b"b"}
    store.topic_models.keep_vectors(ids[1:])
    assert store.topic_models.vectors(ids) == {ids[1]: b"b"}


def test_vectors_in_an_older_embedding_do_not_count(store: Store, version: int) -> None:
    number = add(store, 1)
    store.topic_models.put_vectors(version, {number: b"a"})
    later = store.taste_models.put_embedding(b"later", NOW)
    assert store.topic_models.unplaced(later, [number]) == [number]
    assert store.topic_models.vectors([number]) == {}


def test_papers_to_place_are_the_recent_and_the_latest(store: Store) -> None:
    ids = [add(store, number) for number in range(3)]
    assert store.topic_models.to_place(NOW - timedelta(days=1), 0) == ids
    assert len(store.topic_models.to_place(NOW, 2)) == 2
    assert store.topic_models.papers_ever() == max(ids)


def test_the_store_knows_what_the_embedding_was_fitted_to(store: Store) -> None:
    assert store.taste_models.fitted_to() == 0
    store.taste_models.put_embedding(b"embedding", NOW, 60)
    assert store.taste_models.fitted_to() == 60
