from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from newsletter.cli.tables import print_table, visible
from tests.cli.conftest import Newsletter

#: As wide as the widest table there is, in Latin letters, wide ones, combining ones, and what a terminal acts on.
TABLES = st.integers(1, 9).flatmap(
    lambda count: st.tuples(
        st.lists(st.sampled_from(["edition", "subscriber", "what happened", "編集"]), min_size=count, max_size=count),
        st.lists(st.lists(cells(), min_size=count, max_size=count), max_size=5),
    )
)


def cells() -> st.SearchStrategy[object]:
    texts = st.text(st.sampled_from("ab -/@.é日本語e\u0301\x1b\n\t"), max_size=120)
    return texts | st.none() | st.integers(0, 10**9)


def printed(
    headers: Sequence[str], rows: Sequence[Sequence[object]], columns: int | None, optional: Sequence[str] = ()
) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        if columns is not None:
            patch.setenv("COLUMNS", str(columns))
        patch.setattr(sys, "stdout", output := io.StringIO())
        print_table(headers, rows, optional=optional)
        return output.getvalue()


@pytest.mark.parametrize("columns", [40, 80, 200])
@given(table=TABLES)
def test_no_line_is_longer_than_the_terminal_is_wide_and_no_letter_is_lost(
    columns: int, table: tuple[list[str], list[list[object]]]
) -> None:
    headers, rows = table

    output = printed(headers, rows, columns)

    assert max(map(cell_len, output.splitlines())) <= columns
    cell_texts = [visible(str(cell)) for row in rows for cell in row if cell is not None]
    for letter in "ab@日本語0123456789":
        assert output.count(letter) == "".join([*headers, *cell_texts]).count(letter)


ROWS = [("daily-2026-05-08", 12, "550 5.1.1 The email account that you tried to reach does not exist.")]
HEADERS = ("edition", "attempts", "response")


def test_a_pipe_gets_whole_lines_so_that_grep_finds_them() -> None:
    long = "word " * 200

    assert printed(HEADERS, [("a", 1, long)], None).splitlines()[-1] == f"a               1  {long.rstrip()}"


def test_a_table_that_fits_has_the_width_of_its_content() -> None:
    assert printed(HEADERS, ROWS, 200) == printed(HEADERS, ROWS, None)


def test_text_is_wrapped_between_words() -> None:
    assert [line[28:] for line in printed(HEADERS, ROWS, 60).splitlines()[2:]] == [
        "550 5.1.1 The email account that",
        "you tried to reach does not",
        "exist.",
    ]


def test_an_address_stays_whole_while_the_response_beside_it_is_wrapped() -> None:
    rows = [("somebody.with.a.name@example.org", "the mailbox is full and nobody empties it " * 3)]

    assert "somebody.with.a.name@example.org" in printed(("subscriber", "response"), rows, 50)


def test_the_least_important_columns_are_left_out_where_wrapping_is_not_enough() -> None:
    headers = ("edition", "planned", "sent", "state")
    rows = [("daily-2026-05-08", 1200, 1180, "in progress")]

    assert printed(headers, rows, 200, ("planned", "sent")).splitlines()[0].split() == list(headers)
    assert printed(headers, rows, 40, ("planned", "sent")).splitlines()[0].split() == ["edition", "sent", "state"]
    assert printed(headers, rows, 30, ("planned", "sent")).splitlines()[0].split() == ["edition", "state"]


def test_numbers_stand_on_the_right() -> None:
    assert printed(("id", "number"), [("x", 1), ("y", 100)], 80).splitlines()[2:] == ["x        1", "y      100"]


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_the_tables_of_commands_fit_and_json_is_complete(
    newsletter: Newsletter, page: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "somebody.with.a.long.name@example.org", "--hour", "0")
    newsletter("send")
    complete = {command: newsletter(command, "--json").stdout for command in ("deliveries", "subscribers", "templates")}
    monkeypatch.setenv("COLUMNS", columns)

    for command, output in complete.items():
        assert max(map(cell_len, newsletter(command).stdout.splitlines())) <= int(columns)
        assert newsletter(command, "--json").stdout == output
