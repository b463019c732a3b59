from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.models import Entry, Paper
from newsletter.store.merging import begin, enrich, key_of
from newsletter.text import title_hash
from tests.factories import NOW, make_entry, make_paper

WORDS = st.text("ab é", max_size=4)
SOURCES = st.sampled_from(["arxiv", "huggingface", "page", "crossref", "pubmed"])
LINKS = st.none() | st.sampled_from(["https://a.example", "https://b.example", "https://longer.example"])
COUNTS = st.none() | st.integers(0, 5)
DAYS = st.none() | st.dates(date(2026, 5, 1), date(2026, 5, 9))
LISTS = st.lists(st.sampled_from(["ada", "ben", "cy"]), max_size=3).map(tuple)

#: Entries that the store takes for one paper: their ids agree where they have any, and so do their titles.
ENTRIES = st.builds(
    Entry,
    source=SOURCES,
    title=st.sampled_from(["Counting Clouds", "counting clouds", "Counting-Clouds"]),
    abstract=WORDS,
    authors=LISTS,
    author_count=COUNTS,
    organization=st.none() | WORDS,
    arxiv_id=st.sampled_from([None, "2605.01234"]),
    doi=st.sampled_from([None, "10.1000/182"]),
    published=DAYS,
    listed=DAYS,
    upvotes=COUNTS,
    comments=COUNTS,
    keywords=LISTS,
    summary=st.none() | WORDS,
    code_url=LINKS,
    project_url=LINKS,
    thumbnail_url=LINKS,
)


def merged(*entries: Entry) -> Paper:
    first, *others = entries
    return reduce(enrich, others, begin(first, paper_id=1, seen_at=NOW))


@settings(max_examples=200)
@given(st.lists(ENTRIES, min_size=2, max_size=4))
def test_entries_in_any_order_make_the_same_paper(entries: list[Entry]) -> None:
    assert {merged(*order) for order in permutations(entries)} == {merged(*entries)}


@settings(max_examples=200)
@given(st.lists(ENTRIES, min_size=1, max_size=4), st.data())
def test_an_entry_told_again_adds_nothing(entries: list[Entry], data: st.DataObject) -> None:
    paper = merged(*entries)
    assert enrich(paper, data.draw(st.sampled_from(entries))) == paper


@settings(max_examples=200)
@given(ENTRIES, ENTRIES)
def test_no_field_is_ever_blanked(first: Entry, second: Entry) -> None:
    paper = merged(first)
    enriched = enrich(paper, second)
    told = [field.name for field in fields(Paper) if getattr(paper, field.name) not in (None, "", ())]
    assert [name for name in told if getattr(enriched, name) in (None, "", ())] == []


@settings(max_examples=200)
@given(ENTRIES, ENTRIES)
def test_a_paper_keeps_its_number_and_when_it_was_seen(first: Entry, second: Entry) -> None:
    paper = merged(first, second)
    assert (paper.id, paper.seen_at) == (1, NOW)
    assert paper.key == key_of(paper.arxiv_id, paper.doi, "Counting Clouds", paper.authors)


@pytest.mark.parametrize(
    ("arxiv_id", "doi", "key"),
    [
        ("2605.01234", "10.1000/182", "arxiv:2605.01234"),
        ("2605.01234", None, "arxiv:2605.01234"),
        (None, "10.1000/182", "doi:10.1000/182"),
        (None, None, f"title:{title_hash('Counting Clouds')}"),
        ("", "", f"title:{title_hash('COUNTING CLOUDS')}"),
    ],
)
def test_a_key_is_the_strongest_identity(arxiv_id: str | None, doi: str | None, key: str) -> None:
    assert key_of(arxiv_id, doi, "Counting Clouds") == key


def test_the_first_entry_makes_the_paper() -> None:
    assert begin(make_entry(), paper_id=1, seen_at=NOW) == make_paper()


def test_the_better_ranked_sources_text_is_shown_with_its_title() -> None:
    page = make_entry(source="page", title="On clouds", abstract="Short.")
    arxiv = make_entry(source="arxiv", title="On $n$ Clouds", abstract="With $n$.")
    assert merged(arxiv, make_entry(), page) == make_paper(
        title="On $n$ Clouds",
        abstract="With $n$.",
        text_source="arxiv",
        sources=("arxiv", "huggingface", "page"),
    )


def test_any_abstract_is_better_than_none() -> None:
    silent = make_entry(source="arxiv", title="On $n$ Clouds", abstract="")
    assert merged(silent, make_entry(source="page")).text_source == "page"


def test_the_larger_count_the_longer_list_and_the_earlier_day_win() -> None:
    more = make_entry(
        authors=("Ada Example", "Ben Sample", "Cy Specimen"),
        upvotes=40,
        comments=2,
        published=date(2026, 5, 5),
        listed=date(2026, 5, 9),
        keywords=("clouds",),
    )
    assert merged(make_entry(comments=1), more) == replace(
        make_paper(),
        authors=("Ada Example", "Ben Sample", "Cy Specimen"),
        author_count=3,
        upvotes=40,
        comments=2,
        published=date(2026, 5, 5),
        keywords=("clouds",),
    )


def test_a_count_of_authors_without_names_is_kept_beside_fewer_names() -> None:
    paper = merged(make_entry(), make_entry(source="page", authors=(), author_count=9))
    assert (paper.authors, paper.author_count) == (("Ada Example", "Ben Sample"), 9)


def test_an_arxiv_id_becomes_the_key() -> None:
    paper = merged(make_entry(source="page", arxiv_id=None), make_entry())
    assert (paper.key, paper.arxiv_id) == ("arxiv:2605.01234", "2605.01234")
