"""One row of a table → one person, or why not."""

from __future__ import annotations

import csv
import io
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.models import Profile, Refusal, Status
from newsletter.models.addresses import parse_address
from newsletter.store.subscribers import Person
from newsletter.subscribers import import_rows
from newsletter.subscribers.csv_rows import Rows
from newsletter.subscribers.import_rows import _PLAIN_EMAIL, RowParser, quoted, read_header, unquoted
from tests.factories import NOW


def parser(text: str, **mapping: str) -> tuple[RowParser, list[list[str]]]:
    rows, warnings = Rows(io.StringIO(text, newline=""), "people.csv"), []  # type: ignore[var-annotated]
    columns, width, first = read_header(rows, "people.csv", mapping, warnings)
    return RowParser(rows, columns, width, Profile(), {}, NOW, warnings), first


def people(text: str, **mapping: str) -> list[Person | Refusal]:
    made, first = parser(text, **mapping)
    return list(made.people(first))


def names(text: str, **mapping: str) -> list[tuple[str, str] | str]:
    """Return the address and the name of each person, or why there is none."""
    return [one.why if isinstance(one, Refusal) else (one[0], one[2]) for one in people(text, **mapping)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("email,name\nada@example.org,Ada  Example\n", [("ada@example.org", "Ada Example")]),
        ("email\nada@EXAMPLE.org\n", [("ada@example.org", "")]),
        ("email\nmailto:ada@example.org\n", [("ada@example.org", "")]),
        ('email\n"Ada Example <ada@example.org>"\n', [("ada@example.org", "Ada Example")]),
        ("email\nada@example.org (Ada Example)\n", [("ada@example.org", "Ada Example")]),
        (
            "ada@example.org (Ada  Example)\nben@example.org()\n",
            [("ada@example.org", "Ada Example"), ("ben@example.org", "")],
        ),
        ("First Name,Last Name,E-Mail\nAda,Example,ada@example.org\n", [("ada@example.org", "Ada Example")]),
        # A file without a header: addresses alone, or with names.
        ("ada@example.org\nben@example.org\n", [("ada@example.org", ""), ("ben@example.org", "")]),
        ("ada@example.org,Ada\n", [("ada@example.org", "Ada")]),
        # Cells that are missing are empty; those that are too many are an error unless empty.
        ("email,name\nada@example.org\n", [("ada@example.org", "")]),
        ("email,name\nada@example.org,Ada,,\n", [("ada@example.org", "Ada")]),
        ("email,name\nada@example.org,Ada,x\n", ["too many cells: 3 in 2 columns"]),
        ("email,name\n,,\n,Ada\n", ["email: missing"]),
        ("email,name\nada@example.org,'=Ada\n", [("ada@example.org", "=Ada")]),
        ("", []),
    ],
)
def test_a_row_is_an_address_and_a_name(text: str, expected: list[object]) -> None:
    assert names(text) == expected


def test_an_invalid_row_is_refused_with_its_line_and_the_next_is_read() -> None:
    first, second, third = people('email,name\nada@\n"ben@example.org\ncy@example.org,Cy\n')
    assert isinstance(first, Refusal)
    assert isinstance(second, Refusal)
    assert (first.place, second.place) == ("people.csv, line 2", "people.csv, line 3")
    assert not isinstance(third, Refusal)
    assert third[0] == "cy@example.org"


def test_the_columns_of_a_profile_and_of_the_state_are_read() -> None:
    text = "email,topics,hour,status\nada@example.org,robots; a OR b,7,unsubscribed\nben@example.org,,,\n"
    ada, ben = people(text)
    assert not isinstance(ada, Refusal)
    assert not isinstance(ben, Refusal)
    assert ([topic.query for topic in ada[3].topics], ada[3].hour) == (["robots", "a OR b"], 7)
    assert ada[4] is not None
    assert ada[4].status is Status.UNSUBSCRIBED
    assert (ben[3], ben[4]) == (Profile(), None)


def test_the_fields_that_a_row_has_are_kept_if_somebody_asks() -> None:
    made, first = parser("email,topics,hour\nada@example.org,robots|pears,\n")
    made.given = {}
    assert len(list(made.people(first))) == 1
    assert made.given is not None
    assert made.fields(made.given["ada@example.org"]) == {"topics": "robots\npears"}


