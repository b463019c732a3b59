"""Exponential backoff after lost connections, and how many connections a server gets."""

from __future__ import annotations

import random
import time

#: Consecutive connection losses, with no message sent in between, after which a server is given up.
_MAX_LOSSES = 8
_MAX_PAUSE_S = 60.0
#: After this many messages without a loss, one more connection is allowed.
_MESSAGES_PER_INCREASE = 100


class Backoff:
    """Halves the number of connections at each loss, pauses before the next one, and recovers slowly.

    All times are monotonic, in seconds.
    """

    def __init__(self, first_pause_s: float, connections: int) -> None:
        self._first_pause_s = first_pause_s
        self._losses = 0
        self._successes = 0
        #: Maximum number of connections for now.
        self.allowed = connections
        #: The time before which no connection may be opened.
        self.not_before = 0.0

    @property
    def is_exhausted(self) -> bool:
        """Whether the server is to be given up."""
        return self._losses >= _MAX_LOSSES

    def forgive(self) -> None:
        """Forget past losses, but not what they made of the number of connections."""
        self._losses, self.not_before = 0, 0.0

    def reset(self, connections: int) -> None:
        """Start again with another server, which takes this many connections."""
        self.forgive()
        self.allowed = connections

    def limit_to(self, connections: int) -> None:
        """Allow no more connections than these, but at least one."""
        self.allowed = max(1, connections)

    def lost(self) -> None:
        """Count a lost or failed connection."""
        self._losses += 1
        self._successes = 0
        self.allowed = max(1, self.allowed // 2)
        pause = min(_MAX_PAUSE_S, self._first_pause_s * 2 ** (self._losses - 1))
        self.not_before = time.monotonic() + pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret

    def sent(self, max_connections: int) -> None:
        """Count a sent message."""
        self._losses = 0
        self._successes += 1
        if self._successes % _MESSAGES_PER_INCREASE == 0:
            self.allowed = min(max_connections, self.allowed + 1)
