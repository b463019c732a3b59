from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.formats.author_marks import unnamed
from newsletter.sources.formats.person_names import names

MARKS = ("", "*", "†", "1", "1,2", "¹", "¹,²", "ᵃ", " 3", " 1,2", "^2", "1,*", " (University of Clouds)", " [1, 2]")
KNOWN = {
    "Ann Doe",
    "John Smith",
    "A. Doe",
    "B. Roe",
    "G. Aad",
    "ATLAS Collaboration",
    "李明",
    "Thomas More",
    "Etal Alber",
}
SEPARATORS = (", ", "; ", "，", "、", "；", "،", " and ", " & ", " · ", " • ", " / ", " 和 ")


@given(
    st.lists(
        st.tuples(st.sampled_from(["Ada Example", "Ben Sample", "李明"]), st.sampled_from(MARKS)),
        min_size=2,
        max_size=5,
    )
)
@pytest.mark.parametrize("separator", SEPARATORS)
def test_marks_and_separators_are_no_names(separator: str, people: list[tuple[str, str]]) -> None:
    line = separator.join(name + mark for name, mark in people)
    assert list(names(line)) == [name for name, _ in people]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Doe, A. and Roe, B. and 3 others", 3),
        ("Ann Doe, and 12 more", 12),
        ("Ann Doe + 3 others", 3),
        ("Ann Doe (and 3 more authors)", 3),
        ("Ann Doe and two others", 2),
        ("Ann Doe with 4 co-authors.", 4),
        ("Ann Doe et al.", 1),
        ("Ann Doe, et al", 1),
        ("G. Aad et al. (ATLAS Collaboration)", 1),
        ("Doe, Ann and others", 1),
        ("others", 1),
        ("Ann Doe, John Smith, …", 1),
        ("Ann Doe, John Smith, ...", 1),
        ("李明等", 1),
        ("Ann Doe, John Smith", 0),
        ("Thomas More", 0),
        ("Etal Alber", 0),
        ("Ann Doe 3", 0),
        ("", 0),
    ],
)
def test_authors_that_are_not_named_are_counted(line: str, number: int) -> None:
    assert unnamed(line) == number
    assert set(names(line)) <= KNOWN


@given(st.text(alphabet="A. and,;()[]1²* etal·、", max_size=80))
def test_any_line_is_read(line: str) -> None:
    assert unnamed(line) >= 0
    assert all(name.strip() for name in names(line))
