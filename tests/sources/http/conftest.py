"""A client that does not really sleep, for the tests of HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from newsletter.sources.http.client import HttpClient


class Naps(list[float]):
    """A fake `sleep` that records its arguments."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def client(naps: Naps) -> Iterator[HttpClient]:
    with HttpClient(sleep=naps) as opened:
        yield opened


def in_turn(httpserver: HTTPServer, *responses: Response) -> str:
    """A URL that returns these responses one after the other."""
    for response in responses:
        httpserver.expect_ordered_request("/list").respond_with_response(response)
    return httpserver.url_for("/list")
