from __future__ import annotations

import pytest

from tests.cli.conftest import Newsletter


@pytest.mark.parametrize(
    ("group", "old", "arguments", "present"),
    [
        ((), "returns", (), "bounces"),
        (("subscribers",), "leave", ("ada@example.org",), "unsubscribe"),
        (("subscribers",), "forget", ("ada@example.org", "--yes"), "erase"),
    ],
)
def test_an_old_command_works_and_prints_its_present_name(
    newsletter: Newsletter, group: tuple[str, ...], old: str, arguments: tuple[str, ...], present: str
) -> None:
    newsletter("subscribers", "add", "ada@example.org")

    result = newsletter(*group, old, *arguments)

    assert result.exit_code == 0
    assert f"'{old}' is called '{present}' since" in result.stderr
    assert old not in newsletter(*group, "--help").stdout.split()


def test_an_old_option_works_and_is_not_in_help(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org")
    newsletter("subscribers", "unsubscribe", "ada@example.org")

    assert newsletter("subscribers", "resume", "ada@example.org", "--they-asked").exit_code == 0
    shown = newsletter("subscribers", "resume", "--help").stdout
    assert "--resubscribe" in shown
    assert "--they-asked" not in shown
