from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from newsletter import __version__
from newsletter.errors import SourceError
from newsletter.sources.http import get, open_client


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes a connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def address_of(server: socket.socket) -> str:
    return "http://{}:{}/".format(*server.getsockname())


def test_the_client_says_who_it_is(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("hello")
    for contact in (None, "ops@example.org"):
        with open_client(contact) as http:
            get(http, httpserver.url_for("/"))
    assert [request.headers["User-Agent"] for request, _ in httpserver.log] == [
        f"newsletter/{__version__} (research paper digests)",
        f"newsletter/{__version__} (research paper digests; ops@example.org)",
    ]


def test_parameters_and_answer_go_through(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/list", query_string={"date": "2026-05-08", "p": "0"}).respond_with_data("hello")
    with open_client() as http:
        assert get(http, httpserver.url_for("/list"), {"date": "2026-05-08", "p": 0}).content == b"hello"


def test_redirects_are_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/old").respond_with_data(status=301, headers={"Location": "/new"})
    httpserver.expect_request("/new").respond_with_data("moved")
    with open_client() as http:
        assert get(http, httpserver.url_for("/old")).text == "moved"


def test_redirects_without_end_are_an_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/round").respond_with_data(status=302, headers={"Location": "/round"})
    with open_client() as http, pytest.raises(SourceError, match=r"/round: cannot be reached \(Exceeded maximum"):
        get(http, httpserver.url_for("/round"))
    assert len(httpserver.log) == 6


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "answered 400 BAD REQUEST"),
        (404, "answered 404 NOT FOUND"),
        (429, "answered 429 TOO MANY REQUESTS (too many requests: wait some minutes)"),
        (500, "answered 500 INTERNAL SERVER ERROR"),
    ],
)
def test_a_status_that_is_no_success_is_an_error(httpserver: HTTPServer, status: int, message: str) -> None:
    httpserver.expect_request("/").respond_with_data("<html>long words</html>", status=status)
    with open_client() as http, pytest.raises(SourceError) as caught:
        get(http, httpserver.url_for("/"))
    assert str(caught.value) == f"{httpserver.url_for('/')}: {message}"


def test_a_status_that_is_expected_is_an_answer(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("not yet", status=400)
    with open_client() as http:
        assert get(http, httpserver.url_for("/"), none_on=400).status_code == 400


def test_a_refused_connection_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = address_of(server)
    with open_client() as http, pytest.raises(SourceError) as caught:
        get(http, address)
    assert str(caught.value).startswith(f"{address}: cannot be reached (")
    assert "refused" in str(caught.value)
    assert caught.value.hint == "check the network, or pull from a saved file"


def test_a_server_that_does_not_answer_is_given_up(silent: socket.socket) -> None:
    with open_client() as http:
        assert http.timeout.read == 30.0
        http.timeout = 0.05
        with pytest.raises(SourceError) as caught:
            get(http, address_of(silent))
    assert str(caught.value) == f"{address_of(silent)}: no answer in 30 s (try again later)"


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "http://[",
        "http://\u2603..example/",
        f"http://{'a' * 80}.example/",
        "http://127.0.0.1:99999999/",
        "http://exa mple.invalid/",
        "file:///etc/hostname",
        "",
    ],
)
def test_an_address_that_is_none_is_an_error(address: str) -> None:
    with open_client() as http, pytest.raises(SourceError, match="cannot be reached"):
        get(http, address)


def test_an_answer_that_is_not_compressed_as_it_says_is_an_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("plain", headers={"Content-Encoding": "gzip"})
    with open_client() as http, pytest.raises(SourceError, match="cannot be reached"):
        get(http, httpserver.url_for("/"))
