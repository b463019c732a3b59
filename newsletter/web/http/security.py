"""Host check, CSRF protection, rate limit and security headers for the public pages.

Forms are accepted from the site's own pages only (CSRF). Exempt are: addresses that hold a token, to which mail
programs post by themselves (one-click unsubscribe, RFC 8058); webhooks, which are signed; and sign-up, which changes
nothing before it is confirmed (double opt-in).
"""

from __future__ import annotations

import math
import re
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.web.http.rate_limit import RateLimiter

#: Content-Security-Policy: only images may come from other sites, nothing is inline, and no site may frame a page.
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' https: data:; base-uri 'none'; form-action 'self'; object-src 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # URLs hold tokens, so they must not leak. "no-referrer" would also suppress the Origin of the site's own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
#: Webhooks are not rate limited: a provider reports thousands of bounces at once.
_WEBHOOKS = ("/webhooks/", "/hooks/")
_CSRF_EXEMPT = (*_WEBHOOKS, "/unsubscribe/", "/leave/", "/subscribe", "/api/")


class SecurityMiddleware:
    """ASGI middleware that refuses unknown hosts, cross-site forms and floods, and adds security headers."""

    def __init__(self, app: ASGIApp, site_url: str | None, prefix: str) -> None:
        self.app = app
        self.prefix = prefix
        self.host = urlsplit(site_url).netloc.lower() if site_url else ""
        self.posts = RateLimiter(burst=30, per_minute=20, clock=time.monotonic)

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
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (self._refusal(scope) or self.app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "").lower()
        # Links and cached pages built from a forged Host header would lead to the attacker's site.
        if host != self.host and not _LOOPBACK.fullmatch(host):
            return PlainTextResponse(
                f"Unknown host (expected {self.host or 'localhost'}). Set site.url, or the proxy's Host header.\n", 421
            )
        if scope["method"] in _SAFE_METHODS:
            return None
        path = scope["path"].removeprefix(self.prefix)
        if not path.startswith(_CSRF_EXEMPT) and not self._is_same_origin(headers, host):
            return PlainTextResponse("Cross-site request refused (CSRF): send the form from this site's page.\n", 403)
        wait_s = 0.0 if path.startswith(_WEBHOOKS) else self.posts.take((scope.get("client") or ("", 0))[0])
        if wait_s:
            text = "Too many requests. Please try again in a minute.\n"
            return PlainTextResponse(text, 429, {"Retry-After": str(math.ceil(wait_s))})
        return None

    @staticmethod
    def _is_same_origin(headers: Headers, host: str) -> bool:
        """Whether a form was sent from a page of this site, by Sec-Fetch-Site and Origin, which all browsers send."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        return origin is None or urlsplit(origin).netloc.lower() == host
