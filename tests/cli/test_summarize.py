from __future__ import annotations

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import Newsletter


@pytest.fixture
def ada(newsletter: Newsletter, page: Path) -> Newsletter:
    """A site with two papers and one subscriber."""
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", "ada@example.org", "--topic", "in-context learning", "--name", "Ada")
    return newsletter


def test_papers_are_summarized_once(ada: Newsletter, tmp_path: Path, httpserver: HTTPServer) -> None:
    assert "no model is configured" in ada("summarize").stderr
    response = {"choices": [{"message": {"content": "Sheep stay calm when they are counted."}}]}
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_json(response)
    config = tmp_path / "newsletter.toml"
    group = f'[summaries]\nbase_url = "{httpserver.url_for("/v1")}"\nmodel = "x"\nlanguages = "en, de"\n'
    config.write_text(config.read_text(encoding="utf-8") + group, encoding="utf-8")

    assert ada("summarize").stdout == "4 papers summarized\n"
    assert ada("summarize").stdout == "0 papers summarized\n"
    assert "Sheep stay calm when they are counted." in ada("preview", "ada@example.org", "--text").stdout
