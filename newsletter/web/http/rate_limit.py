"""Rate limiting by client network: a burst, then a steady number of requests a minute (token bucket)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Lock
from typing import Protocol

from newsletter.limits.token_bucket import Count, TokenBucket

#: Maximum number of networks remembered; the least recently seen is dropped first.
_MAX_NETWORKS = 20_000

#: Given what is kept of a client, or None, and the present time in seconds: return what to keep from now on, or None if
#: nothing changes, and the seconds to wait.
Decide = Callable[[Count | None, float], tuple[Count | None, float]]


class Counts(Protocol):
    """What is kept of the clients of one limit. Thread-safe."""

    #: Whether to ask takes so long that an event loop should not wait for it.
    is_slow: bool

    def change(self, client: str, decide: Decide) -> float:
        """Let what is kept of a client be changed, by one at a time; return the seconds to wait that are decided."""


#: Return the counts of a limit by its name. Each client is kept for at least so many seconds.
MakeCounts = Callable[[str, float], Counts]


@dataclass
class OwnCounts:
    """Counts in the memory of this process."""

    #: Returns seconds.
    clock: Callable[[], float]
    is_slow = False
    _counts: OrderedDict[str, Count] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def change(self, client: str, decide: Decide) -> float:
        """Let what is kept of a client be changed; return the seconds to wait."""
        now = self.clock()
        with self._lock:
            known = self._counts.pop(client, None)
            changed, wait_s = decide(known, now)
            if kept := changed or known:
                self._counts[client] = kept
            if len(self._counts) > _MAX_NETWORKS:
                self._counts.popitem(last=False)
        return wait_s


@dataclass(frozen=True)
class RateLimiter:
    """One token bucket per client network."""

    #: Requests allowed at once.
    burst: int
    #: Tokens added per minute, up to `burst`.
    per_minute: float
    counts: Counts

    def take(self, host: str) -> float:
        """Count a request from a client address; return 0 if it is allowed, else the seconds to wait (Retry-After)."""
        return self.counts.change(network_of(host), self._decide)

    def _decide(self, known: Count | None, now: float) -> tuple[Count | None, float]:
        tokens, at_s = (known.tokens, known.at_s) if known else (self.burst, now)
        bucket = TokenBucket(self.per_minute / 60, self.burst, tokens, at_s)
        if wait_s := bucket.wait_s(now):
            return None, wait_s
        bucket.take()
        return Count(bucket.tokens, now), 0.0


def rate_limiter(name: str, burst: int, per_minute: float, make_counts: MakeCounts) -> RateLimiter:
    """Return the limit of a name, whose clients are forgotten when nothing of theirs counts any more."""
    return RateLimiter(burst, per_minute, make_counts(name, 60 * burst / per_minute))


def network_of(host: str, *, ipv4_bits: int = 32, ipv6_bits: int = 64) -> str:
    """Return the network of a client: by default what one household has, an IPv4 address or an IPv6 /64."""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(IPv6Address(int(address) >> 128 - ipv6_bits << 128 - ipv6_bits))
        address = address.ipv4_mapped
    return str(IPv4Address(int(address) >> 32 - ipv4_bits << 32 - ipv4_bits))
