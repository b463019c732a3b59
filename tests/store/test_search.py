"""Search in all papers: what a query finds, and that no query makes it fail."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import QueryError
from newsletter.store import Store, rare_words, search
from newsletter.store.filters import Limits, Order
from newsletter.store.search import Archive
from newsletter.topics.query import parse
from tests.factories import NOW, make_entry

PAPERS = (
    ("Pears in Winter", "How pears ripen in cold cellars.", ("Ada Example",), "cs.CL", "2026-05-01", 5),
    ("Apples and Pears", "A comparison of fruit.", ("Bob Example", "Cy 100% Sure"), "cs.LG", "2026-05-02", 9),
    (
        "Robots that Pick Fruit",
        "A robotic arm picks pears and apples.",
        ("Dan_Other",),
        "cs.RO",
        "2026-05-08",
        1,
    ),
)


@pytest.fixture
def archive(store: Store) -> Archive:
    for number, (title, abstract, authors, category, day, upvotes) in enumerate(PAPERS):
        entry = make_entry(
            title=title, abstract=abstract, authors=authors, categories=(category,), upvotes=upvotes, comments=None,
            listed=date.fromisoformat(day), published=None, arxiv_id=f"2605.{number:05}", keywords=(),
        )  # fmt: skip
        store.papers.add(entry, NOW)
    return store.archive


def titles(archive: Archive, query: str, **how: object) -> list[str]:
    return [hit.paper.title for hit in archive.search(parse(query), **how).hits]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("pears", {0, 1, 2}),
        ("pear", {0, 1, 2}),
        ("title:pears", {0, 1}),
        ("abstract:pears", {0, 2}),
        ('"apples and pears"', {1}),
        ("pears -apples", {0}),
        ("apples robotic", {2}),
        ("winter OR robots", {0, 2}),
        ("rob*", {2}),
        ('author:"Ada Example"', {0}),
        ("author:example", {0, 1}),
        ("author:100%", {1}),
        ("author:dan_other", {2}),
        ("pears -author:example", {2}),
        ("cat:cs.RO OR winter", {0, 2}),
        ("(cat:cs.RO OR cat:cs.LG) apples -comparison", {2}),
        ("author:example -(winter OR nothing)", {1}),
        ("source:test pears^3 winter", {0}),
        ("nothing", set()),
    ],
)
def test_a_topic_query_finds_papers(archive: Archive, query: str, found: set[int]) -> None:
    wanted = query.replace("source:test", f"source:{make_entry().source}")
    assert set(titles(archive, wanted)) == {PAPERS[number][0] for number in found}
    assert archive.search(parse(wanted)).total == len(found)


def test_results_are_sorted_by_relevance_or_the_newest_first(archive: Archive) -> None:
    assert titles(archive, "fruit")[0] == "Robots that Pick Fruit"
    assert titles(archive, "pears", order=Order.NEWEST) == [PAPERS[2][0], PAPERS[1][0], PAPERS[0][0]]
    assert titles(archive, "pears", order=Order.NEWEST, limit=1, offset=1) == [PAPERS[1][0]]


def test_results_are_filtered_by_day_source_and_category(archive: Archive) -> None:
    assert titles(archive, "pears", limits=Limits(since=date(2026, 5, 8))) == [PAPERS[2][0]]
    assert titles(archive, "pears", limits=Limits(until=date(2026, 5, 1))) == [PAPERS[0][0]]
    assert titles(archive, "pears", limits=Limits(category="cs.LG")) == [PAPERS[1][0]]
    assert titles(archive, "pears", limits=Limits(source="nobody")) == []
    assert archive.sources() == [make_entry().source]


def test_a_snippet_marks_the_matches(archive: Archive) -> None:
    (hit,) = archive.search(parse("cellars")).hits
    assert "".join(piece for piece, _ in hit.snippet) == "How pears ripen in cold cellars."
    assert [piece for piece, is_hit in hit.snippet if is_hit] == ["cellars"]


def test_papers_are_counted_by_day_and_listed_by_upvotes(archive: Archive) -> None:
    assert archive.span() == (date(2026, 5, 1), date(2026, 5, 8))
    assert archive.days(date(2026, 5, 1), date(2026, 5, 31)) == {
        date(2026, 5, 1): 1, date(2026, 5, 2): 1, date(2026, 5, 8): 1,
    }  # fmt: skip
    days = Limits(since=date(2026, 5, 1), until=date(2026, 5, 2))
    found = archive.search(None, days, order=Order.UPVOTED)
    assert ([hit.paper.title for hit in found.hits], found.total) == ([PAPERS[1][0], PAPERS[0][0]], 2)
    assert archive.day_before(date(2026, 5, 8)) == date(2026, 5, 2)
    assert archive.day_after(date(2026, 5, 2)) == date(2026, 5, 8)
    assert (archive.day_before(date(2026, 5, 1)), archive.day_after(date(2026, 5, 8))) == (None, None)
    assert next(archive.keys()) == "arxiv:2605.00002"
    assert archive.find("arxiv:2605.00002") is not None
    assert archive.find("arxiv:none") is None


@given(text=st.text(max_size=80) | st.text("\"*^:()-ORANDNEAR +{}\x00\\%_'#a ", max_size=40))
def test_no_text_makes_a_search_fail(archive: Archive, text: str) -> None:
    try:
        tree = parse(text)
    except QueryError:
        return
    archive.search(tree, Limits(source=text, category=text))


def test_an_empty_store_has_no_results(store: Store) -> None:
    assert store.archive.search(parse("pears")).hits == ()
    assert store.archive.span() is None


@pytest.fixture
def crowded(store: Store) -> Archive:
    """Papers that all hold "cloud": every third in the title, of which every other one is on "planning" as well."""
    entries = [
        make_entry(
            title=f"{'Clouds' if n % 3 == 0 else 'Tea'}{' and their planning' if n % 2 == 0 else ''} {n}",
            abstract="We count clouds.", arxiv_id=f"2605.{n:05}",
        )
        for n in range(300)
    ]  # fmt: skip
    store.papers.add_all(entries, NOW)
    return store.archive


def test_of_common_words_those_in_titles_come_first_and_then_the_newest(
    crowded: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = list(map(parse, ("clouds", '"clouds" -planning', "clouds planning", "cloud*")))
    usual = [crowded.search(query, limit=300, with_traits=True) for query in queries]
    monkeypatch.setattr(rare_words, "_MOST_HOLDERS", 20)
    for query, before in zip(queries, usual, strict=True):
        found = crowded.search(query, limit=300, with_traits=True)
        assert {hit.paper.id for hit in found.hits} == {hit.paper.id for hit in before.hits}
        assert (found.total, found.is_all) == (before.total, True)
    ids = [hit.paper.id for hit in crowded.search(parse("clouds"), limit=300).hits]
    in_title = [number for number in range(300, 0, -1) if (number - 1) % 3 == 0]
    assert ids == [*in_title, *(number for number in range(300, 0, -1) if (number - 1) % 3)]
    page = crowded.search(parse("clouds"), limit=30, offset=120)
    assert [hit.paper.id for hit in page.hits] == ids[120:150]


@pytest.mark.parametrize("text", ["clouds planning", "count clouds", "we planning clouds"])
def test_few_candidates_that_need_no_rank_are_read_first_and_the_others_if_need_be(
    crowded: Archive, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(rare_words, "_MOST_HOLDERS", 20)
    monkeypatch.setattr(search, "_BATCH", 4)
    whole = [crowded.search(parse(text), limit=10, offset=place, with_traits=True) for place in (0, 10, 30, 100)]
    monkeypatch.setattr(search, "_FEW", 13)
    assert [
        crowded.search(parse(text), limit=10, offset=place, with_traits=True) for place in (0, 10, 30, 100)
    ] == whole
    assert whole[0].hits


def test_of_many_candidates_only_some_are_looked_at(crowded: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    query, places = parse("clouds planning"), (0, 10, 30, 40)
    everything = crowded.search(query, limit=300)
    assert (everything.total, everything.is_all) == (50, True)
    whole = [crowded.search(query, limit=10, offset=place, with_traits=True) for place in places]
    monkeypatch.setattr(search, "_BATCH", 4)
    pages = [crowded.search(query, limit=10, offset=place, with_traits=True) for place in places]
    assert [page.hits for page in pages] == [page.hits for page in whole]
    assert [(page.total, page.is_all) for page in whole] == [(50, True)] * 4
    assert [page.is_all for page in pages] == [False, False, False, True]
    assert 10 < pages[0].total == len(pages[0].traits) < 50
