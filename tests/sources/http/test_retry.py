from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from newsletter.errors import SourceError, SourceRateLimited
from newsletter.sources.http.client import HttpClient
from newsletter.sources.http.retry import requested_wait
from tests.sources.http.conftest import Naps, in_turn

OK = Response("hello")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_temporary_failure_is_retried_with_exponential_backoff(
    httpserver: HTTPServer, client: HttpClient, naps: Naps, status: int
) -> None:
    address = in_turn(httpserver, Response(status=status), Response(status=status), OK)
    assert client.get(address).content == b"hello"
    assert len(naps) == 2
    assert 1 <= naps[0] <= 2 < naps[1] + 1 <= 4  # doubled each time, with jitter


def test_retry_after_is_respected_in_seconds_and_as_a_date(
    httpserver: HTTPServer, client: HttpClient, naps: Naps
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    busy = [Response(status=429, headers={"Retry-After": value}) for value in ("7", date, "soon")]
    assert client.get(in_turn(httpserver, *busy, OK)).content == b"hello"
    assert naps[0] == 7
    assert 5 < naps[1] <= 30
    assert 4 <= naps[2] <= 5


def test_a_long_retry_after_is_a_rate_limit_and_not_waited_for(
    httpserver: HTTPServer, client: HttpClient, naps: Naps
) -> None:
    address = in_turn(httpserver, Response(status=429, headers={"Retry-After": "7200"}))
    with pytest.raises(SourceRateLimited) as caught:
        client.get(address)
    assert str(caught.value) == f"{address}: HTTP 429 TOO MANY REQUESTS (rate limited; retry after 2.0 hours)"
    assert (caught.value.wait_s, naps, len(httpserver.log)) == (7200, [], 1)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (429, "HTTP 429 TOO MANY REQUESTS (rate limited; try again in a few minutes)"),
        (500, "HTTP 500 INTERNAL SERVER ERROR (try again later)"),
    ],
)
def test_a_persistent_failure_is_an_error_after_four_attempts(
    httpserver: HTTPServer, client: HttpClient, status: int, message: str
) -> None:
    httpserver.expect_request("/list").respond_with_data("<html>long words</html>", status=status)
    with pytest.raises(SourceError) as caught:
        client.get(httpserver.url_for("/list"))
    assert str(caught.value) == f"{httpserver.url_for('/list')}: {message}"
    assert len(httpserver.log) == 4


def test_what_a_server_asks_to_wait_is_the_longest_of_its_headers() -> None:
    later = str(int(datetime.now(UTC).timestamp()) + 90)
    assert requested_wait({}) is None
    assert requested_wait({"Retry-After": "5", "Backoff": "9"}) == 9
    assert requested_wait({"Backoff": "soon", "Retry-After": "5"}) == 5
    assert requested_wait({"X-RateLimit-Reset": later}) is None
    assert requested_wait({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": later}) is None
    assert 80 < (requested_wait({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": later}) or 0) <= 90
    assert requested_wait({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"}) == 30
    assert requested_wait({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "x" * 99}) is None


def test_a_backoff_of_a_good_response_is_waited_for_before_the_next_request(
    httpserver: HTTPServer, client: HttpClient, naps: Naps
) -> None:
    address = in_turn(httpserver, Response("hello", headers={"Backoff": "11"}), OK, OK)
    for _ in range(3):
        assert client.get(address).content == b"hello"
    assert [round(nap) for nap in naps] == [11]
