"""The rate limits of a fleet: each worker leases permits in small blocks from the store.

All workers together send no faster than the settings say. What a worker leased and did not use is lost after a second,
so that they may send a little slower.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.config.model import Config
from newsletter.sending import Wait
from newsletter.store.permits import PermitBlocks

#: A block lasts for so long, at the rate of its limit; it has one permit at least.
_BLOCK_S = 0.25
#: A permit that was not used so long after its time is lost, else an idle worker would save some up.
_LOST_AFTER_S = 1.0


@dataclass(slots=True)
class _Limit:
    """One limit, and the block of it that this worker has."""

    name: str
    per_s: float
    burst: float = 1.0
    #: When the next permit of the block may be used, and how many are left.
    next_s: float = 0.0
    left: int = 0

    def wait_s(self, blocks: PermitBlocks, now_s: float) -> float:
        """Return the seconds until a permit may be used, 0 if one may be; lease a block if none is left."""
        if self.left and now_s - self.next_s > _LOST_AFTER_S:
            self.left = 0
        if not self.left:
            self.left = max(1, int(self.per_s * _BLOCK_S))
            # What is saved up (a burst of the limit by the hour) stays in the store, which gives it out block by block.
            self.next_s = blocks.lease(self.name, self.per_s, self.left, self.burst, now_s)
            self.next_s = max(self.next_s, now_s)
        return max(0.0, self.next_s - now_s)

    def take(self) -> None:
        """Use one permit."""
        self.next_s += 1 / self.per_s
        self.left -= 1


class FleetPermits:
    """The `Permits` of one worker."""

    def __init__(self, config: Config, blocks: Callable[[], PermitBlocks], clock_s: Callable[[], float]) -> None:
        """`clock_s` returns the seconds since 1970 by a clock that all workers share."""
        self._servers = {str(settings): settings for settings in (config.smtp, *config.relays) if settings}
        self._blocks, self._clock_s = blocks, clock_s
        self._limits: dict[str, _Limit] = {}

    def take(self, server: str, domain: str, _now: float) -> Wait:
        """Take the permit to send one message; see `Permits.take`."""
        settings, blocks, now_s = self._servers[server], self._blocks(), self._clock_s()
        hourly, per_domain = settings.max_per_hour, settings.max_per_second_per_domain
        limits = []
        if settings.max_per_second:
            limits.append(self._limit(server, "second", settings.max_per_second))
        if hourly:
            limits.append(self._limit(server, "hour", hourly / 3600, max(1.0, hourly / 600)))
        all_s = max((limit.wait_s(blocks, now_s) for limit in limits), default=0.0)
        domain_s = 0.0
        if per_domain and not all_s:
            limits.append(self._limit(server, f"domain {domain}", per_domain))
            domain_s = limits[-1].wait_s(blocks, now_s)
        if not all_s and not domain_s:
            for limit in limits:
                limit.take()
        return Wait(all_s, domain_s)

    def _limit(self, server: str, what: str, per_s: float, burst: float = 1.0) -> _Limit:
        name = f"{server} {what}"
        if name not in self._limits:
            self._limits[name] = _Limit(name, per_s, burst)
        return self._limits[name]
