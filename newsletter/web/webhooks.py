"""Webhooks of email providers, which report bounces and complaints: POST /webhooks/{ses,sendgrid,mailgun,postmark}.

Only providers whose key is set have a route. A provider retries after a 503; a 403 refuses a call whose signature or
password is wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from threading import BoundedSemaphore

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.config.model import WebhookSettings
from newsletter.errors import NewsletterError
from newsletter.limits import CERTIFICATE_BYTES, CERTIFICATES, WEBHOOK_BYTES
from newsletter.limits.deadlines import call_within
from newsletter.pipeline.bounces import process_webhook_call
from newsletter.sending.bounces.webhooks import (
    WebhookCall,
    WebhookRefused,
    read_mailgun,
    read_postmark,
    read_sendgrid,
    read_ses,
)
from newsletter.store import Store
from newsletter.web.http.forms import limited_body

#: Seconds for all of a request to Amazon: a shutdown waits no longer, either. SNS tries again after a 503.
_TIMEOUT_S = 3.0
#: Requests to Amazon at once: each waits in one of the threads that pages need.
_MAX_AT_ONCE = 3

#: "hooks" is the path that operators of a version before 0.2 gave to their providers.
_PATHS = ("webhooks", "hooks")
#: Verify and parse one call, given its headers and body.
Parser = Callable[[dict[str, str], bytes], WebhookCall]


class Certificates:
    """Fetches the URLs that an Amazon SNS call names, and caches certificates.

    The caller checks that a URL is one of Amazon's (SSRF).
    """

    def __init__(self) -> None:
        self._cache: dict[str, bytes] = {}
        self._at_once = BoundedSemaphore(_MAX_AT_ONCE)

    def fetch(self, url: str) -> bytes:
        """Return the document at a URL; redirects are not followed.

        Raises:
            NewsletterError: The request failed, there are too many at once, or the document is too large.
        """
        if url in self._cache:
            return self._cache[url]
        if not self._at_once.acquire(blocking=False):
            raise NewsletterError(f"{url}: too many requests at once")
        try:
            content = call_within(_TIMEOUT_S, lambda: _get(url))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise NewsletterError(f"{url}: {error}") from error
        finally:
            self._at_once.release()
        if len(self._cache) < CERTIFICATES and content.startswith(b"-----BEGIN CERTIFICATE"):
            self._cache[url] = content
        return content


def _get(url: str) -> bytes:
    content = bytearray()
    deadline = time.monotonic() + _TIMEOUT_S
    with httpx.stream("GET", url, timeout=_TIMEOUT_S, follow_redirects=False) as response:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > CERTIFICATE_BYTES:
                raise NewsletterError(f"{url}: response too large (maximum {CERTIFICATE_BYTES} bytes)")
            if time.monotonic() > deadline:  # nobody waits for it any more
                raise TimeoutError(f"no response within {_TIMEOUT_S:.3g} s")
    return bytes(content)


def webhook_routes(
    open_store: Callable[[], Store],
    settings: WebhookSettings,
    soft_limit: int,
    clock: Callable[[], datetime],
    fetch: Callable[[str], bytes] | None = None,
) -> list[Route]:
    """Return the routes of the providers whose key is set.

    `soft_limit` is that of `newsletter.pipeline.bounces.process_report`; `fetch` gets the URLs that an Amazon SNS call
    names.
    """
    parsers = _parsers(settings, clock, fetch or Certificates().fetch)
    return [
        Route(f"/{path}/{provider}", _endpoint(parser, open_store, soft_limit, clock), methods=["POST"])
        for path in _PATHS
        for provider, parser in parsers.items()
    ]


def _parsers(
    settings: WebhookSettings, clock: Callable[[], datetime], fetch: Callable[[str], bytes]
) -> dict[str, Parser]:
    parsers: dict[str, Parser] = {}
    if arn := settings.ses_topic_arn:
        parsers["ses"] = lambda _headers, body: _parse_ses(body, arn, fetch, clock())
    if public_key := settings.sendgrid_public_key:
        parsers["sendgrid"] = lambda headers, body: read_sendgrid(headers, body, public_key, clock())
    if signing_key := settings.mailgun_signing_key:
        parsers["mailgun"] = lambda _headers, body: read_mailgun(body, signing_key, clock())
    if password := settings.postmark_password:
        parsers["postmark"] = lambda headers, body: read_postmark(
            headers, body, settings.postmark_username, password, clock()
        )
    return parsers


def _parse_ses(body: bytes, arn: str, fetch: Callable[[str], bytes], now: datetime) -> WebhookCall:
    """Parse an SNS call, and confirm the subscription of this webhook if that is what it asks for."""
    call = read_ses(body, arn, fetch, now)
    if call.confirm_url is not None:
        fetch(call.confirm_url)
    return call


def _endpoint(
    parse: Parser, open_store: Callable[[], Store], soft_limit: int, clock: Callable[[], datetime]
) -> Callable[[Request], object]:
    def handle(headers: dict[str, str], body: bytes) -> Response:
        try:
            call = parse(headers, body)
            if call.reports or call.token:
                with open_store() as store:  # in this thread: a store belongs to the thread that opened it
                    process_webhook_call(store, soft_limit, call, clock())
        except WebhookRefused as error:
            return PlainTextResponse(f"{error.message}\n", 403)
        except NewsletterError:
            return PlainTextResponse("Temporarily unavailable.\n", 503, {"Retry-After": "60"})
        return PlainTextResponse("Accepted.\n")

    async def endpoint(request: Request) -> Response:
        try:
            body = await limited_body(request, WEBHOOK_BYTES)
        except ClientDisconnect:
            return PlainTextResponse("", 400)
        if body is None:
            return PlainTextResponse("Request body too large.\n", 413)
        return await run_in_threadpool(handle, dict(request.headers), body)

    return endpoint
