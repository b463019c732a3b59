"""How fast: so many a second, so many an hour, so many a second to one domain."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.models import Message

#: So many messages to domains that have had enough for now are kept while others are looked for.
_PARKED = 200


@dataclass
class TokenBucket:
    """A token bucket: `per_s` tokens a second, of which `burst` are kept; no `per_s` means no limit."""

    per_s: float
    burst: float = 1.0
    _tokens: float = 1.0
    _at: float | None = None

    def wait_s(self, now: float) -> float:
        """Return the seconds until there is a token."""
        if self.per_s <= 0:
            return 0.0
        if self._at is not None:
            self._tokens = min(self.burst, self._tokens + max(0.0, now - self._at) * self.per_s)
        self._at = now
        return max(0.0, (1.0 - self._tokens) / self.per_s)

    def take(self) -> None:
        """Use one token."""
        self._tokens -= 1.0


class RateLimiter:
    """Hands out messages no faster than all limits allow."""

    def __init__(
        self, messages: Iterator[Message], *, max_per_second: int, max_per_hour: int, max_per_second_per_domain: int
    ) -> None:
        self._messages = messages
        # What an hour may have is spread over it, so that a restart cannot spend it twice.
        self._buckets = [
            TokenBucket(max_per_second),
            TokenBucket(max_per_hour / 3600, burst=max(1.0, max_per_hour / 600)),
        ]
        self._per_domain = max_per_second_per_domain
        self._domains: dict[str, TokenBucket] = {}
        self._parked: deque[Message] = deque()
        self._is_at_end = False
        #: Seconds until `next` may give another, when it gave none.
        self.wait_s = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether there are no more messages."""
        return self._is_at_end and not self._parked

    def stop(self) -> None:
        """Give no more; what was not taken is left where it came from."""
        self._is_at_end = True
        self._parked.clear()

    def next(self, now: float) -> Message | None:
        """Return the next message, or None if there is none that may go now."""
        self.wait_s = max(bucket.wait_s(now) for bucket in self._buckets)
        if self.wait_s > 0:
            return None
        message = self._next_to_a_free_domain(now) if self._per_domain else self._following()
        if message is not None:
            for bucket in self._buckets:
                bucket.take()
        return message

    def _following(self) -> Message | None:
        if self._is_at_end:
            return None
        message = next(self._messages, None)
        self._is_at_end = message is None
        return message

    def _next_to_a_free_domain(self, now: float) -> Message | None:
        self.wait_s = 1.0 / self._per_domain
        for message in list(self._parked):
            if self._may_go(message, now):
                self._parked.remove(message)
                return message
        while len(self._parked) < _PARKED and (following := self._following()):
            if self._may_go(following, now):
                return following
            self._parked.append(following)
        return None

    def _may_go(self, message: Message, now: float) -> bool:
        domain = message.recipient.rpartition("@")[2].lower()
        bucket = self._domains.setdefault(domain, TokenBucket(self._per_domain))
        if bucket.wait_s(now) > 0:
            return False
        bucket.take()
        return True
