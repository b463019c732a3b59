from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from itertools import permutations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsletter.models import Entry, Paper
from newsletter.papers.merge import begin
from newsletter.store import Store, open_store
from newsletter.store.papers import Change, _row, _row_of_new
from tests.factories import NOW, TODAY, make_entry, make_paper
from tests.papers.test_merge import ENTRIES

LATER = NOW + timedelta(days=1)


def titles(store: Store, query: str) -> list[str]:
    return [paper.title for paper in store.papers.search(query, 10)]


def everything(store: Store) -> list[object]:
    return list(store.papers.newest(100))


# -- adding -------------------------------------------------------------------------------------------


def test_a_new_entry_is_a_new_paper_that_comes_back_whole(store: Store) -> None:
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


def test_an_entry_of_a_title_alone_is_a_paper(store: Store) -> None:
    store.papers.add(Entry(source="page", title="Clouds"), NOW)
    assert everything(store) == [
        make_paper(
            title="Clouds", abstract="", authors=(), author_count=None, arxiv_id=None, published=None, listed=None,
            upvotes=None, text_source="page", sources=("page",),
        )
    ]  # fmt: skip


def test_the_same_entry_again_is_nothing_new(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    assert store.papers.add(make_entry(), LATER) is Change.NOTHING
    assert everything(store) == [make_paper()]


def test_more_about_a_paper_is_an_update_that_keeps_when_it_was_seen(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    assert store.papers.add(make_entry(upvotes=99), LATER) is Change.UPDATED
    assert everything(store) == [make_paper(upvotes=99)]


def test_a_time_of_another_zone_is_kept_in_utc(store: Store) -> None:
    store.papers.add(make_entry(), datetime(2026, 5, 8, 11, 30, tzinfo=timezone(timedelta(hours=2))))
    assert [paper.seen_at.isoformat() for paper in store.papers.newest(1)] == [NOW.isoformat()]


@given(ENTRIES)
def test_a_new_papers_row_is_that_of_the_paper_it_begins(entry: Entry) -> None:
    assert _row_of_new(entry, 7, NOW.isoformat()) == [7, *_row(begin(entry, 7, NOW))]


# -- finding ------------------------------------------------------------------------------------------


def test_a_title_match_adopts_the_arxiv_id(store: Store) -> None:
    page = make_entry(source="page", title="Counting clouds — with small language-models", arxiv_id=None)
    store.papers.add(page, NOW)
    assert store.papers.add(make_entry(), LATER) is Change.UPDATED
    assert everything(store) == [make_paper(sources=("huggingface", "page"))]


def test_an_entry_without_ids_joins_the_paper_of_its_title(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    assert store.papers.add(make_entry(source="page", arxiv_id=None), LATER) is Change.UPDATED
    assert everything(store) == [make_paper(sources=("huggingface", "page"))]


def test_one_title_with_two_arxiv_ids_is_two_papers(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    assert store.papers.add(make_entry(arxiv_id="2605.09999"), NOW) is Change.NEW
    assert [paper.key for paper in store.papers.newest(9)] == ["arxiv:2605.01234", "arxiv:2605.09999"]


def test_one_title_with_two_dois_is_two_papers(store: Store) -> None:
    store.papers.add(make_entry(arxiv_id=None, doi="10.1000/1"), NOW)
    assert store.papers.add(make_entry(arxiv_id=None, doi="10.1000/2"), NOW) is Change.NEW


def test_an_entry_without_ids_joins_the_first_of_two_papers_of_its_title_every_time(store: Store) -> None:
    store.papers.add(make_entry(arxiv_id="2605.09999"), NOW)
    store.papers.add(make_entry(), NOW)
    page = make_entry(source="page", arxiv_id=None)
    assert [store.papers.add(page, NOW) for _ in range(2)] == [Change.UPDATED, Change.NOTHING]
    assert [paper.key for paper in store.papers.newest(9) if "page" in paper.sources] == ["arxiv:2605.01234"]


def test_one_arxiv_id_with_two_titles_is_one_paper(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    assert store.papers.add(make_entry(title="Another Title"), NOW) is Change.NOTHING
    assert store.papers.count() == 1


def test_a_doi_finds_its_paper_under_another_title(store: Store) -> None:
    store.papers.add(make_entry(doi="10.1000/182"), NOW)
    store.papers.add(make_entry(source="crossref", title="Another", arxiv_id=None, doi="10.1000/182"), NOW)
    assert [paper.sources for paper in store.papers.newest(9)] == [("crossref", "huggingface")]


# -- one paper from many entries ----------------------------------------------------------------------


SEEN = {
    "huggingface": make_entry(upvotes=40, comments=2, listed=TODAY, title="Counting Clouds with small Language Models"),
    "arxiv": make_entry(
        source="arxiv", version=1, upvotes=None, listed=None, categories=("cs.CL", "cs.LG"), doi="10.1000/182",
        abstract="We teach a small language model to count clouds, which $is$ hard.",
    ),
    "feed": make_entry(
        source="feed", arxiv_id=None, doi="10.1000/182", upvotes=None, venue="Journal of Clouds", listed=None,
        title="Counting clouds: the journal version", url="https://journal.example/clouds", authors=("A. Example",),
    ),
    "page": Entry(source="page", title="Counting clouds, with small language models", comments=9),
}  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(SEEN)), ids=" ".join)
def test_a_paper_seen_in_four_places_is_one_in_whatever_order(store: Store, order: tuple[str, ...]) -> None:
    for name in order:
        store.papers.add(SEEN[name], NOW, f"{name}.json")
    (paper,) = store.papers.newest(9)
    assert paper == make_paper(
        id=paper.id, doi="10.1000/182", comments=9, upvotes=40, version=1, text_source="arxiv", text_version=1,
        abstract=SEEN["arxiv"].abstract, categories=("cs.CL", "cs.LG"), venue="Journal of Clouds",
        url="https://journal.example/clouds", sources=("arxiv", "feed", "huggingface", "page"),
    )  # fmt: skip
    assert {(told.source, told.place) for told in store.papers.mentions(paper.id)} == {
        (name, f"{name}.json") for name in SEEN
    }


def test_two_papers_found_to_be_one_keep_what_was_known_of_both(store: Store) -> None:
    store.papers.add(make_entry(), NOW, "a")
    event_log = make_entry(source="crossref", arxiv_id=None, doi="10.1000/182", title="Quite Another Title", upvotes=3)
    assert store.papers.add(event_log, LATER, "b") is Change.NEW
    both = make_entry(source="arxiv", doi="10.1000/182", upvotes=None)
    assert store.papers.add(both, LATER, "c") is Change.UPDATED

    (paper,) = store.papers.newest(9)
    assert (paper.id, paper.seen_at, paper.doi, paper.upvotes) == (1, NOW, "10.1000/182", 12)
    assert [(one.source, one.place, one.mentioned_at) for one in store.papers.mentions(1)] == [
        ("huggingface", "a", NOW), ("arxiv", "c", LATER), ("crossref", "b", LATER),
    ]  # fmt: skip
    assert store.papers.add(event_log, LATER) is Change.NOTHING
    assert (titles(store, "counting"), titles(store, "another")) == ([paper.title], [])


def test_a_doi_that_two_arxiv_papers_claim_stays_with_the_first(store: Store) -> None:
    store.papers.add(make_entry(doi="10.1000/182"), NOW)
    other = make_entry(arxiv_id="2605.09999", title="Other", doi="10.1000/182")
    assert [store.papers.add(other, NOW) for _ in range(2)] == [Change.NEW, Change.NOTHING]
    assert [(paper.arxiv_id, paper.doi) for paper in store.papers.newest(9)] == [
        ("2605.01234", "10.1000/182"), ("2605.09999", None),
    ]  # fmt: skip


def test_a_newer_version_is_remembered_with_when_it_was_seen(store: Store) -> None:
    store.papers.add(make_entry(version=1), NOW)
    store.papers.add(make_entry(version=1), LATER)
    assert store.papers.newest(1)[0].revised_at is None
    store.papers.add(make_entry(version=2), LATER)
    (paper,) = store.papers.newest(1)
    assert (paper.version, paper.seen_at, paper.revised_at) == (2, NOW, LATER)
    assert store.papers.new_since(NOW) == [paper]


def test_a_withdrawn_paper_is_no_news(store: Store) -> None:
    store.papers.add(make_entry(), LATER)
    assert len(store.papers.new_since(NOW)) == 1
    store.papers.add(make_entry(withdrawn=True), LATER)
    assert store.papers.new_since(NOW) == []


def test_a_paper_is_found_by_each_of_its_names(store: Store) -> None:
    store.papers.add(make_entry(doi="10.1000/182"), NOW)
    assert store.papers.find("arxiv:2605.01234") == store.papers.find("doi:10.1000/182") == store.papers.newest(1)[0]
    assert store.papers.find("arxiv:2605.09999") is None


# Some true papers, and what sources tell of them: never the whole, and each in its own spelling.
ANY_PAPERS = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(["huggingface", "arxiv", "crossref", "page"]),
        st.booleans(),
        st.integers(0, 9),
    ),
    max_size=12,
)


def told(number: int, source: str, shouted: bool, upvotes: int) -> Entry:
    """What a source tells of the true paper of a number: arXiv knows both ids, the others one or none."""
    title = f"Study {number} of Clouds"
    return Entry(
        source=source,
        title=title.upper() if shouted else title,
        abstract="" if source == "page" else f"{source} on clouds.",
        authors=() if source == "page" else ("Ada Example",),
        arxiv_id=f"2605.0000{number}" if source in ("huggingface", "arxiv") else None,
        doi=f"10.1000/{number}" if source in ("crossref", "arxiv") else None,
        upvotes=upvotes,
    )


def summary(store: Store) -> list[Paper]:
    return sorted((replace(paper, id=0) for paper in store.papers.newest(99)), key=lambda paper: paper.key)


@given(ANY_PAPERS, st.randoms(use_true_random=False), st.integers(1, 5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_pulls_and_their_number_do_not_matter(
    tmp_path: Path, rows: list[tuple[int, str, bool, int]], random: Random, batch: int
) -> None:
    entries = [told(*row) for row in rows]
    shuffled = [*entries, *entries]
    random.shuffle(shuffled)
    with (
        TemporaryDirectory(dir=tmp_path) as folder,
        open_store(Path(folder, "a.db")) as one,
        open_store(Path(folder, "b.db")) as other,
    ):
        one.papers.add_all(entries, NOW)
        for start in range(0, len(shuffled), batch):
            other.papers.add_all(shuffled[start : start + batch], NOW)
        assert summary(one) == summary(other)
        assert len(summary(one)) == len({row[0] for row in rows})
        assert set(one.papers.add_all(shuffled, LATER).items()) >= {(Change.NEW, 0), (Change.UPDATED, 0)}
        for store in (one, other):
            store._db.execute("INSERT INTO papers_fts(papers_fts, rank) VALUES ('integrity-check', 1)")
            assert store._db.execute("PRAGMA foreign_key_check").fetchall() == []


CONTRADICTIONS = st.builds(
    Entry,
    source=st.sampled_from(["a", "b"]),
    title=st.sampled_from(["T", "U"]),
    authors=st.sampled_from([(), ("Ada X",), ("Ben Y",), ("Ada Y",)]),
    arxiv_id=st.sampled_from([None, "2605.00001", "2605.00002"]),
    doi=st.sampled_from([None, "10.1000/1", "10.1000/2"]),
    version=st.sampled_from([None, 1, 2]),
)


@given(st.lists(CONTRADICTIONS, max_size=10))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sources_that_contradict_each_other_break_nothing(tmp_path: Path, entries: list[Entry]) -> None:
    with TemporaryDirectory(dir=tmp_path) as folder, open_store(Path(folder, "a.db")) as store:
        store.papers.add_all(entries, NOW)
        papers = store.papers.newest(99)
        ids = [paper.arxiv_id for paper in papers if paper.arxiv_id]
        assert len(ids) == len(set(ids)) == len({entry.arxiv_id for entry in entries} - {None})
        assert len({paper.key for paper in papers}) == len(papers)
        store.papers.add_all(entries, LATER)
        again = store.papers.newest(99)  # what was learnt since may join two more, and parts none
        assert {paper.arxiv_id for paper in again} | {None} == {paper.arxiv_id for paper in papers} | {None}
        assert len(again) <= len(papers)
        store._db.execute("INSERT INTO papers_fts(papers_fts, rank) VALUES ('integrity-check', 1)")


# -- asking -------------------------------------------------------------------------------------------


def test_an_empty_store_has_nothing_to_tell(store: Store) -> None:
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


def test_the_newest_are_by_day_then_by_upvotes(store: Store) -> None:
    for number, (listed, upvotes) in enumerate([(TODAY, 1), (TODAY, 5), (date(2026, 5, 7), 99), (TODAY, None)]):
        store.papers.add(
            make_entry(arxiv_id=f"2605.0000{number}", title=f"T{number}", listed=listed, upvotes=upvotes), NOW
        )
    assert [paper.title for paper in store.papers.newest(3)] == ["T1", "T0", "T3"]
    assert [paper.title for paper in store.papers.newest(9)] == ["T1", "T0", "T3", "T2"]


def test_many_papers_can_be_asked_for(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    assert store.papers.get_many(range(100_000)) == {1: make_paper()}


def test_what_is_trending_is_the_most_liked_or_what_rose_fastest(store: Store) -> None:
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
    """Three papers to search."""
    for number, (title, abstract) in enumerate([
        ("Counting Clouds", "A model counts what is above."),
        ("Puddles", "Where clouds end. Clouds, clouds and clouds again."),
        ("Kettles at the Café", "They whistle: C++ and 100% naïve."),
    ]):  # fmt: skip
        store.papers.add(make_entry(title=title, abstract=abstract, arxiv_id=f"2605.0000{number}"), NOW)
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("clouds", ["Counting Clouds", "Puddles"]),  # a title counts for more
        ("CLOUD", ["Counting Clouds", "Puddles"]),
        ("clouds model", ["Counting Clouds"]),
        ("cafe", ["Kettles at the Café"]),
        ("C++", ["Kettles at the Café"]),
        ("clouds OR kettles", []),  # words, not operators
        ("cloud*", ["Counting Clouds", "Puddles"]),
        ("-clouds", ["Counting Clouds", "Puddles"]),
        ("title:puddles", []),
        ("clouds \x00", ["Counting Clouds", "Puddles"]),
        ("", []),
        (" \n", []),
        ("aardvark", []),
    ],
)
def test_search_finds_papers_with_every_word(library: Store, query: str, found: list[str]) -> None:
    assert titles(library, query) == found


def test_search_gives_no_more_than_asked(library: Store) -> None:
    assert len(library.papers.search("clouds", 1)) == 1


def test_search_follows_a_changed_text(library: Store) -> None:
    library.papers.add(make_entry(source="arxiv", title="On Spoons", abstract="Round.", arxiv_id="2605.00000"), LATER)
    assert (titles(library, "counting"), titles(library, "spoons")) == ([], ["On Spoons"])


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("\x00")
@example('"')
@example("\udcff")
@given(
    st.text(st.characters(exclude_categories=()), max_size=12) | st.text("\"'*^():-+{}.,ANDORNEAR \x00", max_size=12)
)
def test_search_takes_any_text(library: Store, query: str) -> None:
    assert len(library.papers.search(query, 2)) <= 2


def test_a_paper_is_found_by_any_title_it_was_told_under(store: Store) -> None:
    page = make_entry(source="page", title="Old Title", arxiv_id=None, authors=())
    store.papers.add(page, NOW)
    store.papers.add(make_entry(title="Old Title", arxiv_id="2605.00007"), NOW)
    store.papers.add(make_entry(source="arxiv", title="New Title", arxiv_id="2605.00007"), NOW)

    assert store.papers.add(page, NOW) is Change.NOTHING
    assert [(paper.title, paper.arxiv_id) for paper in store.papers.newest(9)] == [("New Title", "2605.00007")]
