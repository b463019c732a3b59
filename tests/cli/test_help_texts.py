from __future__ import annotations

import click
from click.testing import CliRunner

from newsletter.cli.help_texts import complete_help


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
