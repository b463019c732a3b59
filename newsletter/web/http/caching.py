"""HTTP caching: ETags and Cache-Control for clients, and a short-lived cache of rendered pages on the server."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Event, Lock

from starlette.requests import Request
from starlette.responses import Response

from newsletter.web.http.page_language import language_headers, spoken

#: Seconds for which a rendered page is served again.
_MAX_AGE_S = 5.0
#: Maximum number of pages kept.
_MAX_PAGES = 300
_OK = 200
#: Seconds for which a page is waited for that another thread makes.
_PATIENCE_S = 30.0


def cached(request: Request, content: bytes, media_type: str, max_age_s: int) -> Response:
    """Return a response that any cache may store for `max_age_s` seconds; a page in another language is another one.

    Answers 304 if the client's If-None-Match names the current ETag (RFC 9110, section 13.1.2).
    """
    spoken = language_headers() if media_type == "text/html" else {}
    etag = f'"{hashlib.sha256(repr(spoken).encode() + content).hexdigest()[:20]}"'
    headers = {"Cache-Control": f"public, max-age={max_age_s}", "ETag": etag, **spoken}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


#: When a page was made, its content and its media type.
_Page = tuple[float, bytes, str]


class PageCache:
    """Keeps pages that are the same for everybody for a few seconds, by path, query and language. Thread-safe.

    A page is made by one thread at a time: meanwhile others get the one before, or wait for it if there is none.
    """

    def __init__(self, max_age_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        #: Seconds for which clients may keep a page.
        self.max_age_s = max_age_s
        self.clock = clock
        self._pages: OrderedDict[str, _Page] = OrderedDict()
        #: The pages that are being made, by address.
        self._making: dict[str, Event] = {}
        self._lock = Lock()

    def __call__(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """Wrap a request handler, which is called only for pages that are not in the cache."""

        def endpoint(request: Request) -> Response:
            address = f"{spoken()} {request.url.path}?{request.url.query}"
            page, made = self._find(address)
            if page is None and made is not None:
                made.wait(_PATIENCE_S)
                page, _ = self._find(address, begins=False)
            elif page is None:
                return self._make(address, request, handler)
            if page is None:  # it is none that is kept, as an error
                return handler(request)
            return cached(request, page[1], page[2], self.max_age_s)

        return endpoint

    def _find(self, address: str, *, begins: bool = True) -> tuple[_Page | None, Event | None]:
        """Return a page to show, and what is set when another thread has made it; (None, None): this thread is to."""
        with self._lock:
            page, made = self._pages.get(address), self._making.get(address)
            age = self.clock() - page[0] if page else 0.0
            if age >= (_MAX_AGE_S if made is None else self.max_age_s):
                page = None
            if begins and page is None and made is None:
                self._making[address] = Event()
            return page, made

    def _make(self, address: str, request: Request, handler: Callable[[Request], Response]) -> Response:
        try:
            response = handler(request)
            if response.status_code == _OK:
                with self._lock:
                    self._pages[address] = self.clock(), bytes(response.body), response.media_type or ""
                    self._pages.move_to_end(address)
                    if len(self._pages) > _MAX_PAGES:
                        self._pages.popitem(last=False)
            return response
        finally:
            with self._lock:
                self._making.pop(address).set()
