from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.errors import QueryError
from newsletter.models import Entry, PartialDate
from newsletter.store import Store
from newsletter.store.papers import Change
from newsletter.topics.query import parse
from tests.factories import NOW, TODAY, make_entry, make_paper, search

LATER = NOW + timedelta(days=1)


def titles(store: Store, query: str) -> list[str]:
    return [paper.title for paper in search(store, query)]


def everything(store: Store) -> list[object]:
    return list(store.papers.newest(100))


# -- adding -------------------------------------------------------------------------------------------


def test_a_new_entry_is_stored_as_a_new_paper(store: Store) -> None:
    full = {
        "organization": "The Cloud Laboratory",
        "doi": "10.1000/182",
        "comments": 3,
        "keywords": ("clouds", "naïve ☁"),
        "summary": "Clouds are counted.",
        "code_url": "https://git.example/clouds",
        "project_url": "https://clouds.example/",
        "thumbnail_url": "https://thumbs.example/1.png",
    }
    assert store.papers.add(make_entry(**full), NOW) is Change.NEW
    assert store.papers.get_many([1]) == {1: make_paper(**full)}


def test_an_entry_with_only_a_title_is_a_paper(store: Store) -> None:
    store.papers.add(Entry(source="page", title="Clouds"), NOW)
    assert everything(store) == [
        make_paper(
            title="Clouds", abstract="", authors=(), author_count=None, arxiv_id=None, published=None, listed=None,
            upvotes=None, text_source="page", sources=("page",),
        )
    ]  # fmt: skip


