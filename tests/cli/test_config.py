from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Newsletter


def test_a_setting_is_set_got_listed_and_unset(newsletter: Newsletter) -> None:
    done = newsletter("config", "set", "smtp.host", "smtp.example.org", "site.name=Robots = Fun")

    assert (done.stdout, done.stderr) == ("smtp.host = smtp.example.org\nsite.name = Robots = Fun\n", "")
    assert newsletter("config", "get", "site.name").stdout == "Robots = Fun\n"
    assert "smtp.host       smtp.example.org" in newsletter("config").stdout
    assert newsletter("config", "unset", "smtp.host", "smtp.port").stdout == (
        "smtp.host is not set any more\nsmtp.port was not set\n"
    )
    missing = newsletter("config", "get", "smtp.host")
    assert (missing.exit_code, missing.stdout) == (1, "")


def test_a_secret_comes_from_stdin_and_is_not_listed(newsletter: Newsletter) -> None:
    done = newsletter("config", "set", "smtp.password", stdin="hush hush\n")

    assert done.stdout == "smtp.password = (not shown)\n"
    assert "hush" not in newsletter("config", "list", "--all", "--json").stdout
    assert newsletter("config", "get", "smtp.password").stdout == "hush hush\n"


def test_json_tells_where_a_value_comes_from(newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_SMTP_PORT", "25")

    found = {one["setting"]: one for one in json.loads(newsletter("config", "list", "--all", "--json").stdout)}

    assert [(found[name]["value"], found[name]["source"]) for name in ("site.name", "smtp.port", "smtp.timeout")] == [
        ("Daily Papers", "file"),
        (25, "environment"),
        (60, "default"),
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("set", "smtp.port", "many"), "smtp.port: a whole number from 1 to 65535 is expected, not 'many'"),
        (("set", "smtp.host", "a", "smtp.host=b"), "smtp.host: given twice"),
        (("set", "smtp.host"), "smtp.host: no value (newsletter config set smtp.host VALUE)"),
        (("set", "smtp.hots", "a"), "smtp.hots: no such setting (did you mean smtp.host?)"),
        (("set", "ranking.taste", "1"), "ranking.taste: no such setting (change it in newsletter.toml itself)"),
        (("get", "nothing"), "nothing: no such setting (see: newsletter config list --all)"),
        (("unset", "nothing"), "nothing: no such setting (see: newsletter config list --all)"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(
    newsletter: Newsletter, tmp_path: Path, arguments: tuple[str, ...], error: str
) -> None:
    before = (tmp_path / "newsletter.toml").read_bytes()

    done = newsletter("config", *arguments)

    assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"newsletter: {error}\n")
    assert (tmp_path / "newsletter.toml").read_bytes() == before


def test_a_value_may_begin_with_a_hyphen(newsletter: Newsletter) -> None:
    refused = newsletter("config", "set", "retention.papers_days", "-1")
    assert "retention.papers_days: a whole number from 0" in refused.stderr
    assert newsletter("config", "set", "site.name", "-s-").exit_code == 0
    assert newsletter("config", "get", "site.name").stdout == "-s-\n"
