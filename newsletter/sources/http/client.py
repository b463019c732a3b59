"""Asking servers, politely and sturdily: the one place where this program reads from the network.

Who we are, how often we ask and how long we wait; what is tried again and when; how much is taken in; which
addresses a page may lead us to; and what went wrong, in words.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any

from newsletter import __version__
from newsletter.errors import SourceError, SourceRateLimited
from newsletter.models import Validators
from newsletter.sources.http.ssrf import Resolve, public_address, resolve

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

TIMEOUT_S = 30.0
LONGEST_ANSWER_S = 300.0
LARGEST_RESPONSE_B = 64 * 2**20
_MOST_REDIRECTS = 5
_ATTEMPTS = 4
_FIRST_WAIT_S = 1.0
#: A server that asks for more patience than this is left alone until the next pull.
_LONGEST_WAIT_S = 60.0
_BRIEF_TROUBLE = frozenset({408, 425, 429, 500, 502, 503, 504})

#: Seconds between two requests, by domain, as their rules ask: https://info.arxiv.org/help/api/tou.html (all of
#: arXiv's hosts together), https://www.ncbi.nlm.nih.gov/books/NBK25497/, https://www.semanticscholar.org/product/api,
#: https://www.crossref.org/documentation/retrieve-metadata/rest-api/.
_PACE_S = {"arxiv.org": 3.0, "semanticscholar.org": 1.1, "nih.gov": 0.4, "biorxiv.org": 1.0, "crossref.org": 0.25}
_OTHER_PACE_S = 0.2


@dataclass(frozen=True, slots=True)
class Response:
    """What a server said."""

    #: The address that was asked, after redirects and without secrets.
    place: str
    status: int
    content: bytes
    #: Lower-case names.
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_unchanged(self) -> bool:
        """The server has nothing newer than what it told before; there is no content."""
        return self.status == 304


class _TryAgain(Exception):
    """A trouble that may pass."""

    def __init__(self, error: SourceError, wait_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


class Web:
    """The network, as sources see it. Use it in a `with`; belongs to one thread."""

    def __init__(
        self,
        contact: str | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        resolve: Resolve = resolve,
    ) -> None:
        #: Where a server's operator may write to; some APIs ask for it.
        self.contact = contact
        #: What servers told of the addresses asked since `start_over`.
        self.validators: dict[str, Validators] = {}
        #: How many of these answers were "not modified".
        self.unchanged = 0
        self._known: Mapping[str, Validators] = {}
        self._sleep = sleep
        self._clock = clock
        self._resolve = resolve
        self._next_turn: dict[str, float] = {}

    def start_over(self, known: Mapping[str, Validators]) -> None:
        """Begin with another source: `known` is what its addresses told the last time."""
        self.validators, self.unchanged, self._known = {}, 0, known

    def get(
        self,
        address: str,
        params: Mapping[str, str | int] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        expected: Collection[int] = (),
        conditional: bool = False,
        from_outside: bool = False,
    ) -> Response:
        """Get one address, again if there is trouble that may pass.

        Args:
            address: An http(s) address.
            params: Added to its query.
            headers: Added to ours.
            secrets: Added to the query, and never shown.
            expected: Statuses that are an answer though they are no success.
            conditional: Ask only for what changed since this address last answered; see `Response.is_unchanged`.
            from_outside: The address was not given by the operator but found in what a server sent: it must
                not lead into a private network.

        Raises:
            SourceBusy: The server asks for more patience than a pull has.
            SourceError: No connection, no answer in time, too much of it, a status that is no success.
        """
        import httpx  # noqa: PLC0415 - takes 60 ms to import, and most commands never ask a server
        import tenacity  # noqa: PLC0415

        try:
            url = httpx.URL(address)
            url = url.copy_merge_params({**(params or {}), **(secrets or {})}) if params or secrets else url
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise SourceError(f"{address}: cannot be reached ({error})", hint="is the address right?") from error
        place = _shown(url, secrets or {})
        sent = {**(headers or {}), **(self._conditions(place) if conditional else {})}
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_TryAgain),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            response, content = retrying(self._ask, url, place, sent, expected, from_outside)
        except _TryAgain as error:
            raise error.error from error
        if conditional and response.status_code == 200:
            self.validators[place] = Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))
        elif conditional and response.status_code == 304 and place in self._known:
            self.validators[place] = self._known[place]
            self.unchanged += 1
        return Response(_shown(response.url, secrets or {}), response.status_code, content, dict(response.headers))

    # -- one attempt ------------------------------------------------------------------------------

    def _ask(
        self, url: httpx.URL, place: str, headers: Mapping[str, str], expected: Collection[int], from_outside: bool
    ) -> tuple[httpx.Response, bytes]:
        import httpx  # noqa: PLC0415

        try:
            response, content = self._follow(url, place, headers, from_outside)
        except httpx.TimeoutException as error:
            raise _TryAgain(SourceError(f"{place}: no answer in {TIMEOUT_S:.0f} s", hint="try again later")) from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.DecodingError, UnicodeError) as error:
            raise SourceError(f"{place}: cannot be reached ({_words(error)})", hint="is the address right?") from error
        except httpx.HTTPError as error:
            hint = "check the network, or pull from a saved file"
            raise _TryAgain(SourceError(f"{place}: cannot be reached ({_words(error)})", hint=hint)) from error
        if response.is_success or response.status_code in (304, *expected):
            return response, content
        raise _trouble(response, place)

    def _follow(
        self, url: httpx.URL, place: str, headers: Mapping[str, str], from_outside: bool
    ) -> tuple[httpx.Response, bytes]:
        """Ask, and go where the server sends us: not too often, and not into a private network."""
        asked = url
        for _ in range(_MOST_REDIRECTS + 1):
            self._take_turn(url.host)
            pinned = from_outside or (url.host, url.port) != (asked.host, asked.port)
            request = self._request(url, place, headers if url.host == asked.host else {}, pinned=pinned)
            response = self._client.send(request, stream=True, follow_redirects=False)
            try:
                if not response.has_redirect_location:
                    response.request.url = url  # for a pinned request, the name and not the number
                    return response, self._read(response, place)
                url = url.join(response.headers["Location"])
            finally:
                response.close()
        raise SourceError(f"{place}: cannot be reached (more than {_MOST_REDIRECTS} redirects)")

    def _request(self, url: httpx.URL, place: str, headers: Mapping[str, str], *, pinned: bool) -> httpx.Request:
        """Make a request; a pinned one goes to the very address that was found to be public."""
        if not pinned:
            return self._client.build_request("GET", url, headers=headers)
        number = public_address(url.scheme, url.host, url.port, self._resolve, place)
        if number is None:  # a proxy resolves names, and has rules of its own
            return self._client.build_request("GET", url, headers=headers)
        return self._client.build_request(
            "GET",
            url.copy_with(host=number),
            headers={**headers, "Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.host},
        )

    def _read(self, response: httpx.Response, place: str) -> bytes:
        content = bytearray()
        until = self._clock() + LONGEST_ANSWER_S
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > LARGEST_RESPONSE_B:
                raise SourceError(f"{place}: answers more than {LARGEST_RESPONSE_B // 2**20} MB")
            if self._clock() > until:
                raise SourceError(f"{place}: still answering after {LONGEST_ANSWER_S:.0f} s", hint="try again later")
        return bytes(content)

    def _take_turn(self, host: str) -> None:
        """Wait until it is polite to ask this host's domain again."""
        domain = next((name for name in _PACE_S if host == name or host.endswith(f".{name}")), host)
        is_ours = host in ("localhost", "127.0.0.1", "::1")
        pace = 0.0 if is_ours else _PACE_S.get(domain, _OTHER_PACE_S)
        now = self._clock()
        turn = max(now, self._next_turn.get(domain, now))
        self._next_turn[domain] = turn + pace
        if turn > now:
            self._sleep(turn - now)

    def _conditions(self, place: str) -> dict[str, str]:
        known = self._known.get(place)
        pairs = (("If-None-Match", known.etag), ("If-Modified-Since", known.last_modified)) if known else ()
        return {name: value for name, value in pairs if value}

    # -- the client -------------------------------------------------------------------------------

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx  # noqa: PLC0415

        about = f"research paper digests{f'; mailto:{self.contact}' if self.contact else ''}"
        return httpx.Client(headers={"User-Agent": f"newsletter/{__version__} ({about})"}, timeout=TIMEOUT_S)

    def close(self) -> None:
        """Close all connections."""
        if "_client" in self.__dict__:
            self._client.close()

    def __enter__(self) -> Web:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _trouble(response: httpx.Response, place: str) -> Exception:
    """Return what to raise for a status that is no success."""
    said = f"{place}: answered {response.status_code} {response.reason_phrase}".rstrip()
    if response.status_code not in _BRIEF_TROUBLE:
        return SourceError(said)
    wait_s = _retry_after(response.headers.get("Retry-After"))
    hint = "too many requests: wait some minutes" if response.status_code == 429 else "try again later"
    if wait_s is not None and wait_s > _LONGEST_WAIT_S:
        return SourceRateLimited(said, hint=f"it asks to be left alone for {_span(wait_s)}", wait_s=wait_s)
    return _TryAgain(SourceError(said, hint=hint), wait_s)


def _retry_after(value: str | None) -> float | None:
    """Read Retry-After, seconds or a date (RFC 9110, 10.2.3), in seconds from now."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _wait(state: RetryCallState) -> float:
    """Return how long to wait before the next attempt: what the server asked for, else twice as long each time."""
    import tenacity  # noqa: PLC0415

    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _TryAgain) and error.wait_s is not None:
        return error.wait_s
    backoff = tenacity.wait_exponential(_FIRST_WAIT_S, _LONGEST_WAIT_S) + tenacity.wait_random(0, _FIRST_WAIT_S)
    return float(backoff(state))


def _shown(url: httpx.URL, secrets: Mapping[str, Any]) -> str:
    for name in secrets:
        url = url.copy_remove_param(name)
    return str(url.copy_with(userinfo=b""))


def _span(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{seconds / 60:.0f} minutes"


def _words(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
