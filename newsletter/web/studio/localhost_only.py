"""Access control and Content-Security-Policy for pages that only the user of this machine may see.

Any web page in the user's browser can send requests to 127.0.0.1. Such a request has the page's own host in its Host
header (even after DNS rebinding), or is marked as cross-site by the browser (Sec-Fetch-Site); both are refused.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: For the studio's own pages: nothing from other sites, nothing inline, and no framing.
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; object-src 'none'; "
    "frame-ancestors 'none'"
)
#: For a message: no scripts and no forms. The studio's page is same-origin and reads its scroll position.
_MESSAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin"
)
_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_SAME_ORIGIN = ("same-origin", "none")
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def message_policy(*, images: bool) -> str:
    """Return the Content-Security-Policy for a message's HTML, with or without its images."""
    return _MESSAGE_POLICY.format(images="https: data:" if images else "'none'")


class LocalhostOnly:
    """ASGI middleware that allows only reads, only from this machine's own pages, and adds security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", PAGE_POLICY)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (self._refusal(scope) or self.app)(scope, receive, send_with_headers)

    @staticmethod
    def _refusal(scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if not _LOOPBACK.fullmatch(headers.get("host", "")):
            return PlainTextResponse("Unknown host (expected localhost): this page is private to its machine.\n", 421)
        # Following a link is a navigation, and allowed. Anything else is a request by another page, which may also be
        # one that another program serves on this machine ("same-site").
        if headers.get("sec-fetch-site", "none") not in _SAME_ORIGIN and headers.get("sec-fetch-mode") != "navigate":
            return PlainTextResponse("Cross-site request refused.\n", 403)
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Method not allowed: this page is read-only.\n", 405, {"Allow": "GET, HEAD"})
        return None
