from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter import __version__
from newsletter.errors import SourceError, SourceRateLimited
from newsletter.models import Validators
from newsletter.sources.http import client
from newsletter.sources.http.client import Web
from newsletter.sources.http.ssrf import resolve as resolve_name

OK = Response("hello")


@contextmanager
def raw_server(*responses: bytes) -> Iterator[str]:
    """A server that sends these bytes, one lot per connection, and hangs up; an empty lot is never sent."""
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


class Naps(list[float]):
    """A sleep that only remembers how long it was asked to be."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def web(naps: Naps) -> Iterator[Web]:
    with Web(sleep=naps) as opened:
        yield opened


def in_turn(httpserver: HTTPServer, *responses: Response) -> str:
    """An address that answers these one after the other."""
    for response in responses:
        httpserver.expect_ordered_request("/list").respond_with_response(response)
    return httpserver.url_for("/list")


# -- asking -------------------------------------------------------------------------------------------


def test_the_program_says_who_it_is(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("hello")
    for contact in (None, "ops@example.org"):
        with Web(contact) as opened:
            opened.get(httpserver.url_for("/"))
    assert [request.headers["User-Agent"] for request, _ in httpserver.log] == [
        f"newsletter/{__version__} (research paper digests)",
        f"newsletter/{__version__} (research paper digests; mailto:ops@example.org)",
    ]
    assert all("gzip" in request.headers["Accept-Encoding"] for request, _ in httpserver.log)


def test_parameters_and_answer_go_through(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/list", query_string={"a": "1", "date": "2026-05-08", "p": "0"}).respond_with_data(
        "hello"
    )
    response = web.get(httpserver.url_for("/list?a=1"), {"date": "2026-05-08", "p": 0}, headers={"X-Key": "k"})
    assert (response.content, response.status, response.is_unchanged) == (b"hello", 200, False)
    assert response.place == httpserver.url_for("/list?a=1&date=2026-05-08&p=0")
    assert httpserver.log[0][0].headers["X-Key"] == "k"


@pytest.mark.parametrize("status", [200, 404])
def test_secrets_are_sent_and_never_shown(httpserver: HTTPServer, web: Web, status: int) -> None:
    httpserver.expect_request("/list", query_string={"q": "x", "api_key": "s3cret"}).respond_with_data(status=status)
    try:
        said = web.get(httpserver.url_for("/list"), {"q": "x"}, secrets={"api_key": "s3cret"}).place
    except SourceError as error:
        said = str(error)
    assert said.startswith(httpserver.url_for("/list?q=x"))
    assert "s3cret" not in said


def test_a_password_in_an_address_is_never_shown(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/").respond_with_data(status=404)
    address = httpserver.url_for("/").replace("//", "//ada:s3cret@")
    with pytest.raises(SourceError) as caught:
        web.get(address)
    assert "s3cret" not in str(caught.value)
    assert httpserver.log[0][0].authorization is not None


def test_a_compressed_answer_is_unpacked(httpserver: HTTPServer, web: Web) -> None:
    packed = Response(gzip.compress(b"hello" * 1000), headers={"Content-Encoding": "gzip"})
    assert web.get(in_turn(httpserver, packed)).content == b"hello" * 1000


# -- asking only for what changed ---------------------------------------------------------------------


def changing(request: Request) -> Response:
    if request.headers.get("If-None-Match") == '"1"' or "If-Modified-Since" in request.headers:
        return Response(status=304)
    return Response("hello", headers={"ETag": '"1"', "Last-Modified": "Fri, 08 May 2026 00:00:00 GMT"})


def test_what_did_not_change_is_not_sent_again(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/list").respond_with_handler(changing)
    address = httpserver.url_for("/list")

    web.start_over({})
    first = web.get(address, conditional=True)
    told = dict(web.validators)
    web.start_over(told)
    again = web.get(address, conditional=True)

    assert (first.content, again.content, again.is_unchanged) == (b"hello", b"", True)
    assert told == {address: Validators('"1"', "Fri, 08 May 2026 00:00:00 GMT")}
    assert (web.validators, web.unchanged) == (told, 1)


def test_what_is_wanted_whole_is_asked_for_without_conditions(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/list").respond_with_handler(changing)
    web.start_over({httpserver.url_for("/list"): Validators('"1"', None)})
    assert web.get(httpserver.url_for("/list")).content == b"hello"
    assert web.validators == {}


# -- trying again -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_trouble_that_passes_is_waited_out(httpserver: HTTPServer, web: Web, naps: Naps, status: int) -> None:
    address = in_turn(httpserver, Response(status=status), Response(status=status), OK)
    assert web.get(address).content == b"hello"
    assert len(naps) == 2
    assert 1 <= naps[0] <= 2 < naps[1] + 1 <= 4  # twice as long each time, and a little more by chance


def test_retry_after_is_honoured_in_seconds_and_as_a_date(httpserver: HTTPServer, web: Web, naps: Naps) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    busy = [Response(status=429, headers={"Retry-After": value}) for value in ("7", date, "soon")]
    assert web.get(in_turn(httpserver, *busy, OK)).content == b"hello"
    assert naps[0] == 7
    assert 25 < naps[1] <= 30
    assert 4 <= naps[2] <= 5


def test_a_server_that_wants_to_be_left_alone_for_long_is(httpserver: HTTPServer, web: Web, naps: Naps) -> None:
    address = in_turn(httpserver, Response(status=429, headers={"Retry-After": "7200"}))
    with pytest.raises(SourceRateLimited) as caught:
        web.get(address)
    assert str(caught.value) == f"{address}: answered 429 TOO MANY REQUESTS (it asks to be left alone for 2.0 hours)"
    assert (caught.value.wait_s, naps, len(httpserver.log)) == (7200, [], 1)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (429, "answered 429 TOO MANY REQUESTS (too many requests: wait some minutes)"),
        (500, "answered 500 INTERNAL SERVER ERROR (try again later)"),
    ],
)
def test_a_trouble_that_stays_is_an_error_after_four_attempts(
    httpserver: HTTPServer, web: Web, status: int, message: str
) -> None:
    httpserver.expect_request("/list").respond_with_data("<html>long words</html>", status=status)
    with pytest.raises(SourceError) as caught:
        web.get(httpserver.url_for("/list"))
    assert str(caught.value) == f"{httpserver.url_for('/list')}: {message}"
    assert len(httpserver.log) == 4


@pytest.mark.parametrize(("status", "reason"), [(400, "BAD REQUEST"), (403, "FORBIDDEN"), (404, "NOT FOUND")])
def test_a_refusal_is_an_error_at_once(httpserver: HTTPServer, web: Web, status: int, reason: str) -> None:
    httpserver.expect_request("/").respond_with_data("no", status=status)
    with pytest.raises(SourceError) as caught:
        web.get(httpserver.url_for("/"))
    assert str(caught.value) == f"{httpserver.url_for('/')}: answered {status} {reason}"
    assert len(httpserver.log) == 1


def test_a_status_that_is_expected_is_an_answer(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/").respond_with_data("not yet", status=400)
    assert web.get(httpserver.url_for("/"), expected=(400,)).status == 400


def test_an_answer_that_breaks_off_is_asked_for_again(web: Web) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhel"
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    with raw_server(cut, b"garbage\r\n\r\n", whole) as address:
        assert web.get(address).content == b"hello"


def test_an_answer_that_always_breaks_off_is_an_error(web: Web) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhel"
    with raw_server(cut, cut, cut, cut) as address, pytest.raises(SourceError) as caught:
        web.get(address)
    assert str(caught.value).startswith(f"{address}: cannot be reached (")


def test_a_refused_connection_says_so(web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = "http://{}:{}/".format(*server.getsockname())
    with pytest.raises(SourceError) as caught:
        web.get(address)
    assert str(caught.value).startswith(f"{address}: cannot be reached (")
    assert "refused" in str(caught.value)
    assert caught.value.hint == "check the network, or pull from a saved file"


def test_a_server_that_does_not_answer_is_given_up(web: Web) -> None:
    with raw_server(*[b""] * 4) as address:
        web._client.timeout = 0.05
        with pytest.raises(SourceError) as caught:
            web.get(address)
    assert str(caught.value) == f"{address}: no answer in 30 s (try again later)"


# -- limits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_more_than_anybody_needs_is_not_taken_in(
    httpserver: HTTPServer, web: Web, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(client, "LARGEST_ANSWER_B", 2**20)
    huge = bytes(2**21)
    address = in_turn(httpserver, Response(gzip.compress(huge) if headers else huge, headers=headers))
    with pytest.raises(SourceError, match=r"/list: answers more than 1 MB$"):
        web.get(address)


def test_an_answer_that_trickles_is_given_up(httpserver: HTTPServer, naps: Naps) -> None:
    ticks = iter(range(0, 100_000, 200))
    with Web(sleep=naps, clock=lambda: float(next(ticks))) as slow:
        address = in_turn(httpserver, Response(bytes(200_000)))
        with pytest.raises(SourceError, match=r"/list: still answering after 300 s"):
            slow.get(address)


def test_an_answer_that_is_not_compressed_as_it_says_is_an_error(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/").respond_with_data("plain", headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceError, match="cannot be reached"):
        web.get(httpserver.url_for("/"))


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
def test_an_address_that_is_none_is_an_error(web: Web, address: str) -> None:
    with pytest.raises(SourceError, match="cannot be reached"):
        web.get(address)


# -- pace ---------------------------------------------------------------------------------------------


def test_each_domain_is_asked_in_its_own_pace() -> None:
    now = 0.0
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        waits.append(round(seconds, 3))
        now += seconds

    web = Web(sleep=sleep, clock=lambda: now)
    for host in ("export.arxiv.org", "rss.arxiv.org", "arxiv.org", "notarxiv.org", "notarxiv.org", "127.0.0.1"):
        web._take_turn(host)
    assert waits == [3.0, 3.0, 0.2]
    now += 100
    web._take_turn("arxiv.org")
    assert waits == [3.0, 3.0, 0.2]


# -- redirects, and where they may lead ---------------------------------------------------------------


def test_redirects_on_the_same_host_are_followed(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/old").respond_with_data(status=301, headers={"Location": "/new?x=1"})
    httpserver.expect_request("/new").respond_with_data("moved")
    response = web.get(httpserver.url_for("/old"))
    assert (response.content, response.place) == (b"moved", httpserver.url_for("/new?x=1"))


def test_redirects_without_end_are_an_error(httpserver: HTTPServer, web: Web) -> None:
    httpserver.expect_request("/round").respond_with_data(status=302, headers={"Location": "/round"})
    with pytest.raises(SourceError, match=r"/round: cannot be reached \(more than 5 redirects\)"):
        web.get(httpserver.url_for("/round"))
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
    with Web(sleep=naps, resolve=resolve) as opened, pytest.raises(SourceError, match=r"leads to .* private address"):
        opened.get(httpserver.url_for("/feed"))
    assert len(httpserver.log) == 1


def test_a_redirect_to_something_that_is_no_website_is_not_followed(httpserver: HTTPServer, web: Web) -> None:
    for target in ("file:///etc/passwd", "gopher://x.example/"):
        httpserver.expect_ordered_request("/feed").respond_with_data(status=302, headers={"Location": target})
        with pytest.raises(SourceError, match="which is not followed"):
            web.get(httpserver.url_for("/feed"))


def test_an_address_from_outside_goes_to_the_very_number_that_was_checked(
    httpserver: HTTPServer, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.sources.http.ssrf.is_public", lambda _number: True)
    httpserver.expect_request("/feed").respond_with_data("hello")
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with Web(sleep=naps, resolve=resolve) as opened:
        address = f"http://papers.example:{httpserver.port}/feed"
        response = opened.get(address, from_outside=True)
    assert (response.content, response.place, asked) == (b"hello", address, ["papers.example"])
    assert httpserver.log[0][0].headers["Host"] == f"papers.example:{httpserver.port}"


def test_headers_with_secrets_do_not_follow_to_another_host(
    httpserver: HTTPServer, naps: Naps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.sources.http.ssrf.is_public", lambda _number: True)
    other = f"http://papers.example:{httpserver.port}/new"
    httpserver.expect_request("/old").respond_with_data(status=302, headers={"Location": other})
    httpserver.expect_request("/new").respond_with_data("hello")
    with Web(sleep=naps, resolve=lambda _host, _port: ["127.0.0.1"]) as opened:
        opened.get(httpserver.url_for("/old"), headers={"Authorization": "Bearer s3cret"})
    assert ["Authorization" in request.headers for request, _ in httpserver.log] == [True, False]
