from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter import __version__
from newsletter.errors import SourceError
from newsletter.models import Validators
from newsletter.sources.http.client import HttpClient
from newsletter.sources.http.ssrf import resolve as resolve_name
from tests.sources.http.conftest import Naps, in_turn

OK = Response("hello")


@contextmanager
def raw_server(*responses: bytes) -> Iterator[str]:
    """A server that sends each of these to one connection and closes it; for an empty one it never responds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def serve() -> None:
            for response in responses:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                if response:
                    connection.recv(65536)
                    connection.sendall(response)
                    connection.close()
                else:
                    held.append(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield "http://{}:{}/".format(*server.getsockname())
        for connection in held:
            connection.close()


# -- requests -----------------------------------------------------------------------------------------


def test_the_user_agent_names_the_program_and_a_contact(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("hello")
    for contact in (None, "ops@example.org"):
        with HttpClient(contact) as opened:
            opened.get(httpserver.url_for("/"))
    assert [request.headers["User-Agent"] for request, _ in httpserver.log] == [
        f"newsletter/{__version__} (research paper digests)",
        f"newsletter/{__version__} (research paper digests; mailto:ops@example.org)",
    ]
    assert all("gzip" in request.headers["Accept-Encoding"] for request, _ in httpserver.log)


def test_parameters_are_sent_and_the_response_is_returned(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/list", query_string={"a": "1", "date": "2026-05-08", "p": "0"}).respond_with_data(
        "hello"
    )
    response = client.get(httpserver.url_for("/list?a=1"), {"date": "2026-05-08", "p": 0}, headers={"X-Key": "k"})
    assert (response.content, response.status, response.is_unchanged) == (b"hello", 200, False)
    assert response.place == httpserver.url_for("/list?a=1&date=2026-05-08&p=0")
    assert httpserver.log[0][0].headers["X-Key"] == "k"


@pytest.mark.parametrize("status", [200, 404])
def test_secrets_are_sent_and_never_shown(httpserver: HTTPServer, client: HttpClient, status: int) -> None:
    httpserver.expect_request("/list", query_string={"q": "x", "api_key": "s3cret"}).respond_with_data(status=status)
    try:
        shown = client.get(httpserver.url_for("/list"), {"q": "x"}, secrets={"api_key": "s3cret"}).place
    except SourceError as error:
        shown = str(error)
    assert shown.startswith(httpserver.url_for("/list?q=x"))
    assert "s3cret" not in shown


def test_a_password_in_a_url_is_never_shown(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/").respond_with_data(status=404)
    address = httpserver.url_for("/").replace("//", "//ada:s3cret@")
    with pytest.raises(SourceError) as caught:
        client.get(address)
    assert "s3cret" not in str(caught.value)
    assert httpserver.log[0][0].authorization is not None


def test_a_compressed_response_is_decompressed(httpserver: HTTPServer, client: HttpClient) -> None:
    packed = Response(gzip.compress(b"hello" * 1000), headers={"Content-Encoding": "gzip"})
    assert client.get(in_turn(httpserver, packed)).content == b"hello" * 1000


# -- conditional requests -----------------------------------------------------------------------------


def changing(request: Request) -> Response:
    if request.headers.get("If-None-Match") == '"1"' or "If-Modified-Since" in request.headers:
        return Response(status=304)
    return Response("hello", headers={"ETag": '"1"', "Last-Modified": "Fri, 08 May 2026 00:00:00 GMT"})


def test_an_unmodified_response_is_not_sent_again(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/list").respond_with_handler(changing)
    address = httpserver.url_for("/list")

    client.start_over({})
    first = client.get(address, conditional=True)
    validators = dict(client.validators)
    client.start_over(validators)
    again = client.get(address, conditional=True)

    assert (first.content, again.content, again.is_unchanged) == (b"hello", b"", True)
    assert validators == {address: Validators('"1"', "Fri, 08 May 2026 00:00:00 GMT")}
    assert (client.validators, client.unchanged) == (validators, 1)


def test_an_unconditional_request_sends_no_validators(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/list").respond_with_handler(changing)
    client.start_over({httpserver.url_for("/list"): Validators('"1"', None)})
    assert client.get(httpserver.url_for("/list")).content == b"hello"
    assert client.validators == {}


# -- failures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "reason"), [(400, "BAD REQUEST"), (403, "FORBIDDEN"), (404, "NOT FOUND")])
def test_a_client_error_is_not_retried(httpserver: HTTPServer, client: HttpClient, status: int, reason: str) -> None:
    httpserver.expect_request("/").respond_with_data("no", status=status)
    with pytest.raises(SourceError) as caught:
        client.get(httpserver.url_for("/"))
    assert str(caught.value) == f"{httpserver.url_for('/')}: HTTP {status} {reason}"
    assert len(httpserver.log) == 1


def test_an_expected_error_status_is_a_response(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/").respond_with_data("not yet", status=400)
    assert client.get(httpserver.url_for("/"), expected=(400,)).status == 400


def test_a_truncated_response_is_retried(client: HttpClient) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhel"
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    with raw_server(cut, b"garbage\r\n\r\n", whole) as address:
        assert client.get(address).content == b"hello"


def test_a_response_that_is_always_truncated_is_an_error(client: HttpClient) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhel"
    with raw_server(cut, cut, cut, cut) as address, pytest.raises(SourceError) as caught:
        client.get(address)
    assert str(caught.value).startswith(f"{address}: connection failed (")


def test_a_refused_connection_is_an_error(client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = "http://{}:{}/".format(*server.getsockname())
    with pytest.raises(SourceError) as caught:
        client.get(address)
    assert str(caught.value).startswith(f"{address}: connection failed (")
    assert "refused" in str(caught.value)
    assert caught.value.hint == "check the network, or pull from a saved file"


def test_a_server_that_does_not_respond_times_out(client: HttpClient) -> None:
    with raw_server(*[b""] * 4) as address:
        client._client.timeout = 0.05
        with pytest.raises(SourceError) as caught:
            client.get(address)
    assert str(caught.value) == f"{address}: timed out after 30 s (try again later)"


# -- limits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_a_response_that_is_too_large_is_an_error(
    httpserver: HTTPServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr("newsletter.sources.http.client.MAX_RESPONSE_B", 2**20)
    huge = bytes(2**21)
    address = in_turn(httpserver, Response(gzip.compress(huge) if headers else huge, headers=headers))
    with pytest.raises(SourceError, match=r"/list: response larger than 1 MB$"):
        client.get(address)


def test_a_response_that_takes_too_long_is_an_error(httpserver: HTTPServer, naps: Naps) -> None:
    ticks = iter(range(0, 100_000, 200))
    with HttpClient(sleep=naps, clock=lambda: float(next(ticks))) as slow:
        address = in_turn(httpserver, Response(bytes(200_000)))
        with pytest.raises(SourceError, match=r"/list: response incomplete after 300 s"):
            slow.get(address)


def test_a_response_that_is_not_compressed_as_declared_is_an_error(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/").respond_with_data("plain", headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceError, match="request failed"):
        client.get(httpserver.url_for("/"))


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
        "ftp://127.0.0.1/",
        "",
    ],
)
def test_an_invalid_url_is_an_error(client: HttpClient, address: str) -> None:
    with pytest.raises(SourceError, match=r"invalid URL|request failed|connection failed"):
        client.get(address)


# -- redirects -----------------------------------------------------------------------------------------


def test_redirects_on_the_same_host_are_followed(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/old").respond_with_data(status=301, headers={"Location": "/new?x=1"})
    httpserver.expect_request("/new").respond_with_data("moved")
    response = client.get(httpserver.url_for("/old"))
    assert (response.content, response.place) == (b"moved", httpserver.url_for("/new?x=1"))


def test_endless_redirects_are_an_error(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/round").respond_with_data(status=302, headers={"Location": "/round"})
    with pytest.raises(SourceError, match=r"/round: too many redirects \(more than 5\)"):
        client.get(httpserver.url_for("/round"))
    assert len(httpserver.log) == 6


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/admin",
        "http://localhost:1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:1/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706433/",
        "http://intranet.example/",
        "http://mixed.example/",
    ],
)
def test_a_redirect_into_a_private_network_is_not_followed(httpserver: HTTPServer, naps: Naps, target: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        known = {"intranet.example": ["10.1.2.3"], "mixed.example": ["93.184.216.34", "192.168.0.1"]}
        return known.get(host) or resolve_name(host, port)

    httpserver.expect_request("/feed").respond_with_data(status=302, headers={"Location": target})
    with (
        HttpClient(sleep=naps, resolve=resolve) as opened,
        pytest.raises(SourceError, match=r"private address in link or redirect"),
    ):
        opened.get(httpserver.url_for("/feed"))
    assert len(httpserver.log) == 1


def test_a_redirect_to_another_scheme_is_not_followed(httpserver: HTTPServer, client: HttpClient) -> None:
    for target in ("file:///etc/passwd", "gopher://x.example/"):
        httpserver.expect_ordered_request("/feed").respond_with_data(status=302, headers={"Location": target})
        with pytest.raises(SourceError, match="unsupported scheme in link or redirect"):
            client.get(httpserver.url_for("/feed"))


def test_an_untrusted_url_is_requested_from_the_ip_address_that_was_checked(
    httpserver: HTTPServer, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.sources.http.ssrf.is_public", lambda _number: True)
    httpserver.expect_request("/feed").respond_with_data("hello")
    resolved: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"]

    with HttpClient(sleep=naps, resolve=resolve) as opened:
        address = f"http://papers.example:{httpserver.port}/feed"
        response = opened.get(address, untrusted=True)
    assert (response.content, response.place, resolved) == (b"hello", address, ["papers.example"])
    assert httpserver.log[0][0].headers["Host"] == f"papers.example:{httpserver.port}"


def test_headers_are_not_sent_to_another_host_after_a_redirect(
    httpserver: HTTPServer, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.sources.http.ssrf.is_public", lambda _number: True)
    other = f"http://papers.example:{httpserver.port}/new"
    httpserver.expect_request("/old").respond_with_data(status=302, headers={"Location": other})
    httpserver.expect_request("/new").respond_with_data("hello")
    with HttpClient(sleep=naps, resolve=lambda _host, _port: ["127.0.0.1"]) as opened:
        opened.get(httpserver.url_for("/old"), headers={"Authorization": "Bearer s3cret"})
    assert ["Authorization" in request.headers for request, _ in httpserver.log] == [True, False]


# -- a body that is sent ------------------------------------------------------------------------------


def test_an_object_is_sent_as_json(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/login", method="POST", json={"id": "ada", "password": "ö"}).respond_with_data("hello")
    response = client.post(httpserver.url_for("/login"), {"id": "ada", "password": "ö"})
    assert (response.status, response.content) == (200, b"hello")
    assert httpserver.log[0][0].content_type == "application/json"


def test_what_is_sent_is_not_sent_to_another_address(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request("/login").respond_with_data(status=307, headers={"Location": "/elsewhere"})
    with pytest.raises(SourceError, match="/login: unexpected redirect") as caught:
        client.post(httpserver.url_for("/login"), {"password": "s3cret"})
    assert "s3cret" not in str(caught.value)
    assert [request.path for request, _ in httpserver.log] == ["/login"]


def test_a_post_is_retried_and_its_errors_are_those_of_a_get(httpserver: HTTPServer, client: HttpClient) -> None:
    address = in_turn(httpserver, Response(status=503), OK, Response(status=404))
    assert client.post(address, {}).content == b"hello"
    assert client.post(address, {}, expected=(404,)).status == 404
    with pytest.raises(SourceError, match="invalid URL"):
        client.post("http://x:port/", {})
