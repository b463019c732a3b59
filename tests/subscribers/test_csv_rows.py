"""Rows are the same whether lines are read at once or one by one, whatever is in them."""

from __future__ import annotations

import io
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ProfileError
from newsletter.limits import CELL
from newsletter.subscribers import csv_rows
from newsletter.subscribers.csv_rows import Rows

_cells = st.sampled_from(
    ("a@x.org", "b@y.org", "Ann", "", '"q', 'q"', '"two\nlines"', '"a,b"', '"a""b"', "x\x00y", "é")
)
_lines = st.lists(st.lists(_cells, min_size=1, max_size=3).map(",".join), max_size=8)


def read(text: str, at_once: int) -> list[tuple[str, str]]:
    with patch.object(csv_rows, "_LINES_AT_ONCE", at_once):
        rows = Rows(io.StringIO(text, newline=""), "x.csv")
        return [(rows.place, str(row) if isinstance(row, ProfileError) else "|".join(row)) for row in rows]


@given(lines=_lines, end=st.sampled_from(("\n", "\r\n")))
def test_rows_do_not_depend_on_how_many_lines_are_read_at_once(lines: list[str], end: str) -> None:
    text = end.join(["email,name,note", *lines])
    assert read(text, 1000) == read(text, 1) == read(text, 3)


def test_the_place_of_a_row_is_where_it_begins() -> None:
    text = 'email,name\na@x.org,"two\nlines"\nb@x.org,B\nc@x.org,"C\nd@x.org,D\n'
    assert [(place.partition("line ")[2], row) for place, row in read(text, 1000)] == [
        ("1", "email|name"), ("2", "a@x.org|two\nlines"), ("4", "b@x.org|B"),
        ("5", "not valid CSV: a quote is left open"), ("6", "d@x.org|D"),
    ]  # fmt: skip


def test_the_header_decides_how_long_a_cell_of_the_first_row_may_be() -> None:
    rows = Rows(["email,feedback\n", f"ann@example.org,{'x' * (CELL + 1)}\n"], "a.csv")
    assert next(iter(rows)) == ["email", "feedback"]
    rows.allow_long_cells()
    assert [*rows] == [["ann@example.org", "x" * (CELL + 1)]]
