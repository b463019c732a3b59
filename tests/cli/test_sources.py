from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import Newsletter

PAPER = {"id": "2605.99001", "title": "Quiet Kettles", "summary": "They boil.", "authors": [{"name": "Ada"}]}


@pytest.fixture
def api(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """An API of Hugging Face that lists one paper every day."""
    httpserver.expect_request("/api/daily_papers").respond_with_json([{"paper": PAPER}])
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for(""))
    return httpserver


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


def test_every_kind_of_source_is_explained(newsletter: Newsletter) -> None:
    from newsletter.sources import all_sources

    overview = newsletter("sources", "--help").stdout
    for name, source in all_sources().items():
        assert f"newsletter pull {name} {source.example}" in overview
        explained = newsletter("sources", name).stdout
        assert explained.startswith(f"{name}: {source.summary}\n")
        about = json.loads(newsletter("sources", name, "--json").stdout)
        assert (about["kind"], {one["name"] for one in about["settings"]} >= {"follow"}) == (name, bool(source.follows))
