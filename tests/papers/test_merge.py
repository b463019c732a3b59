from __future__ import annotations

from dataclasses import Field, asdict, fields, replace
from datetime import date
from functools import reduce
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Entry, Facts, Paper, PartialDate
from newsletter.papers.identity import key_of
from newsletter.papers.merge import begin, enrich, is_revision
from newsletter.store import Store
from tests.factories import NOW, make_entry, make_paper

WORDS = st.text("ab é", max_size=4)
SOURCES = st.sampled_from(["arxiv", "huggingface", "page", "crossref", "pubmed"])
LINKS = st.none() | st.sampled_from(["https://a.example", "https://b.example", "https://longer.example"])
COUNTS = st.none() | st.integers(0, 5)
DAYS = st.none() | st.dates(date(2026, 5, 1), date(2026, 5, 9))
LISTS = st.lists(st.sampled_from(["ada", "ben", "cy"]), max_size=3).map(tuple)

#: Entries that the store merges into one paper: their identifiers, where present, and their titles agree.
ENTRIES = st.builds(
    Entry,
    source=SOURCES,
    title=st.sampled_from(["Counting Clouds", "counting clouds", "Counting-Clouds"]),
    abstract=WORDS,
    authors=LISTS,
    author_count=COUNTS,
    organization=st.none() | WORDS,
    organization_handle=st.none() | WORDS,
    organization_avatar_url=LINKS,
    submitter=st.none() | WORDS,
    code_stars=COUNTS,
    media_urls=LISTS,
    arxiv_id=st.sampled_from([None, "2605.01234"]),
    doi=st.sampled_from([None, "10.1000/182"]),
    short_doi=st.sampled_from([None, "10/gf4qx9"]),
    published=DAYS | st.sampled_from([PartialDate(2026), PartialDate(2026, 5), PartialDate(2025)]),
    listed=DAYS,
    upvotes=COUNTS,
    comments=COUNTS,
    keywords=LISTS,
    categories=LISTS,
    venue=st.none() | WORDS,
    version=st.none() | st.integers(1, 3),
    withdrawn=st.booleans(),
    summary=st.none() | WORDS,
    code_url=LINKS,
    project_url=LINKS,
    thumbnail_url=LINKS,
    url=LINKS,
    pdf_url=LINKS,
)


def merged(*entries: Entry) -> Paper:
    first, *others = entries
    return reduce(enrich, others, begin(first, paper_id=1, seen_at=NOW))


@given(st.lists(ENTRIES, min_size=2, max_size=4))
def test_entries_merged_in_any_order_make_the_same_paper(entries: list[Entry]) -> None:
    assert {merged(*order) for order in permutations(entries)} == {merged(*entries)}


@given(st.lists(ENTRIES, min_size=1, max_size=4), st.data())
def test_merging_is_idempotent(entries: list[Entry], data: st.DataObject) -> None:
    paper = merged(*entries)
    assert enrich(paper, data.draw(st.sampled_from(entries))) == paper


@given(ENTRIES, ENTRIES)
def test_no_field_is_ever_blanked(first: Entry, second: Entry) -> None:
    paper = merged(first)
    enriched = enrich(paper, second)
    names = [field.name for field in fields(Paper) if field.name != "text_version"]  # goes with the text
    present = [name for name in names if getattr(paper, name) not in (None, "", ())]
    assert [name for name in present if getattr(enriched, name) in (None, "", ())] == []


@given(ENTRIES, ENTRIES)
def test_a_paper_keeps_its_id_and_the_time_it_was_first_seen(first: Entry, second: Entry) -> None:
    paper = merged(first, second)
    assert (paper.id, paper.seen_at) == (1, NOW)
    assert paper.key == key_of(paper.arxiv_id, paper.doi, "Counting Clouds", paper.authors)


def test_a_new_paper_has_the_facts_of_its_first_entry() -> None:
    assert begin(make_entry(), paper_id=1, seen_at=NOW) == make_paper()


def test_title_and_abstract_come_from_the_better_ranked_source() -> None:
    page = make_entry(source="page", title="On clouds", abstract="Short.")
    arxiv = make_entry(source="arxiv", title="On $n$ Clouds", abstract="With $n$.")
    assert merged(arxiv, make_entry(), page) == make_paper(
        title="On $n$ Clouds",
        abstract="With $n$.",
        text_source="arxiv",
        sources=("arxiv", "huggingface", "page"),
    )


def test_a_source_with_an_abstract_is_preferred_to_one_without() -> None:
    without = make_entry(source="arxiv", title="On $n$ Clouds", abstract="")
    assert merged(without, make_entry(source="page")).text_source == "page"


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


def test_an_author_count_without_names_is_kept_beside_fewer_names() -> None:
    paper = merged(make_entry(), make_entry(source="page", authors=(), author_count=9))
    assert (paper.authors, paper.author_count) == (("Ada Example", "Ben Sample"), 9)


def test_an_arxiv_id_becomes_the_key() -> None:
    paper = merged(make_entry(source="page", arxiv_id=None), make_entry())
    assert (paper.key, paper.arxiv_id) == ("arxiv:2605.01234", "2605.01234")


@given(ENTRIES, ENTRIES, ENTRIES)
def test_merging_duplicate_papers_equals_merging_all_their_entries(a: Entry, b: Entry, c: Entry) -> None:
    later = replace(merged(b, c), id=2, seen_at=NOW.replace(hour=23))
    assert enrich(merged(a), later) == merged(a, b, c)


def test_the_text_of_the_newer_version_is_preferred() -> None:
    first = make_entry(
        source="arxiv", version=1, title="Counting clouds", abstract="A long first draft of an abstract."
    )
    third = make_entry(source="arxiv", version=3, title="Counting All Clouds", abstract="Short.")
    for paper in (merged(first, third), merged(third, first)):
        assert (paper.title, paper.abstract, paper.version, paper.text_version) == (
            "Counting All Clouds",
            "Short.",
            3,
            3,
        )


def test_a_version_is_a_revision_only_if_an_older_one_was_known() -> None:
    paper = merged(make_entry(version=2))
    assert [is_revision(paper, make_entry(version=version)) for version in (None, 1, 2, 3)] == [
        False,
        False,
        False,
        True,
    ]
    assert not is_revision(merged(make_entry()), make_entry(version=3))


def test_a_withdrawn_paper_stays_withdrawn() -> None:
    assert merged(make_entry(withdrawn=True), make_entry()).withdrawn
    assert merged(make_entry(), make_entry(withdrawn=True)).withdrawn


@pytest.mark.parametrize("fact", fields(Facts), ids=lambda fact: str(fact.name))
def test_what_only_one_of_two_entries_knows_is_kept(fact: Field[Any], store: Store) -> None:
    """Every declared fact of a paper is merged, stored and in the JSON of the command line."""
    value: Any = {
        "str": "Counting Clouds", "str | None": "10.1234/x", "int | None": 3, "date | None": date(2026, 5, 8),
        "StatedDate | None": PartialDate(2026, 5), "tuple[str, ...]": ("one", "two"), "bool": True,
    }[str(fact.type)]  # fmt: skip
    plain = Entry(source="arxiv", title="Counting Clouds", doi="10.1234/x")
    store.papers.add(plain, NOW)
    store.papers.add(replace(plain, source="feed", **{fact.name: value}), NOW)

    (paper,) = store.papers.newest(9)

    assert getattr(paper, fact.name) == value
    assert fact.name in asdict(paper)
