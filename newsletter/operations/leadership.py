"""Which of the processes of a site schedules: the one that has the lease in the store; the others stand by."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.errors import StoreError
from newsletter.store import Store

LEASE = "scheduler"
#: The lease ends so long after it was last renewed, and is renewed so often.
LEASE_DURATION = timedelta(seconds=20)
_RENEW_AFTER = timedelta(seconds=5)


@dataclass
class Leadership:
    """One process's part in it."""

    open_store: Callable[[], Store]
    clock: Callable[[], datetime]
    #: Is called with a line for the operator.
    say: Callable[[str], None]
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    _has_it: bool = False
    _renewed_at: datetime | None = None
    _asked_at: datetime | None = None
    #: Whom this process stands by for.
    _leader: str | None = None

    def keep(self) -> bool:
        """Take the lease, or renew it in time; return whether this process has it.

        Raises:
            StoreError: The store cannot be used.
        """
        now = self.clock()
        if self._asked_at is not None and timedelta(0) <= now - self._asked_at < _RENEW_AFTER:
            return self.has_it()
        holder = f"process {os.getpid()} on {socket.gethostname()}"
        with self.open_store() as store:
            self._has_it = store.leases.acquire(LEASE, self.owner, holder, now, LEASE_DURATION)
            other = None if self._has_it else store.leases.find(LEASE)
        self._asked_at = now
        if self._has_it:
            self._renewed_at = now
            if self._leader is not None:
                self.say(f"{self._leader} does not schedule any more; this process does")
            self._leader = None
        elif self._leader is None or (other is not None and other.holder != self._leader):
            self._leader = other.holder if other else "another process"
            self.say(f"standing by: {self._leader} schedules for this site")
        return self._has_it

    def has_it(self) -> bool:
        """Whether this process has the lease, as far as it knows: it may have slept for longer than the lease."""
        return self._has_it and self._renewed_at is not None and self.clock() - self._renewed_at < LEASE_DURATION

    def release(self) -> None:
        """Give the lease back, so that another process need not wait for its end."""
        self._has_it = False
        with suppress(StoreError), self.open_store() as store:
            store.leases.release(LEASE, self.owner)
