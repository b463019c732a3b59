"""The reference pages say what the code does, and every page that a hint names exists."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from newsletter import cli
from newsletter.config.schema import SETTINGS
from newsletter.files.site import docs_path
from newsletter.sources import all_sources
from tests.reference import FOLDER, GENERATED, commands, help_of, is_current

ROOT = Path(__file__).parent.parent
COMMANDS = list(commands(cli.main))


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_current(name: str) -> None:
    assert is_current(name), "run: make reference"


def test_every_visible_command_and_option_is_documented() -> None:
    page = (FOLDER / "commands.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## newsletter ?([^\n]*)\n\n```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))

    assert {tuple(heading.split()) for heading in sections} == set(COMMANDS)
    for path in COMMANDS:
        command: click.Command = cli.main
        for name in path:
            assert isinstance(command, click.Group)
            command = command.commands[name]
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.help
                assert option.opts[0] in sections[" ".join(path)]


def test_every_setting_is_documented() -> None:
    page = (FOLDER / "settings.md").read_text(encoding="utf-8")
    tables = dict(re.findall(r"^##+ `(.*?)`\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))

    for setting in SETTINGS:
        group, _, key = setting.name.partition(".")
        assert f"| `{key}` |" in tables[f"[{group}]"]
    assert {f'kind = "{kind}"' for kind in all_sources()} <= tables.keys()


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_no_summary_is_cut(path: tuple[str, ...], columns: int) -> None:
    _, _, listed = help_of(path, columns).partition("\nCommands:\n")

    assert "..." not in listed.partition("\n\n")[0]


@pytest.mark.parametrize("path", COMMANDS[1:], ids=" ".join)
def test_every_summary_is_one_line(path: tuple[str, ...]) -> None:
    *group, name = path
    _, _, listed = help_of(group).partition("\nCommands:\n")
    lines = listed.partition("\n\n")[0].splitlines()

    assert sum(line.startswith(f"  {name} ") for line in lines) == 1
    assert all(line[2] != " " for line in lines)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_holds_no_control_character(path: tuple[str, ...]) -> None:
    assert help_of(path).replace("\n", "").isprintable()


def test_every_page_that_the_program_names_exists() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "newsletter").rglob("*.py"))
    pages = set(re.findall(r'docs_path\("([^"]+)"\)', source))

    assert len(pages) > 3
    assert [page for page in pages if not (ROOT / "docs" / page).is_file()] == []
    assert {docs_path(page) for page in pages} == {f"docs/{page}" for page in pages}
