"""`newsletter upgrade-check`: outside a site, against a real HTTP server."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from pytest_httpserver import HTTPServer

from newsletter import DISTRIBUTION, __version__
from newsletter.cli import main
from newsletter.errors.installation import installation


@pytest.mark.parametrize(("version", "code"), [(__version__, 0), ("99.0", 1)])
def test_it_says_what_to_type_if_there_is_a_newer_release(httpserver: HTTPServer, version: str, code: int) -> None:
    httpserver.expect_request(f"/pypi/{DISTRIBUTION}/json").respond_with_json({"releases": {version: [{}]}})
    command = ["upgrade-check", "--index", httpserver.url_for("")]

    shown, document = (CliRunner().invoke(main, [*command, *more]) for more in ([], ["--json"]))

    assert (shown.exit_code, document.exit_code) == (code, code)
    assert (installation().upgrade_command() in shown.stdout) == bool(code)
    assert json.loads(document.stdout)["is_newer"] is bool(code)


def test_without_an_index_it_is_one_line_and_a_code_of_its_own() -> None:
    result = CliRunner().invoke(main, ["upgrade-check", "--index", "http://127.0.0.1:9"])

    assert (result.exit_code, len(result.stderr.splitlines())) == (69, 1)
