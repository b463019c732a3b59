"""Group commits: departures and results are recorded together, those of ten milliseconds or of 64 messages at once.

A transaction costs more than a message. So where messages leave fast, results wait for others, and as many messages as
leave within ten milliseconds depart ahead of their turn. It bounds what a crash can do: the last message of each
connection may arrive twice, and those with results of the last ten milliseconds; in doubt are also those that departed
ahead, and never left. Where fewer than 16 messages leave in ten milliseconds, nothing waits and nothing departs ahead.
The time of the transactions themselves does not count: nothing leaves meanwhile, and the slower the disk is, the more
each of them has to carry.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from newsletter.models import Message
from newsletter.sending import Ledger, Result, Verdict
from newsletter.sending.smtp.rate_limit import RateLimiter

#: Results wait for others so long at most, and so many messages at most depart ahead of their turn, or have a result
#: that was not recorded.
GROUP_S = 0.01
GROUP = 64
#: Where fewer leave within that time, they depart as they become ready, those of several connections at once.
_MIN_GROUP = 16
#: Whether somebody may be mailed is asked again if their message is not begun within this time of its departure.
_STALE_S = 1.0
_STALE = "not sent: the server was not ready for it in time"


class GroupCommit:
    """The messages of one run on their way from the rate limiter to connections, and their results to the ledger.

    All times are monotonic, in seconds.
    """

    def __init__(self, limiter: RateLimiter, ledger: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._limiter = limiter
        self._ledger = ledger
        self._clock = clock
        #: Messages for connections, in order.
        self._queue: deque[Message] = deque()
        #: When those departed, according to the ledger, of which no connection has begun the content.
        self._departed: dict[str, float] = {}
        self._results: list[Result] = []
        self._waiting_since = 0.0
        #: How many left lately within `GROUP_S`, and how many may depart ahead: as many, if they are enough.
        self._soon = self._ahead = 0
        self._begun = 0
        self._counted_since = self._clock()

    @property
    def is_empty(self) -> bool:
        """Whether there are no more messages to come, and no results to record."""
        return self._limiter.is_empty and not self._queue and not self._results

    @property
    def wait_s(self) -> float:
        """Return how many seconds to wait at most for results or permits; 0.0 for no limit."""
        waits = [self._limiter.wait_s] if self._limiter.wait_s > 0 else []
        if self._results:
            waits.append(max(0.0001, self._waiting_since + GROUP_S - self._clock()))
        return min(waits, default=0.0)

    def add(self, results: Sequence[Result]) -> None:
        """Take results, to be recorded soon."""
        if results and not self._results:
            self._waiting_since = self._clock()
        self._results += results
        for result in results:
            self._departed.pop(result.message.message_id, None)

    def next(self, now: float) -> Message | None:
        """Return the next message for a connection; None if none may be sent now."""
        return self._queue.popleft() if self.has_next(now) else None

    def prepare(self) -> None:
        """Make the messages that are wanted soon, while servers are busy with those before; due results come first."""
        for number in range(1, self._soon + 1):
            if self._is_due(self._clock()):
                return
            self._limiter.prepare(number)

    def has_next(self, now: float) -> bool:
        """Return whether `next` would return a message."""
        while self._queue and self._is_stale(self._queue[0], now):
            self.requeue([self._queue.popleft()], _STALE)
        while not self._queue:
            batch = self._limiter.take(self._ahead or 1, now)
            if not batch:
                return False
            if self._ahead:
                self._commit(batch)  # which puts those in the queue that may leave
            else:
                self._queue.extend(batch)
        return True

    def release(self, ready: Sequence[Message], now: float) -> AbstractSet[str]:
        """Return the Message-IDs of those among the ready messages whose content may be sent now; record what is due.

        The others must not be sent.
        """
        if stale := [message for message in ready if self._is_stale(message, now)]:
            self.requeue(stale, _STALE)
            ready = [message for message in ready if message not in stale]
        if now - self._counted_since >= GROUP_S:
            self._soon = min(GROUP, int(self._begun * GROUP_S / (now - self._counted_since)))
            self._ahead = self._soon if self._soon >= _MIN_GROUP else 0
            self._begun, self._counted_since = 0, now
        asked = [message for message in ready if message.message_id not in self._departed]
        if asked or self._is_due(now):
            self._commit(self._limiter.take(self._ahead - len(self._queue), now), asked)
        may_go = {message.message_id for message in ready if message.message_id in self._departed}
        for message_id in may_go:
            del self._departed[message_id]
        self._begun += len(may_go)
        return may_go

    def requeue(self, messages: Sequence[Message], reason: str) -> None:
        """Take back messages that no connection has begun: those that departed are recorded as not sent."""
        self.add([Result(one, Verdict.UNSENT, reason) for one in messages if one.message_id in self._departed])

    def stop(self) -> None:
        """Let no more messages depart, and take back those that no connection took."""
        self._limiter.stop()
        if self._queue:
            self.requeue(self._queue, "not sent: the run was stopped")
            self._queue.clear()

    def finish(self) -> None:
        """Record all results."""
        if self._results:
            self._commit([])

    def _is_due(self, now: float) -> bool:
        """Return whether results are to be recorded now: at once, where few messages leave within `GROUP_S`."""
        if not self._results:
            return False
        return not self._ahead or len(self._results) >= GROUP or now - self._waiting_since >= GROUP_S

    def _is_stale(self, message: Message, now: float) -> bool:
        return now - self._departed.get(message.message_id, now) > _STALE_S

    def _commit(self, ahead: Sequence[Message], asked: Sequence[Message] = ()) -> None:
        """Record all results and these departures; those ahead that may leave are queued."""
        results, self._results = self._results, []
        began = self._clock()
        allowed = self._ledger.commit(results, [*asked, *ahead])
        ended = self._clock()
        self._counted_since += ended - began
        self._departed |= dict.fromkeys(allowed, ended)
        self._queue.extend(message for message in ahead if message.message_id in allowed)
