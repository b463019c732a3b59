from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Newsletter


def test_a_paper_is_explained(newsletter: Newsletter, tmp_path: Path) -> None:
    rows = [{"paper": {"id": "2605.99001", "title": "Quiet Kettles", "summary": "They boil.", "upvotes": 9}}]
    (tmp_path / "2026-05-08.json").write_text(json.dumps(rows), encoding="utf-8")
    newsletter("pull", "huggingface", "2026-05-08.json")
    newsletter("subscribers", "add", "ada@example.org", "--topic", "kettle")

    explained = newsletter("explain", "2605.99001", "--for", "ada@example.org")
    assert explained.exit_code == 0
    for words in ("Quiet Kettles", "number 1 of 1", "matches kettle", "total"):
        assert words in explained.stdout
    assert json.loads(newsletter("explain", "2605.99001", "--for", "ada@example.org", "--json").stdout)["total"] > 1
    assert "no paper with the id '2605.00000'" in newsletter("explain", "2605.00000", "--for", "ada@example.org").stderr


def test_a_day_without_a_digest_is_explained(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org", "--topic", "kettle", "--cadence", "weekdays")

    explained = newsletter("explain", "--for", "ada@example.org", "--day", "2099-05-03")
    assert explained.stdout.startswith(
        "nothing on 3 May 2099 because it is a Sunday, and the cadence is Monday to Friday\nnext email: "
    )
    found = json.loads(newsletter("explain", "--for", "ada@example.org", "--json").stdout)
    assert found["next_email"]["at"]
    assert newsletter("explain", "2605.99001", "--for", "ada@example.org", "--day", "2099-05-03").exit_code == 2


def test_the_next_email_is_shown_with_the_subscriber(newsletter: Newsletter) -> None:
    newsletter("subscribers", "add", "ada@example.org", "--topic", "kettle")

    shown = newsletter("subscribers", "show", "ada@example.org")
    assert "\nnext email: " in shown.stdout
    assert json.loads(newsletter("subscribers", "show", "ada@example.org", "--json").stdout)["next_email"]["at"]
