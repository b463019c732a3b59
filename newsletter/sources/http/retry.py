"""Retries: which failed requests are worth repeating, and when (Retry-After, exponential backoff)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from newsletter.errors import SourceError, SourceRateLimited

if TYPE_CHECKING:
    from tenacity import RetryCallState

MAX_ATTEMPTS = 4
_FIRST_WAIT_S = 1.0
#: A server that asks for a longer wait is not requested again in this pull.
_MAX_WAIT_S = 60.0
_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})


class RetryableError(Exception):
    """A temporary failure, with the error to raise after the last attempt and the wait that the server asks for."""

    def __init__(self, error: SourceError, wait_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_s = wait_s


def status_error(place: str, status: int, reason: str, retry_after: str | None) -> Exception:
    """Return the exception for an HTTP error status: retryable, rate limited for long, or permanent.

    Args:
        place: The URL, for the message.
        status: The HTTP status code.
        reason: The reason phrase, which may be empty.
        retry_after: The header Retry-After, if there is one.
    """
    message = f"{place}: HTTP {status} {reason}".rstrip()
    if status not in _RETRYABLE:
        return SourceError(message)
    wait_s = parse_retry_after(retry_after)
    if wait_s is not None and wait_s > _MAX_WAIT_S:
        return SourceRateLimited(message, hint=f"rate limited; retry after {_duration(wait_s)}", wait_s=wait_s)
    hint = "rate limited; try again in a few minutes" if status == 429 else "try again later"
    return RetryableError(SourceError(message, hint=hint), wait_s)


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
    wait = tenacity.wait_exponential(_FIRST_WAIT_S, _MAX_WAIT_S) + tenacity.wait_random(0, _FIRST_WAIT_S)
    return float(wait(state))


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{seconds / 60:.0f} minutes"
