"""`newsletter suppressions`: every address in a list is suppressed, and a list comes back equal."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Newsletter


def listed(newsletter: Newsletter, *site: str) -> dict[str, str]:
    entries = json.loads(newsletter(*site, "suppressions", "list", "--json").stdout)
    return {one["email"]: one["reason"] for one in entries}


def test_addresses_are_suppressed_and_the_suppression_is_removed(newsletter: Newsletter) -> None:
    assert newsletter("suppressions").stdout == "no suppressed addresses\n"
    newsletter("suppressions", "add", "Ann@example.org", "bob@example.org", "--reason", "by phone")
    assert "already suppressed" in newsletter("suppressions", "add", "ann@example.org").stdout
    assert listed(newsletter) == {"ann@example.org": "by phone", "bob@example.org": "by phone"}
    assert newsletter("subscribers", "add", "ann@example.org").exit_code != 0
    assert "was suppressed: by phone" in newsletter("suppressions", "remove", "ann@example.org").stdout
    assert newsletter("suppressions", "remove", "ann@example.org").exit_code != 0
    assert "by phone" in newsletter("suppressions", "list").stdout


def test_a_list_comes_back_equal_on_another_site(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("suppressions", "add", "ann@example.org", "--reason", "-5.1.1, no such user")
    newsletter("suppressions", "export", "list.csv")
    newsletter("init", "other")
    assert newsletter("--site", "other", "suppressions", "import", "list.csv").stdout.startswith("1 suppressed, 0 al")
    assert listed(newsletter, "--site", "other") == listed(newsletter)
    assert newsletter("--site", "other", "suppressions", "export").stdout == (tmp_path / "list.csv").read_text()


def test_every_address_of_a_table_is_suppressed_whatever_its_status(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "a@x.example")
    table = b"Email Address;Status;Reason\na@x.example;active;\nb@x.example;pending;hard bounce\nnobody;;\n"
    result = newsletter("suppressions", "import", "-", "--reason", "list", stdin=table)
    assert (result.exit_code, result.stdout) == (1, "2 suppressed, 0 already were, 1 refused\n")
    assert listed(newsletter) == {"a@x.example": "list", "b@x.example": "hard bounce"}
