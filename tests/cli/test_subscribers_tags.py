from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Newsletter


def test_subscribers_are_tagged_listed_by_tag_and_shown(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org", "--tag", "Lab")
    newsletter("subscribers", "add", "grace@example.org")

    added = newsletter("subscribers", "tag", "add", "lab", "ada@example.org", "grace@example.org", "phd students")

    assert added.stdout == "3 tags added\n"
    assert newsletter("subscribers", "tag", "remove", "grace@example.org", "LAB").stdout == "1 tag removed\n"
    assert json.loads(newsletter("subscribers", "tag", "--json").stdout) == {"lab": 1, "phd students": 2}
    assert "phd students            2" in newsletter("subscribers", "tag").stdout
    assert "grace" not in newsletter("subscribers", "list", "--tag", "lab", "--tag", "PhD students").stdout
    listed = json.loads(newsletter("subscribers", "list", "--tag", "lab", "--json").stdout)
    assert [(one["email"], one["tags"]) for one in listed] == [("ada@example.org", ["lab", "phd students"])]
    assert "tags: lab, phd students\n" in newsletter("subscribers", "show", "ada@example.org").stdout
    assert newsletter("subscribers", "list", "--tag", "none").stdout == "Nobody has the tag none.\n"


def test_a_mistake_changes_nothing(newsletter: Newsletter) -> None:
    assert newsletter("subscribers", "tag").stdout.startswith("No tags yet.")
    assert newsletter("subscribers", "tag", "add", "lab").exit_code == 2
    assert "nobody@example.org" in newsletter("subscribers", "tag", "add", "lab", "nobody@example.org").stderr
    assert newsletter("subscribers", "add", "ada@example.org", "--tag", "a,b").exit_code == 1
    assert newsletter("subscribers").stdout.startswith("No subscribers yet.")


def test_an_import_tags_everybody_in_the_file(newsletter: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("email,tags\nann@example.org,lab\n", encoding="utf-8")
    newsletter("subscribers", "import", "people.csv", "--tag", "Spring 2026")
    assert json.loads(newsletter("subscribers", "tag", "--json").stdout) == {"lab": 1, "spring 2026": 1}
