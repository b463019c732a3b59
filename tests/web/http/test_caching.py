"""HTTP caching: ETags, and the server's cache of rendered pages."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Semaphore

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from newsletter.web.http import caching
from newsletter.web.http.caching import PageCache, cached


def request(path: str = "/", *, query: str = "", etag: str = "") -> Request:
    headers = [(b"if-none-match", etag.encode())] if etag else []
    return Request(
        {
            "type": "http", "method": "GET", "scheme": "https", "server": ("papers.example", 443), "path": path,
            "query_string": query.encode(), "headers": headers,
        }
    )  # fmt: skip


@pytest.mark.parametrize("wanted", ["{}", 'W/{}, "other"', '"other",{}', "*"])
def test_a_client_that_has_the_content_gets_304(wanted: str) -> None:
    etag = cached(request(), b"page", "text/html", 60).headers["etag"]
    response = cached(request(etag=wanted.format(etag)), b"page", "text/html", 60)
    assert (response.status_code, response.body, response.headers["etag"]) == (304, b"", etag)


def test_changed_content_has_another_etag() -> None:
    etag = cached(request(), b"page", "text/html", 60).headers["etag"]
    response = cached(request(etag=etag), b"another page", "text/html", 60)
    assert (response.status_code, response.headers["cache-control"]) == (200, "public, max-age=60")
    assert response.headers["etag"] != etag


class Pages:
    """Counts how often a page is rendered."""

    def __init__(self, status: int = 200) -> None:
        self.rendered: list[str] = []
        self.status = status
        self.now = 0.0
        self.get = PageCache(60, clock=lambda: self.now)(self.render)

    def render(self, request: Request) -> Response:
        self.rendered.append(str(request.url))
        return PlainTextResponse(f"page {len(self.rendered)}", self.status)


def test_a_page_is_rendered_once_for_all_who_request_it() -> None:
    pages = Pages()
    assert {bytes(pages.get(request()).body) for _ in range(3)} == {b"page 1"}
    assert bytes(pages.get(request(query="page=2")).body) == b"page 2"
    pages.now = caching._MAX_AGE_S
    assert bytes(pages.get(request()).body) == b"page 3"


class SlowPages(Pages):
    """Pages that are made when the test lets them."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(status)
        self.began, self.may_end = Semaphore(0), Event()

    def render(self, request: Request) -> Response:
        self.began.release()
        assert self.may_end.wait(30)
        return super().render(request)

    def answers(self, number: int) -> list[Future[Response]]:
        """Return requests for one page by so many threads, of which one has begun to make it."""
        with ThreadPoolExecutor(number) as threads:
            asked = [threads.submit(self.get, request()) for _ in range(number)]
            assert self.began.acquire(timeout=30)
            self.may_end.set()
        return asked


def test_a_page_is_made_by_one_thread_for_all_who_wait() -> None:
    pages = SlowPages()
    assert {bytes(one.result().body) for one in pages.answers(8)} == {b"page 1"}


def test_while_a_page_is_made_anew_others_get_the_one_before() -> None:
    pages = SlowPages()
    pages.may_end.set()
    pages.get(request())
    pages.may_end.clear()
    pages.began.acquire()
    pages.now = caching._MAX_AGE_S
    with ThreadPoolExecutor(1) as threads:
        maker = threads.submit(pages.get, request())
        assert pages.began.acquire(timeout=30)
        assert bytes(pages.get(request()).body) == b"page 1"
        pages.may_end.set()
        assert bytes(maker.result().body) == b"page 2"
    pages.now += 61  # longer than any client keeps it
    assert bytes(pages.get(request()).body) == b"page 3"


def test_who_waits_for_an_error_asks_for_the_page_again() -> None:
    pages = SlowPages(status=503)
    assert {one.result().status_code for one in pages.answers(3)} == {503}


def test_errors_are_not_cached() -> None:
    pages = Pages(status=404)
    assert {pages.get(request()).status_code for _ in range(2)} == {404}
    assert len(pages.rendered) == 2


def test_memory_is_bounded() -> None:
    pages = Pages()
    for number in range(caching._MAX_PAGES + 1):
        pages.get(request(f"/{number}"))
    pages.get(request("/1"))
    assert len(pages.rendered) == caching._MAX_PAGES + 1
    pages.get(request("/0"))
    assert len(pages.rendered) == caching._MAX_PAGES + 2
