"""Filters and orders of lists of papers."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from newsletter.store import Store
from newsletter.store.filters import Limits, Order
from newsletter.store.search import Traits
from newsletter.topics.query import parse
from tests.factories import NOW, TODAY, make_entry

#: Title, and what a list may be narrowed by; in the order of their upvotes.
PAPERS: tuple[tuple[str, dict[str, object]], ...] = (
    ("Pears", {"organization": "Orchard Lab", "code_url": "https://code.example/pears", "code_stars": 7}),
    ("Apples", {"categories": ("cs.RO", "cs.CL")}),
    ("Plums", {"organization": "Orchard Lab", "categories": ("cs.RO",), "comments": 2}),
    ("Quinces", {"code_url": "https://code.example/quinces", "code_stars": 900, "listed": TODAY - timedelta(days=1)}),
    ("Medlars", {"upvotes": None, "comments": 0}),
)


@pytest.fixture
def filled(store: Store) -> Store:
    for number, (title, facts) in enumerate(PAPERS):
        given = {"upvotes": 9 - 3 * number, "comments": 0, "categories": (), "abstract": "Fruit.", "keywords": ()}
        entry = make_entry(title=title, arxiv_id=f"2605.{number:05}", **{**given, **facts})
        store.papers.add(entry, NOW + timedelta(hours=number))
    return store


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        (Limits(), ["Pears", "Apples", "Plums", "Medlars", "Quinces"]),
        (Limits(organization="Orchard Lab"), ["Pears", "Plums"]),
        (Limits(has_code=True), ["Pears", "Quinces"]),
        (Limits(category="cs.CL"), ["Apples"]),
        (Limits(source="huggingface", category="cs.RO"), ["Apples", "Plums"]),
        (Limits(within=parse("pears OR quinces")), ["Pears", "Quinces"]),
        (Limits(within=parse("fruit -plums"), category="cs.RO"), ["Apples"]),
        (Limits(is_discussed=True), ["Pears", "Apples", "Plums"]),
        (Limits(since=TODAY, until=TODAY, has_code=True), ["Pears"]),
        (Limits(window=(NOW, NOW + timedelta(hours=2))), ["Apples", "Plums"]),
    ],
)
def test_a_filter_narrows_a_list(filled: Store, limits: Limits, found: list[str]) -> None:
    newest = filled.archive.search(None, limits, order=Order.UPVOTED)
    assert [hit.paper.title for hit in newest.hits] == sorted(found, key=[title for title, _ in PAPERS].index)
    assert newest.total == len(found)
    assert {hit.paper.title for hit in filled.archive.search(parse("fruit"), limits).hits} == set(found)


def test_a_list_has_an_order(filled: Store) -> None:
    def titles(order: Order) -> list[str]:
        return [hit.paper.title for hit in filled.archive.search(None, order=order).hits]

    assert titles(Order.STARRED)[:2] == ["Quinces", "Pears"]
    assert titles(Order.UPVOTED)[:2] == ["Pears", "Apples"]
    assert titles(Order.NEWEST)[-1] == titles(Order.RELEVANCE)[-1] == "Quinces"


@pytest.mark.parametrize("query", ["fruit", "quinces or-chards", 'title:"quinces"'])
def test_the_traits_of_the_papers_come_along(filled: Store, query: str) -> None:
    found = filled.archive.search(parse(query), limit=1, with_traits=True)
    assert len(found.traits) == found.total
    for hit in found.hits:
        paper = hit.paper
        expected = Traits(paper.id, paper.sources, paper.categories, paper.organization, paper.code_url is not None)
        assert expected in found.traits
    assert filled.archive.search(parse(query)).traits == ()


def test_a_revised_paper_is_in_the_window_of_its_revision(store: Store) -> None:
    store.papers.add(make_entry(version=1), NOW)
    store.papers.add(make_entry(version=2), NOW + timedelta(days=3))
    windows = [(NOW - timedelta(days=1) + timedelta(days=day), NOW + timedelta(days=day)) for day in range(5)]
    found = [store.archive.search(None, Limits(window=window)).total for window in windows]
    assert found == [1, 0, 0, 1, 0]


def test_days_without_papers_are_passed_over(store: Store) -> None:
    for number, day in enumerate((date(2026, 5, 1), date(2026, 5, 6))):
        withdrawn = make_entry(listed=day + timedelta(days=1), withdrawn=True, arxiv_id=f"2605.2000{number}", title="X")
        store.papers.add(withdrawn, NOW)
        store.papers.add(make_entry(listed=day, arxiv_id=f"2605.1000{number}", title=f"Of day {number}"), NOW)
    assert store.archive.day_before(date(2026, 5, 6)) == date(2026, 5, 1)
    assert store.archive.day_after(date(2026, 5, 1)) == date(2026, 5, 6)
    assert store.archive.day_after(date(2026, 5, 6)) is None
