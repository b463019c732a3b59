"""The papers that subscribers saved."""

from __future__ import annotations

from datetime import timedelta

from newsletter.store import Store
from tests.factories import NOW, make_entry, make_profile


def test_a_list_has_the_last_saved_paper_first_and_no_more_than_it_may(store: Store) -> None:
    ada = store.subscribers.add("ada@example.org", "Ada", make_profile(), "web", NOW)
    ben = store.subscribers.add("ben@example.org", "Ben", make_profile(), "web", NOW)
    for number in range(3):
        store.papers.add(make_entry(title=f"Paper {number}", arxiv_id=f"2605.{number:05}"), NOW)
    one, two, three = sorted(paper.id for paper in store.papers.newest(3))
    assert store.saved.put(ada.id, one, NOW, 2)
    assert store.saved.put(ada.id, two, NOW + timedelta(hours=1), 2)
    assert store.saved.put(ada.id, one, NOW + timedelta(hours=2), 2), "saved already"
    assert not store.saved.put(ada.id, three, NOW, 2)
    assert [(paper.id, at) for paper, at in store.saved.of(ada.id)] == [(two, NOW + timedelta(hours=1)), (one, NOW)]
    assert store.saved.of(ben.id) == []
    store.saved.remove(ada.id, two)
    assert not store.saved.has(ada.id, two)
    assert store.saved.has(ada.id, one)


def test_a_list_ends_with_its_subscriber_and_outlives_a_merge(store: Store) -> None:
    ada = store.subscribers.add("ada@example.org", "Ada", make_profile(), "web", NOW)
    store.papers.add(make_entry(doi="10.1000/x", arxiv_id=None, title="By its publisher"), NOW)
    store.papers.add(make_entry(), NOW)
    (duplicate,) = [paper for paper in store.papers.newest(2) if paper.doi]
    store.saved.put(ada.id, duplicate.id, NOW, 9)
    store.papers.add(make_entry(doi="10.1000/x"), NOW)
    ((paper, _),) = store.saved.of(ada.id)
    assert paper.key == "arxiv:2605.01234"
    store.subscribers.erase(ada)
    assert store.saved.of(ada.id) == []
