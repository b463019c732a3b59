from __future__ import annotations

from datetime import timedelta

import pytest

from newsletter.models import Example
from newsletter.store import Store
from tests.factories import NOW, make_entry, make_profile

LATER = NOW + timedelta(hours=1)
EXAMPLE = Example("doi:10.1000/spoons", "On Spoons", "They stir.", liked=True)


@pytest.fixture
def ada(store: Store) -> int:
    """A subscriber, and papers 1 and 2."""
    for number in (1, 2):
        store.papers.add(make_entry(title=f"T{number}", arxiv_id=f"2605.0000{number}"), NOW)
    return store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW).id


def test_the_latest_feedback_on_a_paper_counts(store: Store, ada: int) -> None:
    store.feedback.put(ada, 1, liked=True, now=NOW)
    store.feedback.put(ada, 2, liked=True, now=NOW)
    store.feedback.put(ada, 1, liked=False, now=LATER)
    assert list(store.feedback.of(ada).items()) == [(1, False), (2, True)]


def test_feedback_can_be_withdrawn(store: Store, ada: int) -> None:
    store.feedback.put(ada, 1, liked=True, now=NOW)
    assert [store.feedback.withdraw(ada, 1) for _ in range(2)] == [True, False]
    assert store.feedback.of(ada) == {}


def test_feedback_on_a_paper_that_is_not_in_the_store_is_an_example(store: Store, ada: int) -> None:
    store.feedback.put_example(ada, EXAMPLE, NOW)
    assert store.feedback.examples(ada) == [EXAMPLE]
    store.feedback.forget_example(ada, EXAMPLE.key)
    assert store.feedback.examples(ada) == []


def test_subscribers_who_like_a_paper_or_an_example_are_listed(store: Store, ada: int) -> None:
    ben, cy = (
        store.subscribers.add(f"{name}@example.org", "", make_profile(), "cli", NOW).id for name in ("ben", "cy")
    )
    store.feedback.put(ada, 1, liked=True, now=NOW)
    store.feedback.put(cy, 1, liked=False, now=NOW)
    store.feedback.put_example(ben, EXAMPLE, NOW)
    assert store.feedback.subscribers() == [ada, ben]


def test_feedback_goes_with_its_subscriber(store: Store, ada: int) -> None:
    store.feedback.put(ada, 1, liked=True, now=NOW)
    store.feedback.put_example(ada, EXAMPLE, NOW)
    store.subscribers.erase(store.subscribers.get("ada@example.org"))
    assert (store.feedback.of(ada), store.feedback.examples(ada)) == ({}, [])
