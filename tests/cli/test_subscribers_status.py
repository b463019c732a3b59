from __future__ import annotations

import json

from tests.cli.conftest import Newsletter


def test_an_unsubscribed_address_is_only_resumed_on_request(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org")
    newsletter("subscribers", "unsubscribe", "ada@example.org")

    assert newsletter("subscribers", "add", "ada@example.org").exit_code == 1
    assert newsletter("subscribers", "resume", "ada@example.org").exit_code == 1
    assert newsletter("subscribers", "resume", "ada@example.org", "--resubscribe").exit_code == 0


def test_pause_and_resume(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org")
    newsletter("subscribers", "pause", "ada@example.org")
    assert "paused since" in newsletter("subscribers", "show", "ada@example.org").stdout

    newsletter("subscribers", "resume", "ada@example.org")
    assert "active since" in newsletter("subscribers", "show", "ada@example.org").stdout


def test_erasing_needs_a_confirmation(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org")

    refused = newsletter("subscribers", "erase", "ada@example.org")
    assert refused.exit_code == 2
    assert "confirm with --yes" in refused.stderr
    assert newsletter("subscribers", "erase", "ada@example.org", "--yes").stdout == "erased ada@example.org\n"
    assert json.loads(newsletter("subscribers", "--json").stdout) == []
