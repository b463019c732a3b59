from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Newsletter


def test_a_topic_is_added_changed_for_its_readers_and_removed(newsletter: Newsletter) -> None:
    assert newsletter("topics", "add", "Pears", "-k", "pear").stdout == "added Pears: pear\n"
    newsletter("subscribers", "add", "ada@example.org", "--topic", "pears")
    assert newsletter("topics", "add", "pears", "-k", "pear", "-k", "orchard", "-x", "apple").exit_code == 0

    (ada,) = json.loads(newsletter("subscribers", "--json").stdout)
    assert ada["profile"]["topics"] == [{"name": "pears", "keywords": ["pear", "orchard"], "excluded": ["apple"]}]

    assert newsletter("topics", "remove", "Pears").exit_code == 0
    assert "Pears" not in newsletter("topics").stdout
    (ada,) = json.loads(newsletter("subscribers", "--json").stdout)
    assert ada["profile"]["topics"] == [{"name": "pears", "keywords": ["pear", "orchard"], "excluded": ["apple"]}]


def test_testing_a_topic_shows_what_it_would_bring_and_why(newsletter: Newsletter, page: Path) -> None:
    newsletter("pull", "page", str(page))

    result = newsletter("topics", "test", "robots")

    assert "title: robots" in result.stdout
    assert "A Gentle Robot for Orchards" in result.stdout
    assert "1 of the 2 papers seen in the last 7 days match robots" in result.stdout


def test_a_topic_that_is_not_there_cannot_be_removed(newsletter: Newsletter) -> None:
    result = newsletter("topics", "remove", "Kettles")

    assert (result.exit_code, result.stderr) == (
        1,
        "newsletter: no topic is called 'Kettles' (see: newsletter topics)\n",
    )
