"""Whom the site's pages answer, and what they may load: for pages that everybody sees.

A form may be sent from our own pages alone, but for those whose address holds a token (mail programs post to them by
themselves, RFC 8058), the calls of providers, which are signed, and the request to be mailed, which changes nothing
before it is confirmed.
"""

from __future__ import annotations

import math
import re
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.web.http.rate_limit import Limits

#: Nothing from elsewhere but pictures, nothing inline, and in nobody's frame.
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' https: data:; base-uri 'none'; form-action 'self'; object-src 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Addresses hold tokens. With "no-referrer" browsers would not say either where a form comes from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_SAFE = ("GET", "HEAD", "OPTIONS")
#: Who may post from elsewhere; see above.
_FROM_ANYWHERE = ("/webhooks/", "/hooks/", "/unsubscribe/", "/leave/", "/subscribe", "/api/")


class SecurityMiddleware:
    """Lets through what may be asked for; every answer says what it may load."""

    def __init__(self, app: ASGIApp, site_url: str | None, prefix: str) -> None:
        self.app = app
        self.prefix = prefix
        self.host = urlsplit(site_url).netloc.lower() if site_url else ""
        self.posts = Limits(burst=30, per_minute=20, clock=time.monotonic)

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
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (self._refusal(scope) or self.app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        # What is made of a name that somebody else put there (links, cached pages) would lead to them.
        if host != self.host and not _LOOPBACK.fullmatch(host):
            return PlainTextResponse("This site has another name.\n", 421)
        if scope["method"] in _SAFE:
            return None
        path = scope["path"].removeprefix(self.prefix)
        if not path.startswith(_FROM_ANYWHERE) and not self._is_ours(headers, host):
            return PlainTextResponse("Other sites may not send this form.\n", 403)
        wait_s = (
            self.posts.take((scope.get("client") or ("", 0))[0])
            if not path.startswith(("/webhooks/", "/hooks/"))
            else 0.0
        )
        if wait_s:
            words = "Too many at once. Please try again in a minute.\n"
            return PlainTextResponse(words, 429, {"Retry-After": str(math.ceil(wait_s))})
        return None

    @staticmethod
    def _is_ours(headers: Headers, host: str) -> bool:
        """Whether a form was sent from a page of ours: every browser of today says so."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc.lower() == host
