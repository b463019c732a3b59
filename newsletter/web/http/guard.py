"""The guard in front of a web application: it refuses requests and adds security headers, by a policy.

There are two policies: `security.PublicPages` for the site that everyone may see, and `studio.localhost_only` for the
pages that only the user of this machine may see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What every response says; nothing is kept by a cache unless a page says so itself.
COMMON_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_LOOPBACK = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_POLICY_VIOLATION = 1008


class Policy(Protocol):
    """Who may request what."""

    def headers(self, scope: Scope) -> Mapping[str, str]:
        """Return the headers of a response that does not set them itself."""

    async def refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Return the response to a request that is refused, None if it is allowed."""


class Guard:
    """ASGI middleware that asks a policy about each HTTP request; there are no web sockets."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.app = app
        self.policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.policy.headers(scope).items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = await self.policy.refusal(scope, Headers(scope=scope))
        await (refusal or self.app)(scope, receive, send_with_headers)


def page_policy(images: str) -> str:
    """Return a Content-Security-Policy for pages: nothing inline, no framing, and `images` from nowhere else."""
    return (
        f"default-src 'self'; img-src {images}; base-uri 'none'; form-action 'self'; object-src 'none'; "
        "frame-ancestors 'none'"
    )


def is_loopback(host: str) -> bool:
    """Return whether a Host header names this machine, with or without a port."""
    return _LOOPBACK.fullmatch(host) is not None


def is_cross_site(headers: Headers) -> bool:
    """Return whether a browser says that another site's page sent the request (Sec-Fetch-Site, W3C Fetch Metadata)."""
    return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
