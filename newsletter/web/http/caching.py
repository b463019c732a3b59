"""HTTP caching: validators, and pages made once for all who ask within a few seconds."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

#: For so many seconds a page is not made anew, and so many pages are kept.
_FRESH_S, _MOST_KEPT = 5.0, 300


_OK = 200


def cached(request: Request, content: bytes, media_type: str, seconds: int) -> Response:
    """Answer with what everybody may keep for so long, or say that it is what they have (RFC 9110, 13.1.2)."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"Cache-Control": f"public, max-age={seconds}", "ETag": etag}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


class PageCache:
    """Keeps answers that are the same for all, for those who ask next."""

    def __init__(self, seconds: int) -> None:
        #: For how long who asked may keep them.
        self.seconds = seconds
        self._answers: OrderedDict[str, tuple[float, bytes, str]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """Make an endpoint that asks `answer` only for what nobody asked just now."""

        def endpoint(request: Request) -> Response:
            address = f"{request.url.path}?{request.url.query}"
            with self._lock:
                known = self._answers.get(address)
            if known is not None and time.monotonic() - known[0] < _FRESH_S:
                return cached(request, known[1], known[2], self.seconds)
            made = answer(request)
            if made.status_code == _OK:
                with self._lock:
                    self._answers[address] = time.monotonic(), bytes(made.body), made.media_type or ""
                    self._answers.move_to_end(address)
                    if len(self._answers) > _MOST_KEPT:
                        self._answers.popitem(last=False)
            return made

        return endpoint
