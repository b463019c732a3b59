from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from newsletter.cli import main
from newsletter.cli.help_texts import complete_help
from newsletter.sources import all_sources

if TYPE_CHECKING:
    from collections.abc import Iterator


def make_group() -> click.Group:
    @click.group()
    def group() -> None:
        """Do things."""

    @group.command(epilog="\b\nExamples:\n  one\n  two\n\b\nFirst line.\nSecond line.")
    def long() -> None:
        """Do a thing that takes so many words to describe that no terminal has room for all of them. But it works.

        And more of it.
        """

    complete_help(group)
    return group


def help_of(*arguments: str) -> str:
    return CliRunner().invoke(make_group(), [*arguments, "--help"], env={"COLUMNS": "60"}).output


def test_the_summary_is_the_whole_first_sentence() -> None:
    listed = " ".join(help_of().partition("Commands:")[2].split())

    assert listed == ("long Do a thing that takes so many words to describe that no terminal has room for all of them.")


def test_lines_after_a_mark_are_not_wrapped() -> None:
    assert help_of("long").endswith("  Examples:\n    one\n    two\n\n  First line.\n  Second line.\n")


def context_of(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    return click.Context(command, info_name=name, parent=parent, **command.context_settings)


def commands(command: click.Command, ctx: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield a command and all that are below it, hidden ones and the kinds of source included."""
    yield command, ctx
    if isinstance(command, click.Group):
        names = [*command.commands, *(all_sources() if ctx.info_name == "sources" else ())]
        for name in names:
            below = command.get_command(ctx, name)
            assert below is not None
            yield from commands(below, context_of(below, name, ctx))


def too_long(command: click.Command, name: str) -> list[str]:
    """Return the lines of help that a terminal of 80 columns breaks."""
    found = commands(command, context_of(command, name))
    return [
        f"{ctx.command_path}: {line}" for one, ctx in found for line in one.get_help(ctx).splitlines() if len(line) > 80
    ]


def test_no_line_of_help_is_longer_than_a_terminal_is_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert too_long(main, "newsletter") == []


def test_a_long_line_of_help_is_found_wherever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.group()
    def group() -> None:
        pass

    @group.command(epilog="\b\nExamples:\n  " + "x" * 77)
    def one() -> None:
        pass

    monkeypatch.setenv("COLUMNS", "80")
    assert too_long(group, "group") == ["group one: " + " " * 4 + "x" * 77]


def test_the_commands_below_are_those_of_groups_and_the_kinds_of_source() -> None:
    paths = {ctx.command_path for _, ctx in commands(main, context_of(main, "newsletter"))}
    assert {"newsletter", "newsletter config set", "newsletter sources", "newsletter sources arxiv"} <= paths
