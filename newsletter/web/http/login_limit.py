"""The limit of logins, which is asked before a password is looked at: a growing delay per network, and one for all.

    per network: 5 failures, then a delay of 2, 4, 8, … 900 seconds after each further one
    for all:     30 failures, then one attempt every 6 seconds; not for networks that have logged in before

An attempt that is refused is not counted: what waits long enough is let in. Concurrent guesses are counted before they
are checked.
"""

from __future__ import annotations

from collections.abc import Callable

from newsletter.limits.token_bucket import Count, TokenBucket
from newsletter.web.http.rate_limit import MakeCounts, OwnCounts, RateLimiter, network_of

_FREE = 5
_MAX_DELAY_S = 900
_BURST_OF_ALL, _PER_S_OF_ALL = 30, 1 / 6
_DAY_S = 86_400.0
_ALL = "all"


class LoginLimit:
    """The limit of the logins to one site. Thread-safe."""

    def __init__(self, make_counts: MakeCounts) -> None:
        self._failures = make_counts("login failures", _DAY_S)
        self._trusted = make_counts("trusted networks", 30 * _DAY_S)
        all_counts = make_counts("logins", _BURST_OF_ALL / _PER_S_OF_ALL)
        self._all = RateLimiter(_BURST_OF_ALL, 60 * _PER_S_OF_ALL, all_counts)

    def begin(self, host: str) -> float:
        """Count an attempt from a client address as a failure; return 0 if it is allowed, else the seconds to wait."""
        network = network_of(host)
        wait_s = self._failures.change(network, _look)
        if wait_s:
            return wait_s
        is_trusted = self._is_trusted(network)
        if not is_trusted and (wait_s := self._all.take(_ALL)):
            return wait_s
        wait_s = self._failures.change(network, _fail)
        if wait_s and not is_trusted:  # others were faster
            self._give_back()
        return wait_s

    def succeed(self, host: str) -> None:
        """Note that the attempt just begun was a success: the failures of its network are forgotten."""
        network = network_of(host)
        self._failures.change(network, lambda _known, now: (Count(_FREE, now), 0.0))
        if not self._is_trusted(network):
            self._give_back()
        self._trusted.change(network, lambda _known, now: (Count(1, now), 0.0))

    def _is_trusted(self, network: str) -> bool:
        return not self._trusted.change(network, lambda known, _now: (None, 0.0 if known else 1.0))

    def _give_back(self) -> None:
        self._all.counts.change(_ALL, _return_one)


def own_login_limit(clock: Callable[[], float]) -> LoginLimit:
    """Return a limit that this process keeps for itself, by a clock of monotonic seconds."""
    return LoginLimit(lambda _name, _keep_s: OwnCounts(clock))


def _look(known: Count | None, now: float) -> tuple[None, float]:
    """Return how long a network has to wait before its next attempt."""
    number = known.failures if known else 0
    if known is None or number < _FREE:
        return None, 0.0
    return None, TokenBucket(1 / _delay_s(number), 1, known.tokens, known.at_s).wait_s(now)


def _fail(known: Count | None, now: float) -> tuple[Count | None, float]:
    """Count a failure of a network, unless it has to wait."""
    _, wait_s = _look(known, now)
    if wait_s:
        return None, wait_s
    return Count(0, now, (known.failures if known else 0) + 1), 0.0


def _return_one(known: Count | None, _now: float) -> tuple[Count | None, float]:
    return known._replace(tokens=known.tokens + 1) if known else None, 0.0


def _delay_s(failures: int) -> float:
    return float(min(_MAX_DELAY_S, 2 ** min(20, failures - _FREE + 1)))
