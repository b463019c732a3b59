"""The token bucket of every rate limit: of sending, of the requests to sources, and of the requests to our pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Count(NamedTuple):
    """What is kept of a client and a limit."""

    #: The tokens that there were after the last one was taken.
    tokens: float
    #: When, in seconds of the clock of whoever keeps it.
    at_s: float
    #: Failed logins.
    failures: int = 0


@dataclass(slots=True)
class TokenBucket:
    """A token bucket, filled with `per_s` tokens per second up to `burst`; 0 per second means no limit.

    Times are monotonic seconds, given by the caller. A token may be taken ahead of time; the next one is then later.
    """

    per_s: float
    burst: float = 1.0
    #: Tokens at the start.
    tokens: float = 1.0
    updated_at: float | None = None

    def wait_s(self, now: float) -> float:
        """Return the seconds until a token is available, 0 if one is."""
        if self.per_s <= 0:
            return 0.0
        if self.updated_at is not None:
            self.tokens = min(self.burst, self.tokens + max(0.0, now - self.updated_at) * self.per_s)
        self.updated_at = now
        return max(0.0, (1.0 - self.tokens) / self.per_s)

    def take(self) -> None:
        """Use one token."""
        self.tokens -= 1.0
