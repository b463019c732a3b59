"""How often one network may ask for something: so often at once, then so often a minute."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from threading import Lock

#: So many networks are remembered; those that asked longest ago are forgotten.
_REMEMBERED = 20_000


@dataclass
class Limits:
    """A token bucket for each network."""

    burst: int
    per_minute: float
    #: Returns seconds that only grow.
    clock: Callable[[], float]
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, host: str) -> float:
        """Count one request; return 0, or the seconds after which the next one is heard."""
        network, now = network_of(host), self.clock()
        with self._lock:
            tokens, at = self._buckets.pop(network, (float(self.burst), now))
            tokens = min(float(self.burst), tokens + (now - at) / 60 * self.per_minute)
            wait_s = 0.0 if tokens >= 1 else (1 - tokens) / self.per_minute * 60
            self._buckets[network] = (tokens if wait_s else tokens - 1, now)
            if len(self._buckets) > _REMEMBERED:
                self._buckets.popitem(last=False)
        return wait_s


def network_of(host: str) -> str:
    """Return what one household or company has of addresses: one of IPv4, a /64 of IPv6."""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:64]
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
