"""Webhooks of email providers, which report bounces and complaints: POST /webhooks/{ses,sendgrid,mailgun,postmark}.

Only those whose secret is set are there. A provider that gets a 503 calls again; one that gets a 403 is none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from newsletter.config.model import WebhookSettings
from newsletter.errors import NewsletterError, StoreError
from newsletter.pipeline.bounces import process_report
from newsletter.sending.bounces.reports import BounceReport
from newsletter.sending.bounces.webhooks import WebhookRefused, read_mailgun, read_postmark, read_sendgrid, read_ses
from newsletter.store import Store
from newsletter.web.http.forms import limited_body

_MOST_BYTES = 1_000_000
_MOST_FETCHED = 65536
_TIMEOUT_S = 10

#: Reads one call: its headers and body.
Reader = Callable[[dict[str, str], bytes], tuple[BounceReport, ...]]


class Certificates:
    """Fetches Amazon's certificates, each once; confirms subscriptions. Its address was checked by who asks."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def fetch(self, address: str) -> bytes:
        """Return the document at an address.

        Raises:
            NewsletterError: It cannot be had, or is too large.
        """
        if address in self._known:
            return self._known[address]
        content = bytearray()
        try:
            with httpx.stream("GET", address, timeout=_TIMEOUT_S, follow_redirects=False) as answer:
                answer.raise_for_status()
                for chunk in answer.iter_bytes():
                    content += chunk
                    if len(content) > _MOST_FETCHED:
                        raise NewsletterError(f"{address}: too large")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NewsletterError(f"{address}: {error}") from error
        if len(self._known) < 10 and content.startswith(b"-----BEGIN CERTIFICATE"):
            self._known[address] = bytes(content)
        return bytes(content)


def webhook_routes(
    open_store: Callable[[], Store],
    settings: WebhookSettings,
    soft_limit: int,
    clock: Callable[[], datetime],
    fetch: Callable[[str], bytes] | None = None,
) -> list[Route]:
    """Make the routes of the providers that are set.

    `soft_limit` is as in `newsletter.pipeline.bounces.process_report`; `fetch` gets the addresses of Amazon's that a
    call names.
    """
    parsers = _parsers(settings, clock, fetch or Certificates().fetch)
    return [
        Route(f"/{path}/{name}", _endpoint(parser, open_store, soft_limit, clock), methods=["POST"])
        for path in ("webhooks", "hooks")  # what providers were told before 0.2
        for name, parser in parsers.items()
    ]


def _parsers(
    settings: WebhookSettings, clock: Callable[[], datetime], fetch: Callable[[str], bytes]
) -> dict[str, Reader]:
    parsers: dict[str, Reader] = {}
    if arn := settings.ses_topic_arn:
        parsers["ses"] = lambda _headers, body: _of_ses(body, arn, fetch, clock())
    if public_key := settings.sendgrid_public_key:
        parsers["sendgrid"] = lambda headers, body: read_sendgrid(headers, body, public_key, clock())
    if signing_key := settings.mailgun_signing_key:
        parsers["mailgun"] = lambda _headers, body: read_mailgun(body, signing_key, clock())
    if password := settings.postmark_password:
        parsers["postmark"] = lambda headers, body: read_postmark(headers, body, settings.postmark_username, password)
    return parsers


def _of_ses(body: bytes, arn: str, fetch: Callable[[str], bytes], now: datetime) -> tuple[BounceReport, ...]:
    call = read_ses(body, arn, fetch, now)
    if call.confirm_url is not None:
        fetch(call.confirm_url)
    return call.reports


def _endpoint(
    read: Reader, open_store: Callable[[], Store], soft_limit: int, clock: Callable[[], datetime]
) -> Callable[[Request], object]:
    def answer(headers: dict[str, str], body: bytes) -> Response:
        try:
            reports = read(headers, body)
            if reports:
                with open_store() as store:  # a store belongs to the thread that opened it
                    process_report(store, soft_limit, reports, clock())
        except WebhookRefused as error:
            return PlainTextResponse(f"{error.message}\n", 403)
        except (StoreError, NewsletterError):
            return PlainTextResponse("Not now.\n", 503, {"Retry-After": "60"})
        return PlainTextResponse("Taken.\n")

    async def endpoint(request: Request) -> Response:
        try:
            body = await limited_body(request, _MOST_BYTES)
        except ClientDisconnect:
            return PlainTextResponse("", 400)
        if body is None:
            return PlainTextResponse("Too large.\n", 413)
        return await run_in_threadpool(answer, dict(request.headers), body)

    return endpoint
