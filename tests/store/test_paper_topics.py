"""Which topics papers match, and what lists are made of: both follow the papers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
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
    assert rows(store, "SELECT count(*) FROM paper_topics") == [(0,)]


def test_papers_are_examined_from_the_first_on(store: Store) -> None:
    for number in range(3):
        store.papers.add(make_entry(arxiv_id=f"2605.1000{number}", title=f"Tea {number}"), NOW)
    assert store.paper_topics.unexamined(7, 2) == [1, 2]
    store.paper_topics.note_examined(7, 2)
    assert (store.paper_topics.unexamined(7, 2), store.paper_topics.unexamined(8, 2)) == ([3], [1, 2])
