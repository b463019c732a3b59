"""Access control and Content-Security-Policy for pages that only the user of this machine may see.

Any web page in the user's browser can send requests to 127.0.0.1. Such a request has the page's own host in its Host
header (even after DNS rebinding), or is marked as cross-site by the browser (Sec-Fetch-Site); both are refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Scope

from newsletter.web.http.guard import COMMON_HEADERS, is_cross_site, is_loopback, page_policy

#: For a message: no scripts and no forms. The studio's page is same-origin and reads its scroll position.
_MESSAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin"
)
_HEADERS = {
    **COMMON_HEADERS,
    "Content-Security-Policy": page_policy("'self' data:"),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


def message_policy(*, images: bool) -> str:
    """Return the Content-Security-Policy for a message's HTML, with or without its images."""
    return _MESSAGE_POLICY.format(images="https: data:" if images else "'none'")


class LocalhostOnly:
    """The guard's policy for the studio: only reads, and only from this machine's own pages."""

    def headers(self, scope: Scope) -> Mapping[str, str]:
        """Return the security headers of a response."""
        return _HEADERS

    async def refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        """Refuse other hosts (421), requests by other pages (403) and everything but reading (405)."""
        if not is_loopback(headers.get("host", "")):
            return PlainTextResponse("Unknown host (expected localhost): this page is private to its machine.\n", 421)
        # Following a link is a navigation, and allowed. Anything else is a request by another page, which may also be
        # one that another program serves on this machine ("same-site").
        if is_cross_site(headers) and headers.get("sec-fetch-mode") != "navigate":
            return PlainTextResponse("Cross-site request refused.\n", 403)
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Method not allowed: this page is read-only.\n", 405, {"Allow": "GET, HEAD"})
        return None
