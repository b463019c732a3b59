from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.files.site import Site, samples
from newsletter.store import open_store
from tests.cli.test_init import ADA, init


def todays_papers(request: Request) -> Response:
    today = request.args["date"] == datetime.now(UTC).date().isoformat()
    body = (samples() / "huggingface-2026-05-08.json").read_bytes() if today else b"[]"
    return Response(body, content_type="application/json")


def test_it_ends_with_a_preview_of_todays_papers(
    tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/api/daily_papers").respond_with_handler(todays_papers)
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for(""))

    made = init(str(tmp_path), *ADA)

    assert (made.exit_code, made.stderr) == (0, "")
    assert "papers for you, out of 36 new." in " ".join(made.stdout.split())
    assert f"{tmp_path} is a site. Next:" in made.stdout.splitlines()[-4:]


def test_without_a_network_the_preview_is_of_samples_and_says_so(
    tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    httpserver.expect_request("/api/daily_papers").respond_with_data("gone", status=410)
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for(""))

    made = init(str(tmp_path), "--yes")

    assert made.exit_code == 0
    assert "these are invented samples" in made.stderr
    assert "out of 36 new." in made.stdout
    with open_store(Site(tmp_path).store) as store:
        assert store.papers.count() == 0


def test_slow_sources_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, ended = Event(), Event()

    def pull(*_arguments: object) -> None:
        go_on.wait(120)
        ended.set()

    monkeypatch.setattr("newsletter.cli.first_preview.TIMEOUT_S", 0.05)
    monkeypatch.setattr("newsletter.pipeline.pull_due.pull_configured", pull)
    made = init(str(tmp_path), *ADA)
    assert not ended.is_set()
    go_on.set()
    assert made.exit_code == 0
    assert "the sources took too long: no response within 0.05 s" in made.stderr
    assert "out of 36 new." in made.stdout
