"""Which topics papers match, and what lists are made of: both follow the papers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from newsletter.store import Store
from newsletter.store.duplicates import merge_rows
from tests.factories import NOW, make_entry

_KEPT = """
    SELECT paper_id, key, upvotes, votes, code_stars, sources, categories, organization, has_code
    FROM paper_traits ORDER BY paper_id"""
_TRAITS = """
    SELECT id, key, upvotes, coalesce(upvotes, 0) + coalesce(comments, 0), code_stars, sources, categories,
        organization, code_url IS NOT NULL FROM papers WHERE withdrawn = 0 ORDER BY id"""


def rows(store: Store, sql: str) -> list[Any]:
    return store._db.execute(sql).fetchall()


def check_traits(store: Store) -> None:
    """Check that the narrow rows say what the papers do."""
    assert rows(store, _KEPT) == rows(store, _TRAITS)
    days = {paper.id: paper.day.isoformat() for paper in store.papers.newest(99) if not paper.withdrawn}
    assert dict(rows(store, "SELECT paper_id, day FROM paper_traits")) == days
    codes = {
        (field, code.lower(), days[paper.id], paper.id)
        for paper in store.papers.newest(99) if not paper.withdrawn
        for field, found in (("cat", paper.categories), ("source", paper.sources)) for code in found
    }  # fmt: skip
    assert set(rows(store, "SELECT * FROM paper_codes")) == codes


def test_the_rows_of_lists_follow_the_papers(store: Store) -> None:
    entry = make_entry(categories=("cs.CL", "cs.LG"), upvotes=3, version=1, listed=None)
    store.papers.add(entry, NOW)
    store.papers.add(make_entry(arxiv_id="2605.10001", title="Tea", categories=(), listed=None), NOW)
    check_traits(store)
    store.papers.add(replace(entry, upvotes=9, comments=2, source="huggingface", listed=NOW.date()), NOW)
    check_traits(store)
    store.papers.add(replace(entry, version=2, categories=("cs.RO",), code_url="https://code.example/a"), NOW)
    check_traits(store)
    assert rows(store, "SELECT count(*) FROM paper_traits") == [(2,)]
    store.papers.add(replace(entry, version=3, withdrawn=True), NOW + timedelta(days=1))
    check_traits(store)
    assert rows(store, "SELECT count(*) FROM paper_traits") == [(1,)]
    merge_rows(store._db, 1, 2)
    check_traits(store)


def test_topics_are_kept_for_one_catalogue_and_one_text(store: Store) -> None:
    for number in range(3):
        store.papers.add(make_entry(arxiv_id=f"2605.1000{number}", title=f"Tea {number}", version=1), NOW)
    store.paper_topics.put({1: (0, 2), 2: (), 99: (1,)}, 7)
    assert store.paper_topics.find([1, 2, 3, 99], 7) == {1: (0, 2), 2: ()}
    assert store.paper_topics.find([1], 8) == {}
    store.papers.add(make_entry(arxiv_id="2605.10000", title="Tea 0", upvotes=99, version=1), NOW)
    assert store.paper_topics.find([1], 7) == {1: (0, 2)}
    store.papers.add(make_entry(arxiv_id="2605.10000", title="Coffee", version=2), NOW)
    assert store.paper_topics.find([1], 7) == {}
    merge_rows(store._db, 2, 3)
    assert rows(store, "SELECT paper_id, catalogue, topics FROM paper_topics ORDER BY 1") == [
        (1, 0, "[]"),
        (3, 0, "[]"),
    ]


def test_papers_are_to_be_examined_while_they_are_new_or_changed_or_the_catalogue_is(store: Store) -> None:
    for number in range(3):
        store.papers.add(make_entry(arxiv_id=f"2605.1000{number}", title=f"Tea {number}", version=1), NOW)
    assert store.paper_topics.unexamined(7, 2) == [1, 2]
    store.paper_topics.put({1: (0,), 2: ()}, 7)
    assert (store.paper_topics.unexamined(7, 9), store.paper_topics.unexamined(8, 2)) == ([3], [3, 1])
    assert store.paper_topics.unexamined(6, 9) == [3, 1, 2]
    store.papers.add(make_entry(arxiv_id="2605.10001", title="Coffee", version=2), NOW)
    assert store.paper_topics.unexamined(7, 9) == [2, 3]


def test_papers_are_listed_by_topic_and_day(store: Store) -> None:
    entry = make_entry(title="Tea", listed=None, published=None, version=1)
    store.papers.add(entry, NOW)
    store.papers.add(make_entry(arxiv_id="2605.10001", title="Coffee", listed=NOW.date()), NOW)
    listed = partial(rows, store, "SELECT catalogue, place, day, paper_id FROM topic_papers ORDER BY 1, 2, 3, 4")
    store.paper_topics.put({1: (0, 2), 2: (2,)}, 7)
    day = NOW.date().isoformat()
    assert listed() == [(7, 0, day, 1), (7, 2, day, 1), (7, 2, day, 2)]
    store.papers.add(replace(entry, listed=NOW.date() - timedelta(days=1)), NOW)
    earlier = (NOW.date() - timedelta(days=1)).isoformat()
    assert listed() == [(7, 0, earlier, 1), (7, 2, earlier, 1), (7, 2, day, 2)]
    store.paper_topics.put({1: (2,)}, 8)
    assert listed() == [(7, 2, day, 2), (8, 2, earlier, 1)]
    store.papers.add(replace(entry, title="Milk", version=2), NOW)
    assert listed() == [(7, 2, day, 2)]
    merge_rows(store._db, 2, 1)
    assert listed() == []
