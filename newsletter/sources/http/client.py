"""The HTTP client of all sources: rate limited, retrying, with bounded responses and protection against SSRF.

It identifies itself and names a contact, asks only for what changed where a server can tell (RFC 9110, 13), and turns
every failure into a `SourceError`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any

from newsletter import __version__
from newsletter.errors import SourceError
from newsletter.limits import RESPONSE_BYTES
from newsletter.limits.deadlines import call_within
from newsletter.models import Validators
from newsletter.sources.http.rate_limit import RateLimiter
from newsletter.sources.http.retry import MAX_ATTEMPTS, RetryableError, backoff, requested_wait, status_error
from newsletter.sources.http.ssrf import Resolve, public_address, resolve

if TYPE_CHECKING:
    import httpx

#: To connect, and between two pieces of a response.
TIMEOUT_S = 30.0
MAX_RESPONSE_S = 300.0
#: All of a request, with DNS, TLS, redirects and rate limits.
MAX_REQUEST_S = 600.0
MAX_RESPONSE_B = RESPONSE_BYTES
_MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response."""

    #: The URL after redirects, without secrets.
    place: str
    status: int
    content: bytes
    #: Lower-case names.
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_unchanged(self) -> bool:
        """Whether the response is 304 Not Modified, and so without content."""
        return self.status == 304


