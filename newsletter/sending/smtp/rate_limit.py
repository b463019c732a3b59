"""Rate limits on sending: messages per second, per hour, and per second to one recipient domain."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from newsletter.limits.token_bucket import TokenBucket
from newsletter.models import Message
from newsletter.sending import Permits, Wait
from newsletter.sending.smtp.settings import SmtpSettings

#: Maximum number of messages that are set aside while others, to domains that are not rate-limited, are looked for.
_MAX_PARKED = 200


@dataclass
class _Buckets:
    """What may be sent to one server."""

    settings: SmtpSettings
    common: tuple[TokenBucket, ...] = ()
    domains: dict[str, TokenBucket] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The hourly limit is spread over the hour, so that a restart cannot use it up twice.
        hourly = self.settings.max_per_hour
        self.common = (
            TokenBucket(self.settings.max_per_second),
            TokenBucket(hourly / 3600, burst=max(1.0, hourly / 600)),
        )

    def take(self, domain: str, now: float) -> Wait:
        """Take a token from each bucket, or none; see `Permits.take`."""
        per_domain = self.settings.max_per_second_per_domain
        buckets = self.common
        if per_domain:
            buckets = (*buckets, self.domains.setdefault(domain, TokenBucket(per_domain)))
        all_s = max(bucket.wait_s(now) for bucket in self.common)
        domain_s = buckets[-1].wait_s(now) if per_domain else 0.0
        if not all_s and not domain_s:
            for bucket in buckets:
                bucket.take()
        return Wait(all_s, domain_s)


class RateLimits:
    """The limits of servers, for all who send to them: the `Permits` of one process, or of its senders together."""

    def __init__(self, servers: Iterable[SmtpSettings]) -> None:
        self._buckets = {str(settings): _Buckets(settings) for settings in servers}

    def take(self, server: str, domain: str, now: float) -> Wait:
        """Take the permit to send one message; see `Permits.take`."""
        return self._buckets[server].take(domain, now)


class RateLimiter:
    """Yields messages no faster than all limits of a server allow."""

    def __init__(self, messages: Iterator[Message], settings: SmtpSettings, permits: Permits) -> None:
        self._messages = messages
        self._server, self._permits = str(settings), permits
        self._is_limited = settings.is_rate_limited
        #: Messages that wait for a permit, in order.
        self._parked: deque[Message] = deque()
        #: Before these times there is no permit: for any message, and by domain.
        self._not_before = 0.0
        self._domain_not_before: dict[str, float] = {}
        self._is_exhausted = False
        #: Seconds to wait before `take` may return another message, after it returned too few.
        self.wait_s = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether there are no more messages."""
        return self._is_exhausted and not self._parked

    def stop(self) -> None:
        """Return no more messages; those not taken yet stay unsent."""
        self._is_exhausted = True
        self._parked.clear()

    def take(self, number: int, now: float) -> list[Message]:
        """Return up to `number` messages, fewer if no more may be sent now; `now` is a monotonic time."""
        taken: list[Message] = []
        if self._is_limited:
            while len(taken) < number and (message := self._next(now)) is not None:
                taken.append(message)
        elif not self._is_exhausted:
            taken += islice(self._messages, max(0, number))
            self._is_exhausted |= len(taken) < number
        return taken

    def _next(self, now: float) -> Message | None:
        self.wait_s = max(0.0, self._not_before - now)
        if self.wait_s > 0:
            return None
        for message in self._candidates():
            domain = message.recipient.rpartition("@")[2].lower()
            not_before = self._domain_not_before.get(domain, 0.0)
            if not_before <= now:
                wait = self._permits.take(self._server, domain, now)
                if not any(wait):
                    self._parked.remove(message)
                    return message
                if wait.all_s:
                    self._not_before, self.wait_s = now + wait.all_s, wait.all_s
                    return None
                not_before = self._domain_not_before[domain] = now + wait.domain_s
            self.wait_s = min(self.wait_s or not_before - now, not_before - now)
        if not self._parked:
            self._domain_not_before.clear()
        return None

    def _candidates(self) -> Iterator[Message]:
        """Yield the messages that are parked, then further ones, which are parked."""
        yield from list(self._parked)
        while len(self._parked) < _MAX_PARKED and (upcoming := self._pull()):
            self._parked.append(upcoming)
            yield upcoming

    def _pull(self) -> Message | None:
        if self._is_exhausted:
            return None
        message = next(self._messages, None)
        self._is_exhausted = message is None
        return message
