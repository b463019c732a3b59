from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.formats.person_names import _person, _plain, names
from newsletter.text.markup import clean


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("Smith, John, Jr.", ["John Smith Jr."]),
        ("李明, 王伟", ["李明", "王伟"]),
        ("李明、王伟", ["李明", "王伟"]),
        ("李明，王伟；张三", ["李明", "王伟", "张三"]),
        ("van der Berg, Jan and Ludwig van Beethoven", ["Jan van der Berg", "Ludwig van Beethoven"]),
        ("Smith, Jones and Brown", ["Smith", "Jones", "Brown"]),
        ("Ann Doe*, John Smith†", ["Ann Doe", "John Smith"]),
        ("Ann Doe1,2, John Smith3", ["Ann Doe", "John Smith"]),
        ("Doe, A. and Roe, B. and 3 others", ["A. Doe", "B. Roe"]),
        ("Lira R, de Oliveira Filho ASB, Cruz A.", ["Lira R", "de Oliveira Filho ASB", "Cruz A"]),
        ("Ada B.", ["Ada B."]),
        ("Wei Wang, Li Li, Wei Wang", ["Wei Wang", "Li Li", "Wei Wang"]),
        ("Smith J, Doe A; ATLAS Collaboration", ["Smith J", "Doe A", "ATLAS Collaboration"]),
        (
            "A. Smith, B. Doe on behalf of the ATLAS Collaboration",
            ["A. Smith", "B. Doe", "ATLAS Collaboration"],
        ),
        ("García Lorca, Federico; de la Cruz, Juan M.", ["Federico García Lorca", "Juan M. de la Cruz"]),
        ("Smith, J., Jr., Doe, A.", ["J. Smith Jr.", "A. Doe"]),
        ("Smith, Jr., John", ["John Smith Jr."]),
        ("King, Martin Luther, Jr. and Doe, Ann", ["Martin Luther King Jr.", "Ann Doe"]),
        ("García Lorca, Federico and Ann Doe", ["Federico García Lorca", "Ann Doe"]),
        ("Élise, É., Müller, H.-J., Ivanov, Yu. A.", ["É. Élise", "H.-J. Müller", "Yu. A. Ivanov"]),
        ("Lira R; Cruz A.", ["Lira R", "Cruz A"]),
        ("Ann Doe and John Smith.", ["Ann Doe", "John Smith"]),
        ("Ann Doe, John Smith; ATLAS Collaboration", ["Ann Doe", "John Smith", "ATLAS Collaboration"]),
        ("A. Smith, B. Doe, and the ATLAS Collaboration", ["A. Smith", "B. Doe", "ATLAS Collaboration"]),
        ("G. Aad et al. (ATLAS Collaboration)", ["G. Aad", "ATLAS Collaboration"]),
        ("Ann Doe (for the Cloud Study Group), John Smith", ["Ann Doe", "John Smith", "Cloud Study Group"]),
        ("Ann Doe (Cloud Group, University of Clouds), John Smith", ["Ann Doe", "John Smith"]),
    ],
)
def test_a_line_of_authors_is_people_in_their_order(line: str, people: list[str]) -> None:
    assert list(names(line)) == people


@given(st.lists(st.sampled_from(["Ada Example", "Ben Sample", "Cy de la Cruz"]), min_size=2, max_size=6))
def test_each_name_counts_even_if_two_people_have_it(people: list[str]) -> None:
    assert list(names(", ".join(people))) == people
    assert list(names("; ".join(people))) == people


_PART = st.one_of(
    st.sampled_from([
        *("Jr", "Jr.", "Sr", "II", "Md", "Phd", "phd.", "Others", "Al", "Et", "Van", "The", "Group", "the"),
        *("de", "others", "colleagues", "and"),
    ]),
    st.from_regex(r"[A-Za-zÀ-ÖØ-öø-ɏẠ-ỿ]{1,9}\.?", fullmatch=True),
)  # fmt: skip


@given(st.lists(_PART, min_size=1, max_size=3), st.lists(_PART, min_size=1, max_size=3), st.sampled_from(" -'"))
def test_plain_names_are_read_as_all_others_are(last: list[str], first: list[str], glue: str) -> None:
    name = f"{glue.join(last)}, {glue.join(first)}"
    assert _plain(name) in (None, _person(clean(name)))


def test_most_names_are_plain() -> None:
    names = ("Smith, John A.", "de la Cruz, José", "O'Neil, Mary-Ann", "Nguyễn, B. C. D.")
    assert [*map(_plain, names)] == ["John A. Smith", "José de la Cruz", "Mary-Ann O'Neil", "B. C. D. Nguyễn"]
    assert [*map(_plain, ("Smith, Jr.", "Doe 3, Ann", "Ann Doe", "the Cloud Group, Ann"))] == [None] * 4
