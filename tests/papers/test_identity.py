from __future__ import annotations

from datetime import date

import pytest

from newsletter.models import Entry
from newsletter.papers.identity import is_generic, key_of, may_be_same
from newsletter.store import Store
from newsletter.text import title_hash
from tests.factories import NOW, make_entry


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
def test_the_key_is_the_strongest_identifier(arxiv_id: str | None, doi: str | None, key: str) -> None:
    assert key_of(arxiv_id, doi, "Counting Clouds") == key


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (("Ada Example",), ("Example, Ada",), True),
        (("A. Example",), ("Ada Example", "Ben Sample"), True),
        (("José Erdős",), ("Jose Erdos",), True),
        (("Jørgen Ø",), ("Jorgen O",), True),
        ((), ("Ada Example",), True),
        (("Ada Example",), ("Ben Sample", "Ada Example"), False),
        (("A. B.",), ("C. D.",), True),  # initials alone contradict nothing
    ],
)
def test_entries_of_one_title_are_one_paper_unless_first_authors_differ(
    first: tuple[str, ...], second: tuple[str, ...], same: bool
) -> None:
    one, other = make_entry(arxiv_id=None, authors=first), make_entry(arxiv_id=None, authors=second)
    assert may_be_same(one, other) is may_be_same(other, one) is same


def test_different_identifiers_mean_different_papers() -> None:
    assert not may_be_same(make_entry(), make_entry(arxiv_id="2605.09999"))
    assert not may_be_same(make_entry(doi="10.1000/1"), make_entry(doi="10.1000/2"))
    assert may_be_same(make_entry(arxiv_id=None, doi="10.1000/1"), make_entry())


def test_an_editorial_of_another_venue_or_month_is_another_one(store: Store) -> None:
    editorials = [
        Entry(source="feed", title="Editorial", venue=venue, published=published, authors=authors)
        for venue, published in (
            ("Clouds", date(2026, 5, 1)),
            ("Kettles", date(2026, 5, 1)),
            ("Clouds", date(2026, 6, 1)),
        )
        for authors in ((), ("Ada Example",))
    ]
    for entry in (*editorials, *reversed(editorials)):
        store.papers.add(entry, NOW)
    # Of one issue, the editorial with its author and without is one.
    assert store.papers.count() == 3


@pytest.mark.parametrize("title", ["Editorial", "Correction", "Preface", "Éditorial", "News & Views", "PERSPECTIVE"])
def test_a_title_that_all_venues_have_is_not_merged_across_them(store: Store, title: str) -> None:
    for _ in range(2):
        for venue in ("Clouds", "Kettles"):
            store.papers.add(Entry(source="feed", title=title, venue=venue, published=date(2026, 5, 1)), NOW)
            store.papers.add(Entry(source="crossref", title=title, venue=venue, doi=f"10.1000/{venue.lower()}"), NOW)
        for page in ("https://clouds.example/1", "https://kettles.example/1"):  # no venue, and not the same place
            store.papers.add(Entry(source="feed", title=title, url=page), NOW)
    assert store.papers.count() == 6


@pytest.mark.parametrize(
    ("title", "generic"),
    [
        ("Editorial 12(3)", True),
        ("Table of Contents", True),
        ("Letters to the Editor", True),
        ("Editorial: Counting Clouds", False),
        ("Correction to: Counting Clouds", False),
        ("", False),
        ("2026", False),
    ],
)
def test_a_generic_title_names_a_kind_of_item(title: str, generic: bool) -> None:
    assert is_generic(title) is generic


def test_one_paper_whose_title_is_written_in_two_ways_is_one(store: Store) -> None:
    store.papers.add(Entry(source="feed", title="Naïve Bayes & Clouds", authors=("Jørgen Øst",)), NOW)
    store.papers.add(make_entry(title="Naive Bayes and clouds", authors=("Jorgen Ost", "Ada Example")), NOW)
    assert store.papers.count() == 1
