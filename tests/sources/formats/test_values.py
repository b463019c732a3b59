from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import PartialDate, StatedDate
from newsletter.sources.formats import values

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Ada Lovelace", ("Ada Lovelace",)),
        ("Ada Lovelace, Alan Turing, and Grace Hopper", ("Ada Lovelace", "Alan Turing", "Grace Hopper")),
        ("Ada Lovelace, Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("Ada Lovelace and Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("Ada Lovelace & Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("Lovelace, Ada and Turing, Alan", ("Ada Lovelace", "Alan Turing")),
        ("Lovelace, Ada", ("Ada Lovelace",)),
        ("van der Berg, Jan", ("Jan van der Berg",)),
        ("Sen, S.; Roy, A. B.", ("S. Sen", "A. B. Roy")),
        ("Smith, J., Doe, A.-B.", ("J. Smith", "A.-B. Doe")),
        ("King, Jr., Martin and Doe, Ann", ("Martin King Jr.", "Ann Doe")),
        ("Martin King, Jr., Ada Lovelace", ("Martin King Jr.", "Ada Lovelace")),
        ("Ada Lovelace (University of X, Y (Z)), Alan Turing [2]", ("Ada Lovelace", "Alan Turing")),
        ("Ada Lovelace et al.", ("Ada Lovelace",)),
        ("Ada Lovelace, et al", ("Ada Lovelace",)),
        ("Lovelace, Ada and others", ("Ada Lovelace",)),
        (r"Jos\'e Example, Erd\H{o}s P\'al", ("José Example", "Erdős Pál")),
        ("Ada Lovelace, Ada Lovelace", ("Ada Lovelace", "Ada Lovelace")),
        ("Sandra Bullock", ("Sandra Bullock",)),
        ("The Cloud Team", ("The Cloud Team",)),
        ("", ()),
        (" , ; ", ()),
    ],
)
def test_a_line_of_authors_is_split_into_names(line: str, expected: tuple[str, ...]) -> None:
    assert values.names(line) == expected


@given(st.text(st.sampled_from("AB ab,;.&()[]-") | st.characters(), max_size=40))
def test_any_line_gives_names_without_empty_ones_and_duplicates(line: str) -> None:
    found = values.names(line)
    assert all(name and name == name.strip() for name in found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-05-08", date(2026, 5, 8)),
        ("2026-05-08T00:00:00.000Z", date(2026, 5, 8)),
        ("2026-05-08T23:30:00-07:00", date(2026, 5, 8)),  # as it stands, not in UTC
        ("Fri, 08 May 2026 23:17:58 -0700", date(2026, 5, 8)),
        ("Fri, 8 May 2026 00:00:00 GMT", date(2026, 5, 8)),
        (" 2026-05-08 ", date(2026, 5, 8)),
        ("2026-05", None),
        ("2026-13-01", None),
        ("yesterday", None),
        ("Fri, 99 May 2026 00:00:00 GMT", None),
        ("", None),
        (20260508, None),
        (None, None),
    ],
)
def test_days(value: Any, expected: date | None) -> None:
    assert values.day(value) == expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((2026, 5, 8), date(2026, 5, 8)),
        (("2026", "05", "08"), date(2026, 5, 8)),
        ((2026, 4), PartialDate(2026, 4)),
        ((2025,), PartialDate(2025)),
        ((2026, 2, 30), None),
        ((2026, 13), None),
        ((0,), None),
        ((None,), None),
        (("MMXXVI",), None),
        ((2026, None, 8), PartialDate(2026)),
        ((9999, 12), PartialDate(9999, 12)),
    ],
)
def test_a_month_or_a_year_alone_stays_one(numbers: tuple[Any, ...], expected: StatedDate | None) -> None:
    assert values.stated(*numbers) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" https://a.example/x ", "https://a.example/x"),
        ("http://a.example", "http://a.example"),
        ("//a.example", None),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("https://[", None),
        ("https://a.example:99999/", None),
        ("https://a.example:8080/", "https://a.example:8080/"),
        ("https://a.example/ x", None),
        ("https://a.example/\nBcc: x", None),
        (None, None),
        (5, None),
    ],
)
def test_links(value: Any, expected: str | None) -> None:
    assert values.link(value) == expected


@given(ANYTHING)
def test_any_value_is_converted_or_ignored(value: Any) -> None:
    for read in (values.text, values.abstract, values.texts, values.objects, values.count, values.link, values.day):
        read(value)
    values.stated(value, value, value)
    assert all(isinstance(one, str) for one in values.texts([value]))
    values.people([value])


def test_counts_and_lists() -> None:
    assert [values.count(value) for value in (3, 0, -1, True, "3", 2**60, None)] == [3, 0, None, None, None, None, None]
    assert values.texts(["a", " a ", "", 5, "b<i>c</i>"]) == ("a", "bc")
    assert values.objects([{"a": 1}, 5, None]) == [{"a": 1}]
    assert values.people(["Lovelace, Ada", {"name": "x"}, "", "Ada Lovelace"]) == ("Ada Lovelace", "Ada Lovelace")