class HttpClient:
    """An HTTP client. A context manager for one thread, which waits for the threads of its requests."""

    def __init__(
        self,
        contact: str | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        resolve: Resolve = resolve,
    ) -> None:
        #: An email address for the operators of servers, which some APIs ask for.
        self.contact = contact
        #: Validators of conditional responses since `start_over`, by URL.
        self.validators: dict[str, Validators] = {}
        #: The number of 304 responses since `start_over`.
        self.unchanged = 0
        #: What the source keeps between two pulls, by names of its own: how far it has read a library or a mailbox. It
        #: is stored when the pull has succeeded.
        self.state: dict[str, str] = {}
        #: The number of items since `start_over` that are none of the source's, and were ignored.
        self.ignored = 0
        self._known: Mapping[str, Validators] = {}
        self._sleep = sleep
        self._clock = clock
        self._resolve = resolve
        self._rate_limiter = RateLimiter(sleep, clock)

    def start_over(self, known: Mapping[str, Validators], state: Mapping[str, str] | None = None) -> None:
        """Begin with another source: `known` holds the validators of its last responses by URL, `state` is its own."""
        self.validators, self.unchanged, self._known = {}, 0, known
        self.state, self.ignored = dict(state or {}), 0

    def get(
        self,
        address: str,
        params: Mapping[str, str | int] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        expected: Collection[int] = (),
        conditional: bool = False,
        untrusted: bool = False,
    ) -> Response:
        """Request a URL, with retries after temporary failures.

        Args:
            address: An http(s) URL.
            params: Query parameters to add.
            headers: Request headers to add.
            secrets: Query parameters that are never shown or logged.
            expected: Error statuses to return as a response.
            conditional: Send the validators of the last response (If-None-Match); see `Response.is_unchanged`.
            untrusted: The URL comes from a response and not from the operator: refuse private addresses.

        Raises:
            SourceRateLimited: The server asks for a longer wait than a pull allows.
            SourceError: The connection failed or timed out, the response is too large, or has an error status.
        """
        import httpx  # noqa: PLC0415 - takes 60 ms to import, and most commands make no requests

        try:
            url = httpx.URL(address)
            url = url.copy_merge_params({**(params or {}), **(secrets or {})}) if params or secrets else url
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise SourceError(f"{address}: invalid URL ({error})", hint="check the URL") from error
        place = _without_secrets(url, secrets or {})
        all_headers = {**(headers or {}), **(self._conditions(place) if conditional else {})}
        response, content = self._retried(lambda: self._attempt(url, place, all_headers, expected, untrusted))
        if conditional and response.status_code == 200:
            self.validators[place] = Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        elif conditional and response.status_code == 304 and place in self._known:
            self.validators[place] = self._known[place]
            self.unchanged += 1
        return Response(
            _without_secrets(response.url, secrets or {}), response.status_code, content, dict(response.headers)
        )

    def post(self, address: str, body: Mapping[str, Any], *, expected: Collection[int] = ()) -> Response:
        """Send a JSON object, such as one with a password, to an API of the operator's choice.

        The body is never shown or logged, and is sent to no other address: a redirect is an error.

        Raises:
            SourceRateLimited: The server asks for a longer wait than a pull allows.
            SourceError: The connection failed or timed out, or the response is too large, or is a redirect or an error.
        """
        import httpx  # noqa: PLC0415

        try:
            url = httpx.URL(address)
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise SourceError(f"{address}: invalid URL ({error})", hint="check the URL") from error
        place, sent = _without_secrets(url, {}), json.dumps(dict(body)).encode()
        headers = {"Content-Type": "application/json"}
        response, content = self._retried(
            lambda: self._attempt(url, place, headers, expected, untrusted=False, body=sent)
        )
        return Response(place, response.status_code, content, dict(response.headers))

    # -- one attempt ------------------------------------------------------------------------------

    def _retried(self, attempt: Callable[[], tuple[httpx.Response, bytes]]) -> tuple[httpx.Response, bytes]:
        import tenacity  # noqa: PLC0415

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(RetryableError),
            stop=tenacity.stop_after_attempt(MAX_ATTEMPTS),
            wait=backoff,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except RetryableError as error:
            raise error.error from error

    def _attempt(
        self, url: httpx.URL, place: str, headers: Mapping[str, str], expected: Collection[int], untrusted: bool,
        body: bytes | None = None,
    ) -> tuple[httpx.Response, bytes]:  # fmt: skip
        import httpx  # noqa: PLC0415

        def request() -> tuple[httpx.Response, bytes]:
            return (
                self._follow(url, place, headers, untrusted) if body is None else self._post(url, place, headers, body)
            )

        try:
            response, content = call_within(MAX_REQUEST_S, request)
        except TimeoutError as error:
            message = f"{place}: no complete response within {MAX_REQUEST_S:.0f} s"
            raise SourceError(message, hint="try again later") from error
        except httpx.TimeoutException as error:
            message = f"{place}: timed out after {TIMEOUT_S:.0f} s"
            raise RetryableError(SourceError(message, hint="try again later")) from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.DecodingError, UnicodeError) as error:
            raise SourceError(f"{place}: request failed ({_message(error)})", hint="check the URL") from error
        except httpx.HTTPError as error:
            hint = "check the network, or pull from a saved file"
            raise RetryableError(SourceError(f"{place}: connection failed ({_message(error)})", hint=hint)) from error
        if response.is_success or response.status_code in (304, *expected):
            if "Backoff" in response.headers and (wait_s := requested_wait(response.headers)):
                self._rate_limiter.pause(response.request.url.host, wait_s)
            return response, content
        raise status_error(place, response.status_code, response.reason_phrase, response.headers)

    def _follow(
        self, url: httpx.URL, place: str, headers: Mapping[str, str], untrusted: bool
    ) -> tuple[httpx.Response, bytes]:
        """Send a request and follow redirects, of which those to another server are untrusted."""
        requested = url
        for _ in range(_MAX_REDIRECTS + 1):
            self._rate_limiter.wait(url.host)
            pinned = untrusted or (url.host, url.port) != (requested.host, requested.port)
            request = self._request(url, place, headers if url.host == requested.host else {}, pinned=pinned)
            response = self._client.send(request, stream=True, follow_redirects=False)
            try:
                if not response.has_redirect_location:
                    response.request.url = url  # with the host name, also for a pinned request
                    return response, self._read(response, place)
                url = url.join(response.headers["Location"])
            finally:
                response.close()
        raise SourceError(f"{place}: too many redirects (more than {_MAX_REDIRECTS})")

    def _post(
        self, url: httpx.URL, place: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[httpx.Response, bytes]:
        self._rate_limiter.wait(url.host)
        request = self._client.build_request("POST", url, headers=headers, content=body)
        response = self._client.send(request, stream=True, follow_redirects=False)
        try:
            if response.has_redirect_location:
                raise SourceError(f"{place}: unexpected redirect", hint="check the address of the API")
            return response, self._read(response, place)
        finally:
            response.close()

    def _request(self, url: httpx.URL, place: str, headers: Mapping[str, str], *, pinned: bool) -> httpx.Request:
        """Return a request; a pinned one goes to the IP address that was checked to be public."""
        if not pinned:
            return self._client.build_request("GET", url, headers=headers)
        number = public_address(url.scheme, url.host, url.port, self._resolve, place)
        if number is None:  # a proxy resolves the name, and has its own rules
            return self._client.build_request("GET", url, headers=headers)
        return self._client.build_request(
            "GET",
            url.copy_with(host=number),
            headers={**headers, "Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},
        )

    def _read(self, response: httpx.Response, place: str) -> bytes:
        content = bytearray()
        deadline = self._clock() + MAX_RESPONSE_S
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > MAX_RESPONSE_B:
                raise SourceError(f"{place}: response larger than {MAX_RESPONSE_B // 2**20} MB")
            if self._clock() > deadline:
                message = f"{place}: response incomplete after {MAX_RESPONSE_S:.0f} s"
                raise SourceError(message, hint="try again later")
        return bytes(content)

    def _conditions(self, place: str) -> dict[str, str]:
        known = self._known.get(place)
        pairs = (("If-None-Match", known.etag), ("If-Modified-Since", known.last_modified)) if known else ()
        return {name: value for name, value in pairs if value}

    # -- connections ------------------------------------------------------------------------------

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx  # noqa: PLC0415

        comment = f"research paper digests{f'; mailto:{self.contact}' if self.contact else ''}"
        return httpx.Client(headers={"User-Agent": f"newsletter/{__version__} ({comment})"}, timeout=TIMEOUT_S)

    def close(self) -> None:
        """Close all connections."""
        if "_client" in self.__dict__:
            self._client.close()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _without_secrets(url: httpx.URL, secrets: Mapping[str, Any]) -> str:
    for name in secrets:
        url = url.copy_remove_param(name)
    return str(url.copy_with(userinfo=b""))


def _message(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
