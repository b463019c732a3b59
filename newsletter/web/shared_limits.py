"""Rate limits that all web processes of a site keep together, in its database: on whichever host a client is served.

A client is a keyed hash there, not an address. What is counted waits for no other writer of the database, and is
forgotten when it says nothing any more. Where the database cannot be asked, a process counts by itself until it can.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock

from newsletter.errors import StoreError
from newsletter.models.database_url import DatabaseUrl
from newsletter.store import Store
from newsletter.web.http.rate_limit import Decide, OwnCounts
from newsletter.web.store_pool import Location, StorePool

_logger = logging.getLogger(__name__)
#: How often a change is tried while other processes are faster; a client with so many requests at once is refused.
_TRIES = 20
_BUSY_S = 1.0
#: What says nothing any more is deleted this often, and the clock of the database is asked.
_TIDIED_S = 600.0


class SharedLimits:
    """The rate limits of a site. Thread-safe."""

    def __init__(
        self, where: DatabaseUrl, open_one: Callable[[Location], Store], clock: Callable[[], datetime]
    ) -> None:
        """Keep limits in the database at `where`, which `open_one` opens for writing."""
        self._clock = clock
        self._stores = StorePool(where, open_one)
        self._lock = Lock()
        self._key = b""
        self._ahead_s = 0.0
        self._tidied_at = float("-inf")

    def counts(self, name: str, keep_s: float) -> SharedCounts:
        """Return the counts of a limit by its name, which keep each client for so many seconds."""
        return SharedCounts(self, name, keep_s)

    def change(self, limit: str, keep_s: float, client: str, decide: Decide) -> float:
        """Let what is kept of a client and a limit be changed; return the seconds to wait.

        Raises:
            StoreError: The database cannot be asked.
        """
        with self._stores() as store:
            self._tidy(store)
            key = hmac.new(self._key, f"{limit}|{client}".encode(), hashlib.sha256).hexdigest()[:32]
            for _ in range(_TRIES):
                known, now = store.request_limits.find(key), self._now_s()
                is_valid = known is not None and known.until_s > now
                changed, wait_s = decide(known.kept if known is not None and is_valid else None, now)
                if changed is None or store.request_limits.put(key, known, changed, now + keep_s):
                    return wait_s
        return _BUSY_S

    def close(self) -> None:
        """Close the connections."""
        self._stores.close()

    def _tidy(self, store: Store) -> None:
        """Now and then, read the key and the database's clock, and delete what says nothing any more."""
        with self._lock:
            if time.monotonic() - self._tidied_at < _TIDIED_S:
                return
            self._key, self._ahead_s = store.secret(), store.clock_ahead().total_seconds()
            self._tidied_at = time.monotonic()
        store.request_limits.forget(self._now_s())

    def _now_s(self) -> float:
        """Return the time of the database, which all processes share, in seconds since 1970."""
        return self._clock().timestamp() + self._ahead_s


@dataclass(frozen=True)
class SharedCounts:
    """The counts of one limit."""

    limits: SharedLimits
    name: str
    keep_s: float
    is_slow = True

    def change(self, client: str, decide: Decide) -> float:
        """Let what is kept of a client be changed; return the seconds to wait."""
        try:
            return self.limits.change(self.name, self.keep_s, client, decide)
        except StoreError as error:
            _logger.warning("rate limits are of this process alone: %s", error)
            return self._own.change(client, decide)

    @cached_property
    def _own(self) -> OwnCounts:
        return OwnCounts(time.monotonic)