def test_latin_1_is_read_with_one_warning_but_not_in_an_address() -> None:
    text = "email,name\nada@example.org,Ad\udce9\nben@example.org,B\udce9n\nc\udce9@example.org,Cy\n"
    made, first = parser(text)
    ada, ben, cy = made.people(first)
    assert not isinstance(ada, Refusal)
    assert not isinstance(ben, Refusal)
    assert (ada[2], ben[2]) == ("Adé", "Bén")
    assert isinstance(cy, Refusal)
    assert cy.why == "email: not UTF-8"
    assert made.warnings == ["people.csv, line 2: some text is not UTF-8, and was taken for Latin-1"]


@pytest.mark.parametrize("text", ["name,topics\nAda,x\n", "Ada Example,x\n", "Ada\n"])
def test_a_file_without_addresses_is_an_error_that_names_the_columns(text: str) -> None:
    with pytest.raises(ConfigError, match="line 1: missing column: email") as caught:
        parser(text)
    assert "--map email=COLUMN" in str(caught.value.hint)


def test_a_column_may_be_mapped_and_others_are_reported_as_ignored() -> None:
    text = "Contact,Shoe size\nada@example.org,38\n"
    assert names(text, email="Contact") == [("ada@example.org", "")]
    made, _ = parser(text, email="Contact")
    assert made.warnings == ["people.csv: ignored columns: Shoe size"]


@given(st.lists(st.lists(st.text(max_size=8) | st.just("ada@example.org"), max_size=4), max_size=6))
def test_any_row_is_a_person_or_a_refusal(rows: list[list[str]]) -> None:
    cells = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    for one in people("\n".join(["email,name,topics", *cells])):
        assert one.why if isinstance(one, Refusal) else "@" in one[0]


_emails = st.from_regex(r"[A-Za-z0-9._+-]{1,12}@[A-Za-z0-9.-]{1,20}\.[a-z0-9-]{1,6}", fullmatch=True)


@given(email=_emails | st.emails() | st.from_regex(_PLAIN_EMAIL, fullmatch=True))
def test_addresses_that_match_the_fast_check_are_in_their_normal_form(email: str) -> None:
    if email.isascii() and _PLAIN_EMAIL.fullmatch(email):
        assert parse_address(email) == email


@given(cell=st.text(max_size=12))
def test_no_exported_cell_is_a_formula_and_each_is_read_back(cell: str) -> None:
    assert not quoted(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unquoted(quoted(cell)) == cell


_plain = st.builds(
    "{}{}@{}".format, st.sampled_from("abc"), st.integers(0, 99), st.sampled_from(("x.org", "y.example"))
)
_odd = st.sampled_from((
    "", "a@b@x.org", "d.org", "A <a@x.org>", "\n@x.org", "a\nb@x.org", "a@x", "é@x.org", "a@é.org", f"{'a' * 65}@x.org",
    "a@X.org", " a@x.org", ".a@x.org", "a.@x.org", "'+a@x.org", "a@-x.org", "a@\udce9.org",
))  # fmt: skip
_cells = st.tuples(
    st.one_of(_plain, _plain, _plain, _odd),
    st.sampled_from(("Ann", "Ann", "Ben  Z", " Cy", "'=D", "|E|'", "F\u0301", "G\udce9", "", "H\nI")),
    st.sampled_from(("robots", "robots", "a;b", "(", "")),
    st.sampled_from(("active", "active", "cleaned", "pending", "what?")),
).map(list)


@given(rows=st.lists(st.one_of(_cells, _cells.map(lambda cells: [*cells, ""])), max_size=40))
def test_a_block_has_the_same_people_as_its_rows_one_by_one(rows: list[list[str]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([["email", "name", "topics", "status"], *rows])
    in_blocks, first = parser(file.getvalue())
    with patch.object(import_rows, "_FEW", 2):
        people = list(in_blocks.people(first))
    one_by_one, first = parser(file.getvalue())
    with patch.object(RowParser, "_plain", return_value=None):
        assert people == list(one_by_one.people(first))
    assert in_blocks.warnings == one_by_one.warnings


def test_a_block_is_read_as_a_whole_except_for_the_part_that_is_not_plain() -> None:
    rows = [f"a{number}@example.org,Ann\n" for number in range(500)]
    rows[123] = "Ann <a@example.org>,Ann\n"
    made, first = parser("".join(["email,name\n", *rows]))
    with patch.object(RowParser, "person", autospec=True, side_effect=RowParser.person) as person:
        assert [found[2] for found in made.people(first) if not isinstance(found, Refusal)] == ["Ann"] * 500
    assert person.call_count < 32
