"""The lease that one sender has of its shards of the ledger: taken one by one, renewed, and given up together."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.errors import NewsletterError, StoreFull, StoreLocked
from newsletter.store import Store
from newsletter.store.shards import Shard

#: The leases of a sender that hangs end after this long. Those of one that dies are ended by the run that started it.
LEASE = timedelta(minutes=3)
#: A lease is renewed so often before it would end.
_RENEWALS = 6


class LeaseLost(NewsletterError):
    """The shards of this sender were given to others, who count as in doubt what it had in flight."""


@dataclass
class ShardLease:
    """The shards of one sender."""

    store: Store
    clock: Callable[[], datetime]
    holder: str
    #: The first delivery of the only shard to lease; None for any.
    only: int | None = None
    #: How long the lease lasts without a renewal.
    duration: timedelta = LEASE
    _held: list[Shard] = field(default_factory=list)
    _renewed_at: float = field(default_factory=time.monotonic)

    def check(self) -> None:
        """Check, in the transaction that lets messages go, that they are still this sender's.

        Raises:
            LeaseLost: They are not.
        """
        if self._held and not self.store.shards.is_held_by(self.holder):
            raise LeaseLost("a sender process was suspended for so long that others took over its deliveries")

    def next(self, busy: Collection[int]) -> Shard | None:
        """Lease a further shard; None if none is free. `busy` has the deliveries that are not settled.

        Raises:
            LeaseLost: See `check`.
            StoreError: The store cannot be written.
        """
        with self.store.transaction():
            self.check()
            finished = [shard for shard in self._held if not any(map(shard.has, busy))]
            for shard in finished:
                self.store.shards.finish(shard, self.holder)
            leased = self.store.shards.lease(self.holder, self.clock(), self.duration, self.only)
        self._held = [shard for shard in self._held if shard not in finished]
        if leased is not None:
            self._held.append(leased)
            self._renewed_at = time.monotonic()
        return leased

    def renew(self) -> None:
        """Renew the lease now and then; call it often, whether or not messages leave."""
        if self._held and time.monotonic() - self._renewed_at > self.duration.total_seconds() / _RENEWALS:
            with suppress(StoreLocked, StoreFull):  # it is tried again
                self.store.shards.renew(self.holder, self.clock(), self.duration)
                self._renewed_at = time.monotonic()

    def end(self, busy: Collection[int]) -> None:
        """Delete the shards of which everything is settled, and put the others back for whoever takes them.

        Raises:
            StoreError: The store cannot be written.
        """
        with self.store.transaction():
            for shard in self._held:
                give_up = self.store.shards.put_back if any(map(shard.has, busy)) else self.store.shards.finish
                give_up(shard, self.holder)
        self._held = []
