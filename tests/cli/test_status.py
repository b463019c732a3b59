"""`newsletter status`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Newsletter


def test_a_new_site_is_all_right_on_one_screen(newsletter: Newsletter, page: Path) -> None:
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "ada@example.org", "--topic", "in-context learning", "--hour", "0")
    newsletter("send")
    result = newsletter("status")
    assert result.exit_code == 0
    assert "everything is all right" in result.stdout
    assert len(result.stdout.splitlines()) <= 24
    assert "1 message in the outbox" in result.stdout
    for label in ("last run", "edition", "source", "failures", "bounces", "subscribers", "disk", "versions"):
        assert f"\n{label}" in result.stdout


def test_a_problem_comes_first_and_exits_with_1(newsletter: Newsletter, tmp_path: Path) -> None:
    config = tmp_path / "newsletter.toml"
    text = config.read_text(encoding="utf-8").replace(
        'kind = "huggingface"', 'kind = "feed"\nfollow = ["http://127.0.0.1:1/"]'
    )
    config.write_text(text, encoding="utf-8")
    newsletter("run")
    result = newsletter("status")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1].startswith("  ! feed http://127.0.0.1:1/: the last pull failed")

    shown = newsletter("status", "--json")
    found = json.loads(shown.stdout)
    assert shown.exit_code == 1
    assert [source["health"] for source in found["sources"]] == ["failing"]
    assert found["runs"]["last"]["is_clean"] is False
    assert found["disk"]["free"] > 0


def test_a_store_that_cannot_be_used_exits_with_1(newsletter: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "newsletter.db").write_bytes(b"no database at all" * 100)
    result = newsletter("status")
    assert result.exit_code == 1
    assert "newsletter.db" in result.stderr
