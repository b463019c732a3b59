from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import PartialDate
from newsletter.sources.formats.publishers import PUBLISHERS, Cleaned, cleaned, doi_of, publisher_of, title_of

AUTHORS = ("Ann Doe", "John Smith")
BY_NAME = {one.name: one for one in PUBLISHERS}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Nature", Cleaned("We oxidise.", (), "10.1038/s41929-026-01535-6", date(2026, 5, 12))),
        ("ScienceDirect", Cleaned("", AUTHORS, "", PartialDate(2026, 8))),
        ("MDPI", Cleaned("We measure.", (), "10.3390/e28010001")),
        ("APS", Cleaned("We measure.", AUTHORS, "", date(2026, 5, 8))),
        ("SIAM", Cleaned("We bound.", (), "", PartialDate(2026, 6))),
        ("Taylor & Francis", Cleaned("", (), "", PartialDate(2026, 5))),
        ("Wiley", Cleaned("We count.", (), "", date(2026, 5, 8))),
        ("Science", Cleaned("", (), "", PartialDate(2026, 5))),
        ("SAGE", Cleaned("We count.")),
        ("PNAS", Cleaned("Significance We count.", (), "", PartialDate(2026, 5))),
        ("Cell", Cleaned("We count clouds.")),
        ("eLife", Cleaned("Clouds can be counted by models that were never shown any.")),
        (
            "Frontiers",
            Cleaned("Introduction: Clouds are many. Methods: We counted them. Results: There were 12."),
        ),
        ("ACS", Cleaned("", (), "10.1021/jacs.6c00001")),
        ("RSC", Cleaned("We count.", (), "10.1039/D6CS00001A")),
        ("PLOS", Cleaned("We detect things.")),
        ("OUP", Cleaned("We count.")),
        ("Springer", Cleaned("We count.")),
        ("IEEE", Cleaned("")),
        ("PubMed", Cleaned("AIMS: We count.", (), "10.1000/x", PartialDate(2026, 6))),
    ],
)
def test_the_example_of_each_publisher(name: str, found: Cleaned) -> None:
    assert cleaned(BY_NAME[name], BY_NAME[name].example, AUTHORS) == found


def test_each_publisher_is_tested_and_found_by_its_host() -> None:
    for one in PUBLISHERS:
        assert {publisher_of(f"https://journals.{host}/x") for host in one.hosts} == {one}
    assert publisher_of("https://notnature.com/x") is None
    assert publisher_of(None) is None


@pytest.mark.parametrize(
    ("link", "doi"),
    [
        ("https://elifesciences.org/articles/101234", "10.7554/eLife.101234"),
        ("https://elifesciences.org/reviewed-preprints/101234v2", "10.7554/eLife.101234"),
        ("https://elifesciences.org/labs/101234", ""),
        ("https://www.frontiersin.org/articles/10.3389/fncom.2026.1234567", "10.3389/fncom.2026.1234567"),
        (
            "https://www.frontiersin.org/journals/x/articles/10.3389/fncom.2026.1234567/full",
            "10.3389/fncom.2026.1234567",
        ),
        ("https://link.springer.com/article/10.1007/s00332-026-0001-2", "10.1007/s00332-026-0001-2"),
        ("https://link.springer.com/journal/332", ""),
        ("https://www.cell.com/cell/fulltext/S0092-8674(26)00123-4?rss=yes", ""),
    ],
)
def test_a_doi_is_found_in_the_link(link: str, doi: str) -> None:
    publisher = publisher_of(link)
    assert publisher is not None
    assert doi_of(publisher, link) == doi


def test_the_publishers_that_were_asked_for_have_a_row() -> None:
    assert set(BY_NAME) >= {
        "Nature", "ScienceDirect", "IEEE", "MDPI", "APS", "SIAM", "Taylor & Francis", "OUP", "PLOS", "Wiley",
        "Springer", "PubMed", "ACS", "RSC", "Cell", "Science", "eLife", "Frontiers",
    }  # fmt: skip


def test_titles_are_without_what_stands_before_them() -> None:
    assert title_of(BY_NAME["ACS"], "[ASAP] Counting Clouds") == "Counting Clouds"
    assert title_of(BY_NAME["MDPI"], "Entropy, Vol. 28, Pages 12: Counting: Clouds") == "Counting: Clouds"
    assert title_of(BY_NAME["PLOS"], "[ASAP] Counting Clouds") == "[ASAP] Counting Clouds"


@given(st.sampled_from(PUBLISHERS), st.lists(st.sampled_from(["clouds", "count", "of", "2026", "rain"]), min_size=3))
def test_an_abstract_alone_stays_as_it_is(publisher: object, words: list[str]) -> None:
    text = f"We measure {' '.join(words)}."
    assert cleaned(publisher, text, AUTHORS).abstract == text  # type: ignore[arg-type]


@given(st.sampled_from(PUBLISHERS), st.text(st.sampled_from("Abstract. doi:10/Volume, 3\nPMID| ")))
def test_any_text_is_cleaned(publisher: object, text: str) -> None:
    assert len(cleaned(publisher, text, ()).abstract) <= len(text)  # type: ignore[arg-type]
