"""Host check, CSRF protection, rate limits and security headers for the public pages.

Forms are accepted from the site's own pages only (CSRF). Exempt are: addresses that hold a token, which no other site
knows, and to which mail programs post by themselves (one-click unsubscribe, RFC 8058); webhooks, which are signed; and
sign-up, which changes nothing before it is confirmed (double opt-in).
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Scope

from newsletter.limits import HEADER_BYTES, HEADERS, URL_BYTES
from newsletter.web.http.guard import COMMON_HEADERS, is_cross_site, is_loopback, page_policy
from newsletter.web.http.rate_limit import RateLimiter

_HEADERS = {
    **COMMON_HEADERS,
    # Papers' thumbnails come from other sites.
    "Content-Security-Policy": page_policy("'self' https: data:"),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # "no-referrer" would also make the Origin of the site's own forms "null" (Fetch standard, 3.1), which CSRF
    # protection needs; pages whose addresses hold a token have it.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
#: Webhooks are not rate limited: a provider reports thousands of bounces at once.
_WEBHOOKS = ("/webhooks/", "/hooks/")
#: Searches, feeds and exports; the others are pages that a cache keeps for a few seconds.
_COSTLY = (
    "/search", "/sample.json", "/feed.", "/sitemap.xml", "/preferences/data.json", "/digests/", "/saved/"
)  # fmt: skip
#: Lists as files.
_FILE = re.compile(r"/papers\.[a-z]{2,4}$")
_HEALTH = ("/healthz", "/readyz")
_CSRF_EXEMPT = (*_WEBHOOKS, "/subscribe", "/api/")
#: Addresses that hold a token, which other sites do not know. No page may pass them on as a referrer, not even to this
#: site itself, whose web server may log it.
_TOKEN_PATH = re.compile(r"/(?:unsubscribe|leave|feedback|confirm|digests|saved?)/|/preferences/(?:open/)?\d")


class PublicPages:
    """The guard's policy for a site's pages: known hosts, forms of the site's own pages, and a rate limit on posts."""

    def __init__(self, site_url: str | None, prefix: str) -> None:
        self.prefix = prefix
        self.host = urlsplit(site_url).netloc.lower() if site_url else ""
        self.posts = RateLimiter(burst=30, per_minute=20, clock=time.monotonic)
        #: Pages that are computed for one request.
        self.searches = RateLimiter(burst=30, per_minute=30, clock=time.monotonic)
        self.health = RateLimiter(burst=60, per_minute=120, clock=time.monotonic)
        self.requests = RateLimiter(burst=300, per_minute=600, clock=time.monotonic)

    def headers(self, scope: Scope) -> Mapping[str, str]:
        """Return the security headers of a response."""
        holds_token = _TOKEN_PATH.match(scope["path"].removeprefix(self.prefix))
        return {**_HEADERS, "Referrer-Policy": "no-referrer"} if holds_token else _HEADERS

    def refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        """Refuse unknown hosts (421), cross-site forms (403), floods (429) and what is too large (414, 431).

        Health checks may name any host.
        """
        if refusal := _too_large(scope):
            return refusal
        path = scope["path"].removeprefix(self.prefix)
        if path in _HEALTH and scope["method"] in _SAFE_METHODS:
            # Load balancers and kubelets ask by IP address, every few seconds; the response holds no link.
            wait_s = self.health.take((scope.get("client") or ("", 0))[0])
            return _too_many(wait_s) if wait_s else None
        host = headers.get("host", "").lower()
        # Links and cached pages built from a forged Host header would lead to the attacker's site.
        if not (self.host and host == self.host) and not is_loopback(host):
            return PlainTextResponse(
                f"Unknown host (expected {self.host or 'localhost'}). Set site.url, or the proxy's Host header.\n", 421
            )
        client = (scope.get("client") or ("", 0))[0]
        if scope["method"] in _SAFE_METHODS:
            wait_s = self.requests.take(client)
            is_costly = path.startswith(_COSTLY) or _FILE.search(path)
            if not wait_s and (is_costly or (scope["query_string"] and path == "/subscribe")):
                wait_s = self.searches.take(client)
            return _too_many(wait_s) if wait_s else None
        is_exempt = path.startswith(_CSRF_EXEMPT) or _TOKEN_PATH.match(path)
        if not is_exempt and not _is_same_origin(headers, host):
            return PlainTextResponse("Cross-site request refused (CSRF): send the form from this site's page.\n", 403)
        wait_s = 0.0 if path.startswith(_WEBHOOKS) else self.posts.take(client)
        return _too_many(wait_s) if wait_s else None


def _too_many(wait_s: float) -> PlainTextResponse:
    text = "Too many requests. Please try again in a minute.\n"
    return PlainTextResponse(text, 429, {"Retry-After": str(math.ceil(wait_s))})


def _is_same_origin(headers: Headers, host: str) -> bool:
    """Whether a form was sent from a page of this site, by Sec-Fetch-Site and Origin, which all browsers send."""
    origin = headers.get("origin")
    return not is_cross_site(headers) and (origin is None or urlsplit(origin).netloc.lower() == host)


def _too_large(scope: Scope) -> PlainTextResponse | None:
    """Refuse a URL (414) or headers (431) beyond the limits."""
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > URL_BYTES:
        return PlainTextResponse("URL too long.\n", 414)
    headers = scope["headers"]
    if len(headers) > HEADERS or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
        return PlainTextResponse("Request headers too large.\n", 431)
    return None
