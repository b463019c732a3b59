from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from newsletter.cli.output import finish, print_json, print_list, print_problems, progress


@dataclass(frozen=True)
class Thing:
    day: date
    moment: datetime
    place: Path


def test_dataclasses_are_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json([Thing(date(2026, 5, 8), datetime(2026, 5, 8, 9, tzinfo=UTC), Path("é/x"))])

    assert json.loads(capsys.readouterr().out) == [
        {"day": "2026-05-08", "moment": "2026-05-08T09:00:00+00:00", "place": "é/x"}
    ]


@pytest.mark.parametrize(
    ("found", "as_json", "printed"),
    [
        (["a", "b"], False, "name\n────\na\nb\n"),
        (["a", "b"], True, '[\n  "a",\n  "b"\n]\n'),
        ([], False, "nothing\n"),
        ([], True, "[]\n"),
    ],
)
def test_a_list_is_a_table_json_or_a_sentence(
    capsys: pytest.CaptureFixture[str], found: list[str], as_json: bool, printed: str
) -> None:
    print_list(found, ("name",), lambda one: [one], as_json=as_json, empty="nothing")
    assert capsys.readouterr().out == printed


def test_problems_beyond_twenty_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    print_problems([f"line {number}" for number in range(23)], "more refused")

    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.splitlines()[19:] == ["newsletter: line 19", "newsletter: and 3 more refused"]


def test_a_problem_cannot_act_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_problems(["a\x1b[2Jb\r\nc"])

    assert capsys.readouterr().err == "newsletter: a [2Jb  c\n"


@pytest.mark.parametrize(("clean", "code", "exit_code"), [(True, 0, 0), (False, 0, 1), (True, 143, 143)])
def test_exit_codes(clean: bool, code: int, exit_code: int) -> None:
    command = click.command()(lambda: finish(clean=clean, code=code))

    assert CliRunner().invoke(command).exit_code == exit_code


def test_progress_is_shown_on_terminals_only(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("pulling [x]") as show:
        show("page 2 [y]")

    assert "".join(capsys.readouterr()).strip() == ""
