"""Rate limiting by client network: a burst, then a steady number of requests a minute (token bucket)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Lock

from newsletter.limits.token_bucket import TokenBucket

#: Maximum number of networks remembered; the least recently seen is dropped first.
_MAX_NETWORKS = 20_000


@dataclass
class RateLimiter:
    """One token bucket per client network. Thread-safe."""

    #: Requests allowed at once.
    burst: int
    #: Tokens added per minute, up to `burst`.
    per_minute: float
    #: Return monotonic seconds.
    clock: Callable[[], float]
    _buckets: OrderedDict[str, TokenBucket] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, host: str) -> float:
        """Count a request from a client address; return 0 if it is allowed, else the seconds to wait (Retry-After)."""
        network, now = network_of(host), self.clock()
        with self._lock:
            bucket = self._buckets.pop(network, None) or TokenBucket(self.per_minute / 60, self.burst, self.burst)
            self._buckets[network] = bucket
            wait_s = bucket.wait_s(now)
            if not wait_s:
                bucket.take()
            if len(self._buckets) > _MAX_NETWORKS:
                self._buckets.popitem(last=False)
        return wait_s


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