def test_the_same_entry_again_changes_nothing(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    assert store.papers.add(make_entry(), LATER) is Change.NOTHING
    assert everything(store) == [make_paper()]


def test_new_facts_update_a_paper_and_keep_when_it_was_seen(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    assert store.papers.add(make_entry(upvotes=99), LATER) is Change.UPDATED
    assert everything(store) == [make_paper(upvotes=99)]


def test_a_time_in_another_zone_is_stored_in_utc(store: Store) -> None:
    store.papers.add(make_entry(), datetime(2026, 5, 8, 11, 30, tzinfo=timezone(timedelta(hours=2))))
    assert [paper.seen_at.isoformat() for paper in store.papers.newest(1)] == [NOW.isoformat()]


# -- versions -------------------------------------------------------------------------------------------


def test_a_newer_version_is_stored_with_when_it_was_seen(store: Store) -> None:
    store.papers.add(make_entry(version=1), NOW)
    store.papers.add(make_entry(version=1), LATER)
    assert store.papers.newest(1)[0].revised_at is None
    store.papers.add(make_entry(version=2), LATER)
    (paper,) = store.papers.newest(1)
    assert (paper.version, paper.seen_at, paper.revised_at) == (2, NOW, LATER)
    assert store.papers.new_since(NOW) == [paper]


def test_a_withdrawn_paper_is_not_new(store: Store) -> None:
    store.papers.add(make_entry(), LATER)
    assert len(store.papers.new_since(NOW)) == 1
    store.papers.add(make_entry(withdrawn=True), LATER)
    assert store.papers.new_since(NOW) == []


def test_a_paper_is_found_by_each_of_its_names(store: Store) -> None:
    store.papers.add(make_entry(doi="10.1000/182"), NOW)
    assert store.papers.find("arxiv:2605.01234") == store.papers.find("doi:10.1000/182") == store.papers.newest(1)[0]
    assert store.papers.find("arxiv:2605.09999") is None


# -- lookups ------------------------------------------------------------------------------------------


def test_an_empty_store_has_no_papers(store: Store) -> None:
    papers = store.papers
    assert (papers.count(), papers.last_seen_at(), papers.newest(5), papers.new_since(NOW), papers.get_many([1])) == (
        0, None, [], [], {},
    )  # fmt: skip


def test_papers_new_since_a_moment_do_not_include_it(store: Store) -> None:
    store.papers.add(make_entry(arxiv_id="2605.00002"), NOW)
    store.papers.add(make_entry(arxiv_id="2605.00003", title="B"), NOW + timedelta(microseconds=1))
    store.papers.add(make_entry(arxiv_id="2605.00001", title="C"), LATER)
    assert [paper.arxiv_id for paper in store.papers.new_since(NOW)] == ["2605.00001", "2605.00003"]
    assert store.papers.last_seen_at() == LATER


def test_the_newest_papers_are_sorted_by_day_then_by_upvotes(store: Store) -> None:
    for number, (listed, upvotes) in enumerate([(TODAY, 1), (TODAY, 5), (date(2026, 5, 7), 99), (TODAY, None)]):
        store.papers.add(
            make_entry(arxiv_id=f"2605.0000{number}", title=f"T{number}", listed=listed, upvotes=upvotes), NOW
        )
    assert [paper.title for paper in store.papers.newest(3)] == ["T1", "T0", "T3"]
    assert [paper.title for paper in store.papers.newest(9)] == ["T1", "T0", "T3", "T2"]


def test_a_vague_date_leads_no_list(store: Store) -> None:
    dates = [PartialDate(2026), None, PartialDate(2026, 5), date(2027, 12, 1), TODAY, date(2026, 5, 7)]
    for number, published in enumerate(dates):
        facts = {"arxiv_id": f"2605.0000{number}", "title": f"T{number}", "listed": None, "published": published}
        entry = make_entry(**facts)
        store.papers.add(entry, NOW)
    assert [paper.title for paper in store.papers.newest(9)] == ["T4", "T0", "T1", "T2", "T3", "T5"]


def test_many_papers_can_be_looked_up_at_once(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    assert store.papers.get_many(range(100_000)) == {1: make_paper()}


def test_trending_papers_have_the_most_votes_in_total_or_per_day(store: Store) -> None:
    days = [(TODAY, 5, None), (date(2026, 5, 4), 20, 4), (date(2026, 4, 1), 99, None), (TODAY, None, None)]
    for number, (listed, upvotes, comments) in enumerate(days):
        store.papers.add(
            make_entry(
                arxiv_id=f"2605.0000{number}", title=f"T{number}", listed=listed, upvotes=upvotes, comments=comments
            ),
            NOW,
        )
    store.papers.add(make_entry(arxiv_id="2605.00009", title="T9", upvotes=500, withdrawn=True), NOW)

    def trending(days: int, *, by_velocity: bool = False) -> list[str]:
        since = TODAY - timedelta(days=days - 1)
        return [paper.title for paper in store.papers.trending(since, TODAY, 9, by_velocity=by_velocity)]

    assert (trending(1), trending(7), trending(60)) == (["T0"], ["T1", "T0"], ["T2", "T1", "T0"])
    assert trending(60, by_velocity=True) == ["T0", "T1", "T2"]


# -- searching ----------------------------------------------------------------------------------------


@pytest.fixture
def library(store: Store) -> Store:
    """Three papers for the search tests."""
    for number, (title, abstract) in enumerate([
        ("Counting Clouds", "A model counts what is above."),
        ("Puddles", "Where clouds end. Clouds, clouds and clouds again."),
        ("Kettles at the Café", "They whistle: C++ and 100% naïve."),
    ]):  # fmt: skip
        store.papers.add(make_entry(title=title, abstract=abstract, arxiv_id=f"2605.0000{number}"), NOW)
    return store


def test_search_returns_no_more_than_the_limit(library: Store) -> None:
    assert len(library.archive.search(parse("clouds"), limit=1).hits) == 1


def test_search_finds_changed_text(library: Store) -> None:
    library.papers.add(make_entry(source="arxiv", title="On Spoons", abstract="Round.", arxiv_id="2605.00000"), LATER)
    assert (titles(library, "counting"), titles(library, "spoons")) == ([], ["On Spoons"])


@example("\x00")
@example('"')
@example("\udcff")
@given(
    st.text(st.characters(exclude_categories=()), max_size=12) | st.text("\"'*^():-+{}.,ANDORNEAR \x00", max_size=12)
)
def test_search_accepts_any_text(library: Store, query: str) -> None:
    with suppress(QueryError):
        assert len(library.archive.search(parse(query), limit=2).hits) <= 2
