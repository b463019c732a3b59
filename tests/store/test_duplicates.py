"""Duplicates: entries of several sources become one paper, in any order, and papers that are the same are merged."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Entry, Paper
from newsletter.store import Store
from newsletter.store.papers import Change
from tests.factories import NOW, TODAY, make_entry, make_paper, search
from tests.stores import open_new_store

LATER = NOW + timedelta(days=1)


def titles(store: Store, query: str) -> list[str]:
    return [paper.title for paper in search(store, query)]


def everything(store: Store) -> list[object]:
    return list(store.papers.newest(100))


# -- which paper an entry is about ----------------------------------------------------------------------------------


def test_a_title_match_adopts_the_arxiv_id(store: Store) -> None:
    page = make_entry(source="page", title="Counting clouds — with small language-models", arxiv_id=None)
    store.papers.add(page, NOW)
    assert store.papers.add(make_entry(), LATER) is Change.UPDATED
    assert everything(store) == [make_paper(sources=("huggingface", "page"))]


def test_an_entry_without_ids_is_merged_into_the_paper_of_its_title(store: Store) -> None:
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


def test_an_entry_without_ids_is_merged_into_the_first_of_two_papers_of_its_title_every_time(store: Store) -> None:
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


# -- merging ------------------------------------------------------------------------------------------


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
def test_entries_of_four_sources_are_merged_into_one_paper_in_any_order(store: Store, order: tuple[str, ...]) -> None:
    for name in order:
        store.papers.add(SEEN[name], NOW, f"{name}.json")
    (paper,) = store.papers.newest(9)
    assert paper == make_paper(
        id=paper.id, doi="10.1000/182", comments=9, upvotes=40, version=1, text_source="arxiv", text_version=1,
        abstract=SEEN["arxiv"].abstract, categories=("cs.CL", "cs.LG"), venue="Journal of Clouds",
        url="https://journal.example/clouds", sources=("arxiv", "feed", "huggingface", "page"),
    )  # fmt: skip
    assert {(mention.source, mention.place) for mention in store.papers.mentions(paper.id)} == {
        (name, f"{name}.json") for name in SEEN
    }


@pytest.mark.parametrize("order", list(permutations(range(5)))[::7])
def test_a_preprint_and_its_published_version_are_one_paper_in_any_order(store: Store, order: tuple[int, ...]) -> None:
    entries = [
        make_entry(source="crossref", arxiv_id=None, doi="10.26434/chemrxiv-2026-abcde"),
        make_entry(source="openalex", arxiv_id=None, doi="10.21203/rs.3.rs-1/v1"),
        make_entry(source="feed", arxiv_id=None, doi="10.1000/182"),
        make_entry(source="arxiv"),
        make_entry(source="page", arxiv_id=None),
    ]
    for number in order:
        store.papers.add(entries[number], NOW)
    assert [(paper.key, paper.doi, len(paper.sources)) for paper in store.papers.newest(9)] == [
        ("arxiv:2605.01234", "10.1000/182", 5)
    ]
    assert {store.papers.add(entry, LATER) for entry in entries} == {Change.NOTHING}


def test_two_published_dois_are_two_papers(store: Store) -> None:
    for doi in ("10.1000/182", "10.1000/183", "10.1101/gr.275193.120"):
        store.papers.add(make_entry(arxiv_id=None, doi=doi), NOW)
    assert store.papers.count() == 3


def test_merged_papers_keep_what_was_known_of_both(store: Store) -> None:
    store.papers.add(make_entry(), NOW, "a")
    crossref = make_entry(source="crossref", arxiv_id=None, doi="10.1000/182", title="Quite Another Title", upvotes=3)
    assert store.papers.add(crossref, LATER, "b") is Change.NEW
    both = make_entry(source="arxiv", doi="10.1000/182", upvotes=None)
    assert store.papers.add(both, LATER, "c") is Change.UPDATED

    (paper,) = store.papers.newest(9)
    assert (paper.id, paper.seen_at, paper.doi, paper.upvotes) == (1, NOW, "10.1000/182", 12)
    assert [(one.source, one.place, one.mentioned_at) for one in store.papers.mentions(1)] == [
        ("huggingface", "a", NOW), ("arxiv", "c", LATER), ("crossref", "b", LATER),
    ]  # fmt: skip
    assert store.papers.add(crossref, LATER) is Change.NOTHING
    assert (titles(store, "counting"), titles(store, "another")) == ([paper.title], [])


def test_a_doi_that_two_arxiv_papers_claim_stays_with_the_first(store: Store) -> None:
    store.papers.add(make_entry(doi="10.1000/182"), NOW)
    other = make_entry(arxiv_id="2605.09999", title="Other", doi="10.1000/182")
    assert [store.papers.add(other, NOW) for _ in range(2)] == [Change.NEW, Change.NOTHING]
    assert [(paper.arxiv_id, paper.doi) for paper in store.papers.newest(9)] == [
        ("2605.01234", "10.1000/182"), ("2605.09999", None),
    ]  # fmt: skip


# Some real papers as sources list them: none has all of the facts, and each has its own spelling.
LISTED = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.sampled_from(["huggingface", "arxiv", "crossref", "page"]),
        st.booleans(),
        st.integers(0, 9),
    ),
    max_size=12,
)


def listed(number: int, source: str, capitals: bool, upvotes: int) -> Entry:
    """Return the entry of a source for a real paper: arXiv knows both ids, the others one or none."""
    title = f"Study {number} of Clouds"
    return Entry(
        source=source,
        title=title.upper() if capitals else title,
        abstract="" if source == "page" else f"{source} on clouds.",
        authors=() if source == "page" else ("Ada Example",),
        arxiv_id=f"2605.0000{number}" if source in ("huggingface", "arxiv") else None,
        doi=f"10.1000/{number}" if source in ("crossref", "arxiv") else None,
        upvotes=upvotes,
    )


def summary(store: Store) -> list[Paper]:
    return sorted((replace(paper, id=0) for paper in store.papers.newest(99)), key=lambda paper: paper.key)


@given(LISTED, st.randoms(use_true_random=False), st.integers(1, 5))
def test_the_order_and_number_of_pulls_do_not_matter(
    tmp_path: Path, rows: list[tuple[int, str, bool, int]], random: Random, batch: int
) -> None:
    entries = [listed(*row) for row in rows]
    shuffled = [*entries, *entries]
    random.shuffle(shuffled)
    with (
        TemporaryDirectory(dir=tmp_path) as folder,
        open_new_store(Path(folder, "a.db")) as one,
        open_new_store(Path(folder, "b.db")) as other,
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
def test_contradictory_sources_break_nothing(tmp_path: Path, entries: list[Entry]) -> None:
    with TemporaryDirectory(dir=tmp_path) as folder, open_new_store(Path(folder, "a.db")) as store:
        store.papers.add_all(entries, NOW)
        papers = store.papers.newest(99)
        ids = [paper.arxiv_id for paper in papers if paper.arxiv_id]
        assert len(ids) == len(set(ids)) == len({entry.arxiv_id for entry in entries} - {None})
        assert len({paper.key for paper in papers}) == len(papers)
        store.papers.add_all(entries, LATER)
        again = store.papers.newest(99)  # new facts may merge two more papers, and split none
        assert {paper.arxiv_id for paper in again} | {None} == {paper.arxiv_id for paper in papers} | {None}
        assert len(again) <= len(papers)
        store._db.execute("INSERT INTO papers_fts(papers_fts, rank) VALUES ('integrity-check', 1)")


def test_a_paper_is_found_by_every_title_it_ever_had(store: Store) -> None:
    page = make_entry(source="page", title="Old Title", arxiv_id=None, authors=())
    store.papers.add(page, NOW)
    store.papers.add(make_entry(title="Old Title", arxiv_id="2605.00007"), NOW)
    store.papers.add(make_entry(source="arxiv", title="New Title", arxiv_id="2605.00007"), NOW)

    assert store.papers.add(page, NOW) is Change.NOTHING
    assert [(paper.title, paper.arxiv_id) for paper in store.papers.newest(9)] == [("New Title", "2605.00007")]
