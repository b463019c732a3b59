"""Rate limits on sending: messages per second, per hour, and per second to one recipient domain."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from newsletter.limits.token_bucket import TokenBucket
from newsletter.models import Message

#: Maximum number of messages to rate-limited domains that are set aside while others are looked for.
_MAX_PARKED = 200


class RateLimiter:
    """Yields messages no faster than all limits allow."""

    def __init__(
        self, messages: Iterator[Message], *, max_per_second: int, max_per_hour: int, max_per_second_per_domain: int
    ) -> None:
        self._messages = messages
        # The hourly limit is spread over the hour, so that a restart cannot use it up twice.
        self._buckets = [
            TokenBucket(max_per_second),
            TokenBucket(max_per_hour / 3600, burst=max(1.0, max_per_hour / 600)),
        ]
        self._per_domain = max_per_second_per_domain
        self._domains: dict[str, TokenBucket] = {}
        self._parked: deque[Message] = deque()
        self._is_exhausted = False
        #: Seconds to wait before `next` may return another message, after it returned None.
        self.wait_s = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether there are no more messages."""
        return self._is_exhausted and not self._parked

    def stop(self) -> None:
        """Return no more messages; those not taken yet stay unsent."""
        self._is_exhausted = True
        self._parked.clear()

    def next(self, now: float) -> Message | None:
        """Return the next message, or None if none may be sent now."""
        self.wait_s = max(bucket.wait_s(now) for bucket in self._buckets)
        if self.wait_s > 0:
            return None
        message = self._next_within_domain_limit(now) if self._per_domain else self._pull()
        if message is not None:
            for bucket in self._buckets:
                bucket.take()
        return message

    def _pull(self) -> Message | None:
        if self._is_exhausted:
            return None
        message = next(self._messages, None)
        self._is_exhausted = message is None
        return message

    def _next_within_domain_limit(self, now: float) -> Message | None:
        self.wait_s = 1.0 / self._per_domain
        for message in list(self._parked):
            if self._take_from_domain(message, now):
                self._parked.remove(message)
                return message
        while len(self._parked) < _MAX_PARKED and (upcoming := self._pull()):
            if self._take_from_domain(upcoming, now):
                return upcoming
            self._parked.append(upcoming)
        return None

    def _take_from_domain(self, message: Message, now: float) -> bool:
        domain = message.recipient.rpartition("@")[2].lower()
        bucket = self._domains.setdefault(domain, TokenBucket(self._per_domain))
        if bucket.wait_s(now) > 0:
            return False
        bucket.take()
        return True
