"""Asking servers, politely: who we are, how long we wait, and what went wrong in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from newsletter import __version__
from newsletter.errors import SourceError

if TYPE_CHECKING:
    import httpx

_TIMEOUT_S = 30.0


def open_client(contact: str | None = None) -> httpx.Client:
    """Open a client that names the program and, where known, an address to complain to."""
    import httpx  # noqa: PLC0415 - takes 60 ms to import, and most commands never ask a server

    agent = f"newsletter/{__version__} (research paper digests{f'; {contact}' if contact else ''})"
    return httpx.Client(headers={"User-Agent": agent}, timeout=_TIMEOUT_S, follow_redirects=True, max_redirects=5)


def get(
    http: httpx.Client,
    address: str,
    params: Mapping[str, str | int] | None = None,
    *,
    none_on: int | None = None,
) -> httpx.Response:
    """Get one address. A status of `none_on` is an answer, not an error.

    Raises:
        SourceError: No connection, a time-out, or an HTTP status that is not a success.
    """
    import httpx  # noqa: PLC0415

    try:
        response = http.get(address, params=params)
    except httpx.TimeoutException as error:
        raise SourceError(f"{address}: no answer in {_TIMEOUT_S:.0f} s", hint="try again later") from error
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise SourceError(
            f"{address}: cannot be reached ({str(error).strip() or type(error).__name__})",
            hint="check the network, or pull from a saved file",
        ) from error
    if response.is_success or response.status_code == none_on:
        return response
    hint = "too many requests: wait some minutes" if response.status_code == 429 else None
    raise SourceError(f"{response.url}: answered {response.status_code} {response.reason_phrase}", hint=hint)
