from __future__ import annotations

from datetime import timedelta

from newsletter.store import Store
from tests.factories import NOW, make_entry


def add(store: Store, number: int, **fields: object) -> None:
    store.papers.add(make_entry(title=f"T{number}", arxiv_id=f"2605.0000{number}", upvotes=number, **fields), NOW)


def test_a_summary_is_found_in_its_language_and_replaced_by_a_later_one(store: Store) -> None:
    add(store, 1)
    for text in ("Wolken.", "Wolken werden gezählt."):
        store.summaries.put(1, "de", "model", text, NOW)
    assert store.summaries.find([1, 2], "de") == {1: "Wolken werden gezählt."}
    assert store.summaries.find([1], "en") == {}


def test_no_summary_is_stored_for_a_paper_that_is_gone(store: Store) -> None:
    store.summaries.put(1, "en", "model", "Clouds are counted.", NOW)
    assert store.summaries.find([1], "en") == {}


def test_the_newest_papers_without_a_summary_are_listed(store: Store) -> None:
    add(store, 1)
    add(store, 2, summary="Clouds are counted.")
    add(store, 3, abstract="")
    add(store, 4, withdrawn=True)
    add(store, 5)
    store.summaries.put(5, "de", "model", "Wolken werden gezählt.", NOW)
    assert store.summaries.lacking("en", 9) == [5, 1]
    assert store.summaries.lacking("de", 9) == [2, 1]
    assert store.summaries.lacking("de", 1) == [2]
    assert store.summaries.lacking("en", 9, since=NOW) == []
    assert store.summaries.lacking("en", 9, since=NOW - timedelta(seconds=1)) == [5, 1]
