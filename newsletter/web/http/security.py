"""Host check, CSRF protection, rate limits and security headers for the public pages.

Forms are accepted from the site's own pages only (CSRF). Exempt are: addresses that hold a token, which no other site
knows, and to which mail programs post by themselves (one-click unsubscribe, RFC 8058); webhooks, which are signed; and
sign-up, which changes nothing before it is confirmed (double opt-in).
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Scope

from newsletter.limits import HEADER_BYTES, HEADERS, URL_BYTES
from newsletter.web.http.guard import COMMON_HEADERS, is_cross_site, is_loopback, page_policy
from newsletter.web.http.rate_limit import MakeCounts, OwnCounts, RateLimiter, rate_limiter

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
#: A preview is a message from anywhere: it runs nothing, and is shown in a frame of this site only.
_PREVIEW_HEADERS = {
    **_HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
}
#: Forms as they are while somebody fills them in, sent for a preview or to move a topic; nothing is stored.
_DRAFTS = tuple(f"/{page}/{name}" for page in ("preferences", "subscribe") for name in ("preview", "arrange"))
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
#: Webhooks are not rate limited: a provider reports thousands of bounces at once.
_WEBHOOKS = ("/webhooks/", "/hooks/")
#: Searches, feeds and exports; the others are pages that a cache keeps for a few seconds.
_COSTLY = (
    "/search", "/sample.json", "/feed.", "/sitemap", "/preferences/data.json", "/digests/", "/saved/"
)  # fmt: skip
#: Lists as files.
_FILE = re.compile(r"/papers\.[a-z]{2,4}$")
_HEALTH = ("/healthz", "/readyz")
_CSRF_EXEMPT = (*_WEBHOOKS, "/subscribe", "/api/")
#: Addresses that hold a token, which other sites do not know. No page may pass them on as a referrer, not even to this
#: site itself, whose web server may log it.
_TOKEN_PATH = re.compile(r"/(?:unsubscribe|leave|feedback|confirm|digests|saved?)/|/preferences/(?:open/)?\d")


#: Makes the response to a refused request, of its scope, a status code and further headers.
Refuse = Callable[[Scope, int, Mapping[str, str] | None], Response]


def refuse_in_plain_text(_scope: Scope, status: int, headers: Mapping[str, str] | None) -> Response:
    """Refuse a request where there are no pages to do it."""
    return PlainTextResponse(f"{HTTPStatus(status).phrase}\n", status, headers)


def own_counts(_name: str, _keep_s: float) -> OwnCounts:
    """Return counts of this process."""
    return OwnCounts(time.monotonic)


class PublicPages:
    """The guard's policy for a site's pages: known hosts, forms of the site's own pages, and a rate limit on posts."""

    def __init__(
        self,
        site_url: str | None,
        prefix: str,
        refuse: Refuse = refuse_in_plain_text,
        make_counts: MakeCounts = own_counts,
    ) -> None:
        self.refuse = refuse
        self.prefix = prefix
        self.host = urlsplit(site_url).netloc.lower() if site_url else ""
        self.posts = rate_limiter("posts", 30, 20, make_counts)
        #: Pages that are computed for one request.
        self.searches = rate_limiter("searches", 30, 30, make_counts)
        self.drafts = rate_limiter("drafts", 40, 40, make_counts)
        # What protects a process from too many small requests is of each process: to ask others takes longer than them.
        self.health = rate_limiter("health", 60, 120, own_counts)
        self.requests = rate_limiter("requests", 300, 600, own_counts)

    def headers(self, scope: Scope) -> Mapping[str, str]:
        """Return the security headers of a response."""
        path = scope["path"].removeprefix(self.prefix)
        if path in _DRAFTS and path.endswith("/preview"):
            return _PREVIEW_HEADERS
        holds_token = _TOKEN_PATH.match(path)
        return {**_HEADERS, "Referrer-Policy": "no-referrer"} if holds_token else _HEADERS

    async def refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Refuse unknown hosts (421), cross-site forms (403), floods (429) and what is too large (414, 431).

        Health checks may name any host.
        """
        if status := _too_large(scope):
            return self.refuse(scope, status, None)
        path = scope["path"].removeprefix(self.prefix)
        if path in _HEALTH and scope["method"] in _SAFE_METHODS:
            # Load balancers and kubelets ask by IP address, every few seconds; the response holds no link.
            wait_s = await _take(self.health, (scope.get("client") or ("", 0))[0])
            return self._too_many(scope, wait_s) if wait_s else None
        host = headers.get("host", "").lower()
        # Links and cached pages built from a forged Host header would lead to the attacker's site.
        if not (self.host and host == self.host) and not is_loopback(host):
            return self.refuse(scope, 421, None)
        client = (scope.get("client") or ("", 0))[0]
        if scope["method"] in _SAFE_METHODS:
            is_costly = path.startswith(_COSTLY) or _FILE.search(path)
            wait_s = await _take(self.drafts if path in _DRAFTS else self.requests, client)
            if not wait_s and (is_costly or (scope["query_string"] and path == "/subscribe")):
                wait_s = await _take(self.searches, client)
            return self._too_many(scope, wait_s) if wait_s else None
        is_exempt = path.startswith(_CSRF_EXEMPT) or _TOKEN_PATH.match(path)
        if not is_exempt and not _is_same_origin(headers, host):
            return self.refuse(scope, 403, None)
        limiter = self.drafts if path in _DRAFTS else self.posts
        wait_s = 0.0 if path.startswith(_WEBHOOKS) else await _take(limiter, client)
        return self._too_many(scope, wait_s) if wait_s else None

    def _too_many(self, scope: Scope, wait_s: float) -> Response:
        return self.refuse(scope, 429, {"Retry-After": str(math.ceil(wait_s))})


async def _take(limiter: RateLimiter, client: str) -> float:
    return await run_in_threadpool(limiter.take, client) if limiter.counts.is_slow else limiter.take(client)


def _is_same_origin(headers: Headers, host: str) -> bool:
    """Whether a form was sent from a page of this site, by Sec-Fetch-Site and Origin, which all browsers send."""
    origin = headers.get("origin")
    return not is_cross_site(headers) and (origin is None or urlsplit(origin).netloc.lower() == host)


def _too_large(scope: Scope) -> int | None:
    """Return the status by which a URL (414) or headers (431) beyond the limits are refused."""
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > URL_BYTES:
        return 414
    headers = scope["headers"]
    if len(headers) > HEADERS or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
        return 431
    return None
