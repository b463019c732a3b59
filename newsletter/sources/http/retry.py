"""Retries: which failed requests are worth repeating, and when (Retry-After, exponential backoff)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from newsletter.errors import SourceError, SourceRateLimited

if TYPE_CHECKING:
    from tenacity import RetryCallState

MAX_ATTEMPTS = 4
_FIRST_WAIT_S = 1.0
#: A server that asks for a longer wait is not requested again in this pull.
MAX_WAIT_S = 60.0
#: A smaller number is one of seconds: this is in September 2001.
_FIRST_UNIX_TIME = 1e9
_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})


class RetryableError(Exception):
    """A temporary failure, with the error to raise after the last attempt and the wait that the server asks for."""

    def __init__(self, error: SourceError, wait_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


def status_error(place: str, status: int, reason: str, headers: Mapping[str, str]) -> Exception:
    """Return the exception for an HTTP error status: retryable, rate limited for long, or permanent.

    Args:
        place: The URL, for the message.
        status: The HTTP status code.
        reason: The reason phrase, which may be empty.
        headers: The headers of the response, by their names in any case.
    """
    message = f"{place}: HTTP {status} {reason}".rstrip()
    if status not in _RETRYABLE:
        return SourceError(message)
    wait_s = requested_wait(headers)
    if wait_s is not None and wait_s > MAX_WAIT_S:
        return rate_limited(message, wait_s)
    hint = "rate limited; try again in a few minutes" if status == 429 else "try again later"
    return RetryableError(SourceError(message, hint=hint), wait_s)


def rate_limited(message: str, wait_s: float) -> SourceRateLimited:
    """Return the error for a server that is not to be requested for longer than a pull may wait."""
    return SourceRateLimited(message, hint=f"rate limited; retry after {_duration(wait_s)}", wait_s=wait_s)


def requested_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait before the next request, or None if it does not say.

    It says so by Retry-After (RFC 9110, 10.2.3), by Backoff (Zotero, also in a response without an error), or by
    X-RateLimit-Reset (ADS: Unix time) where nothing remains.
    """
    waits = [parse_retry_after(headers.get("Retry-After")), parse_retry_after(headers.get("Backoff"))]
    if headers.get("X-RateLimit-Remaining", "").strip() == "0":
        waits.append(_until(headers.get("X-RateLimit-Reset", "")))
    return max((wait for wait in waits if wait is not None), default=None)


def _until(moment: str) -> float | None:
    """Return the seconds until a Unix time, or those stated if the number is too small for one."""
    seconds = float(moment.strip()[:12]) if moment.strip().isascii() and moment.strip().isdecimal() else None
    if seconds is None or seconds < _FIRST_UNIX_TIME:
        return seconds
    return max(0.0, seconds - datetime.now(UTC).timestamp())


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds from now in a Retry-After header, which has seconds or a date (RFC 9110, 10.2.3)."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value.strip()[:9])
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def backoff(state: RetryCallState) -> float:
    """Return the seconds until the next attempt: as the server asks, else exponential backoff with jitter."""
    import tenacity  # noqa: PLC0415 - only imported for requests

    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryableError) and error.wait_s is not None:
        return error.wait_s
    wait = tenacity.wait_exponential(_FIRST_WAIT_S, MAX_WAIT_S) + tenacity.wait_random(0, _FIRST_WAIT_S)
    return float(wait(state))


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{seconds / 60:.0f} minutes"
