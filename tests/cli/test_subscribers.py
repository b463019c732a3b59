from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Newsletter


def test_a_subscriber_is_added(newsletter: Newsletter) -> None:
    added = newsletter("subscribers", "add", "ada@example.org", "--topic", "in-context learning", "--topic", "kettles")

    (ada,) = json.loads(newsletter("subscribers", "--json").stdout)

    assert added.stdout == "added ada@example.org: daily, from 08:00 UTC; In-context learning, kettles\n"
    assert (ada["email"], ada["status"], ada["origin"]) == ("ada@example.org", "active", "cli")
    assert [topic["name"] for topic in ada["profile"]["topics"]] == ["In-context learning", "kettles"]


def test_preferences_that_are_not_given_stay_as_they_are(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org", "--topic", "kettles", "--hour", "6")
    newsletter("subscribers", "edit", "ADA@example.org", "--cadence", "weekly", "--weekday", "friday")

    (ada,) = json.loads(newsletter("subscribers", "list", "--json").stdout)

    profile = ada["profile"]
    assert (profile["cadence"], profile["weekday"], profile["hour"], len(profile["topics"])) == (
        "weekly",
        "friday",
        6,
        1,
    )


def test_an_address_is_changed_and_the_profile_kept(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org", "--topic", "kettles")
    moved = newsletter("subscribers", "edit", "ada@example.org", "--address", "ada@new.example", "--hour", "6")
    assert moved.stdout == "changed ada@new.example: daily, from 06:00 UTC; kettles\n"

    newsletter("subscribers", "add", "ben@example.org")
    refused = newsletter("subscribers", "edit", "ada@new.example", "--hour", "9", "--address", "ben@example.org")

    assert (refused.exit_code, "already subscribed" in refused.stderr) == (1, True)
    ada, _ = json.loads(newsletter("subscribers", "--json").stdout)
    assert (ada["email"], ada["profile"]["hour"]) == ("ada@new.example", 6)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("add", "not an address"), "email: 'not an address' is not a valid email address"),
        (("add", "a@b.org\r\nBcc: x@y.org"), "is not a valid email address"),
        (("add", "ada@example.org", "--hour", "25"), "hour: a whole number from 0 to 23 is expected, not 25"),
        (("add", "ada@example.org", "--time-zone", "Mars/Base"), "time_zone: 'Mars/Base' is not a time zone"),
        (("add", "ada@example.org", "--time-zone", "../../etc/passwd"), "is not a time zone"),
        (("add", "ada@example.org", "--weekday", "someday"), "weekday: a day of the week is expected"),
        (("add", "ada@example.org", "--topic", "!!"), "'!!' has no letters or digits to search for"),
        (("edit", "nobody@example.org", "--hour", "6"), "no subscriber has the address 'nobody@example.org'"),
        (("unsubscribe", "12.forged"), "no subscriber has the address '12.forged'"),
        (("show", "nobody@example.org"), "no subscriber has the address"),
    ],
)
def test_an_invalid_option_is_a_one_line_error(
    newsletter: Newsletter, arguments: tuple[str, ...], complaint: str
) -> None:
    result = newsletter("subscribers", *arguments)

    assert result.exit_code == 1
    assert complaint in result.stderr.splitlines()[0]
    assert json.loads(newsletter("subscribers", "--json").stdout) == []


def test_an_edit_without_options_says_what_to_give(newsletter: Newsletter) -> None:
    assert newsletter("subscribers", "add", "ada@example.org").exit_code == 0
    result = newsletter("subscribers", "edit", "ada@example.org")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nothing to change: give --address, --name, or a preference, as --hour 6" in result.stderr


def test_the_list_is_shown_a_page_at_a_time(newsletter: Newsletter) -> None:
    for name in ("cleo", "ada", "ben"):
        newsletter("subscribers", "add", f"{name}@example.org")
    page = newsletter("subscribers", "list", "--limit", "2")
    assert [name in page.stdout for name in ("ada", "ben", "cleo")] == [True, True, False]
    assert page.stderr == "there are more: --after ben@example.org\n"
    rest = newsletter("subscribers", "list", "--limit", "2", "--after", "Ben@Example.org", "--json")
    assert [one["email"] for one in json.loads(rest.stdout)] == ["cleo@example.org"]
    assert (
        newsletter("subscribers", "list", "--after", "zoe@example.org").stdout
        == "Nobody comes after zoe@example.org.\n"
    )
    assert newsletter("subscribers", "list", "--after", "zoe@example.org", "--json").stdout == "[]\n"
