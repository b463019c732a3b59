"""The limit of logins, which is asked before a password is looked at: a growing delay per network, and one for all.

    per network: 5 failures, then a delay of 2, 4, 8, … 900 seconds after each further one
    for all:     30 failures, then one attempt every 6 seconds; not for networks that have logged in before

An attempt that is refused is not counted: what waits long enough is let in. Concurrent guesses are counted before they
are checked.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from newsletter.limits.token_bucket import TokenBucket
from newsletter.web.http.rate_limit import network_of

_FREE = 5
_MAX_DELAY_S = 900
_BURST_OF_ALL, _PER_S_OF_ALL = 30, 1 / 6
#: Maximum number of networks remembered, of each kind; the least recently seen is dropped first.
_MAX_NETWORKS = 20_000


@dataclass
class _Failures:
    """The failures of one network, and the bucket that the next attempt needs a token of."""

    number: int = 0
    bucket: TokenBucket = field(default_factory=lambda: TokenBucket(1 / 60, _FREE, _FREE))

    def add(self) -> None:
        self.number += 1
        self.bucket.take()
        if self.number >= _FREE:
            delay_s = min(_MAX_DELAY_S, 2 ** min(20, self.number - _FREE + 1))
            self.bucket.per_s, self.bucket.burst = 1 / delay_s, 1
            self.bucket.tokens = 0


@dataclass
class LoginLimit:
    """The limit of the logins to one site, in one process. Thread-safe."""

    #: Returns monotonic seconds.
    clock: Callable[[], float]
    _failures: OrderedDict[str, _Failures] = field(default_factory=OrderedDict)
    _trusted: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _all: TokenBucket = field(default_factory=lambda: TokenBucket(_PER_S_OF_ALL, _BURST_OF_ALL, _BURST_OF_ALL))
    _lock: Lock = field(default_factory=Lock)

    def begin(self, host: str) -> float:
        """Count an attempt from a client address as a failure; return 0 if it is allowed, else the seconds to wait."""
        network, now = network_of(host), self.clock()
        with self._lock:
            failures = self._failures.pop(network, None) or _Failures()
            self._failures[network] = failures
            if len(self._failures) > _MAX_NETWORKS:
                self._failures.popitem(last=False)
            is_trusted = network in self._trusted
            wait_s = max(failures.bucket.wait_s(now), 0.0 if is_trusted else self._all.wait_s(now))
            if not wait_s:
                failures.add()
                if not is_trusted:
                    self._all.take()
        return wait_s

    def succeed(self, host: str) -> None:
        """Note that the attempt just begun was a success: the failures of its network are forgotten."""
        network = network_of(host)
        with self._lock:
            self._failures.pop(network, None)
            if network not in self._trusted:
                self._all.tokens += 1
                self._trusted[network] = None
            self._trusted.move_to_end(network)
            if len(self._trusted) > _MAX_NETWORKS:
                self._trusted.popitem(last=False)
