from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import Newsletter

PAPER = {"id": "2605.99001", "title": "Quiet Kettles", "summary": "They boil.", "authors": [{"name": "Ada"}]}


@pytest.fixture
def api(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """A Hugging Face that lists one paper every day."""
    httpserver.expect_request("/api/daily_papers").respond_with_json([{"paper": PAPER}])
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for(""))
    return httpserver


def requested(api: HTTPServer) -> list[str]:
    return [request.args.get("date") or request.args.get("sort", "") for request, _ in api.log]


@pytest.mark.usefixtures("api")
def test_a_dry_run_stores_nothing(newsletter: Newsletter) -> None:
    result = newsletter("pull", "--dry-run")
    assert result.exit_code == 0
    assert "dry run: nothing was stored" in result.stdout
    assert "the store holds no papers yet" in newsletter("papers").stderr
    assert "never" in newsletter("sources").stdout


def test_since_pulls_all_days_since(newsletter: Newsletter, api: HTTPServer) -> None:
    first = datetime.now(UTC).date() - timedelta(days=2)
    newsletter("pull", "huggingface", "--since", first.isoformat())
    assert requested(api) == [(first + timedelta(days=days)).isoformat() for days in range(3)]


def test_arguments_replace_what_is_configured(newsletter: Newsletter, api: HTTPServer) -> None:
    (report,) = json.loads(newsletter("pull", "huggingface", "trending", "--json").stdout)
    assert (report["source"], requested(api)) == ("huggingface trending", ["trending"])


def test_a_setting_may_be_an_option(newsletter: Newsletter, api: HTTPServer) -> None:
    newsletter("pull", "huggingface", "--set", "follow=daily,trending", "--date", "2026-05-08")
    assert requested(api) == ["2026-05-08", "trending"]


def test_a_kind_alone_is_pulled_as_it_is_configured(newsletter: Newsletter, api: HTTPServer) -> None:
    Path("newsletter.toml").write_text(
        '[[sources]]\nkind = "page"\n[[sources]]\nkind = "huggingface"\nfollow = ["trending"]\n', encoding="utf-8"
    )
    (report,) = json.loads(newsletter("pull", "huggingface", "--json").stdout)
    assert (report["source"], requested(api)) == ("huggingface trending", ["trending"])


@pytest.mark.usefixtures("api")
def test_a_failing_source_does_not_stop_the_others(newsletter: Newsletter) -> None:
    Path("newsletter.toml").write_text(
        '[[sources]]\nkind = "page"\n[[sources]]\nkind = "huggingface"\n', encoding="utf-8"
    )
    result = newsletter("pull")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("newsletter: page: nothing to read")
    assert "failed: see below" in result.stdout
    assert "Quiet Kettles" in newsletter("papers").stdout
    assert "nothing to read" in newsletter("sources").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("pull", "huggingface", "hourly"), 1, "huggingface: follow: "),
        (
            ("pull", "huggingface", "--set", "folow=daily"),
            1,
            "huggingface: folow: no such setting (did you mean follow?)",
        ),
        (("pull", "huggingface", "--set", "daily"), 2, "expected NAME=VALUE"),
        (("pull", "huggingface", "gone.json"), 1, "gone.json: no such file"),
        (("pull", "huggingface", "days/"), 1, "days/: no such file"),
        (
            ("pull", "huggingface", "newsletter.toml", "trending"),
            1,
            "trending: no such file (newsletter.toml is a file",
        ),
        (("pull", "--since", "2026-05-08", "--date", "2026-05-08"), 2, "exclude each other"),
        (("pull", "--since", "2999-01-01"), 2, "in the future"),
        (("sources", "gopher"), 1, "gopher"),
    ],
)
def test_a_wrong_command_line_is_explained(
    newsletter: Newsletter, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    result = newsletter(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert complaint in result.stderr


@pytest.mark.usefixtures("api")
def test_sources_are_listed_with_their_last_pull(newsletter: Newsletter) -> None:
    assert "never" in newsletter("sources").stdout
    newsletter("pull")
    (row,) = json.loads(newsletter("sources", "--json").stdout)
    assert (row["source"], row["error"], row["pulled_at"][:10]) == (
        "huggingface",
        None,
        f"{datetime.now(UTC):%Y-%m-%d}",
    )


def test_every_kind_of_source_explains_itself(newsletter: Newsletter) -> None:
    from newsletter.sources import all_sources

    overview = newsletter("sources", "--help").stdout
    for name, source in all_sources().items():
        assert f"newsletter pull {name} {source.example}" in overview
        explained = newsletter("sources", name).stdout
        assert explained.startswith(f"{name}: {source.summary}\n")
        about = json.loads(newsletter("sources", name, "--json").stdout)
        assert (about["kind"], {one["name"] for one in about["settings"]} >= {"follow"}) == (name, bool(source.follows))


@pytest.mark.usefixtures("api")
def test_a_source_that_is_not_due_is_not_pulled(newsletter: Newsletter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.pipeline.pull_due.not_before", lambda *_: datetime(2999, 1, 1, 8, 5, tzinfo=UTC))
    assert "pulled recently: not due before 08:05 UTC" in newsletter("pull").stdout
    assert "nothing listed" not in newsletter("pull", "huggingface").stdout
