"""Who may ask, and what a page may load: for pages that show what is nobody else's business.

A server on 127.0.0.1 is still asked by every page that its owner's browser is on. Such a page names its own host
(and after DNS rebinding still does), or the browser says that it is of another site; both are turned away.
"""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Of the studio's own pages: nothing from elsewhere, nothing inline, and in nobody's frame.
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; object-src 'none'; "
    "frame-ancestors 'none'"
)
#: Of a letter: no script and no form whatever it says. The page around it may still look into it, to keep its place.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin"
)
_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_OWN = ("same-origin", "none")
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def message_policy(*, images: bool) -> str:
    """Return the Content-Security-Policy of a letter's HTML, with its pictures or without."""
    return _LETTER_POLICY.format(images="https: data:" if images else "'none'")


class LocalhostOnly:
    """Lets through what this machine's owner asks for, and only asks; every answer says what it may load."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", PAGE_POLICY)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (self._refusal(scope) or self.app)(scope, receive, send_guarded)

    @staticmethod
    def _refusal(scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if not _LOOPBACK.fullmatch(headers.get("host", "")):
            return PlainTextResponse("This page is only for the machine it runs on: http://localhost\n", 421)
        # A link that someone follows is a navigation; all else from elsewhere is another page asking, be it one that
        # another program serves on this machine ("same-site").
        if headers.get("sec-fetch-site", "none") not in _OWN and headers.get("sec-fetch-mode") != "navigate":
            return PlainTextResponse("Other sites may not ask for this.\n", 403)
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Nothing can be changed here.\n", 405, {"Allow": "GET, HEAD"})
        return None
