"""SMTP (RFC 5321) over several connections at once, from one thread.

    messages | as fast as is allowed | offered to connections | ledger | sent

Handshakes are the standard library's, each in a thread of its own; the conversations are `Conversation`'s, over sockets
that never block. All messages that are about to leave at one moment, and all results that came since the last, are
one transaction of the ledger.
"""

from __future__ import annotations

import contextlib
import random
import selectors
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from socket import socket

from newsletter.errors import TransportError
from newsletter.models import Message
from newsletter.sending import Ledger, Result, Verdict
from newsletter.sending.smtp.connection import Connection
from newsletter.sending.smtp.handshake import SmtpSettings, Unreachable, greet
from newsletter.sending.smtp.rate_limit import RateLimiter

__all__ = ["SmtpSettings", "SmtpTransport"]

#: After so many losses of connections without a message in between, a server is given up.
_LOSSES = 8
_LONGEST_PAUSE_S = 60.0
#: After so many messages without a complaint, one connection more is tried.
_CONTENT = 100
#: How long to wait at most before looking whether to stop.
_GLANCE_S = 0.25
_GREETINGS = 8
#: How long one server's answer waits for others', to be written down with them.
_GATHER_S = 0.001

_Greeted = Future[tuple[socket, Mapping[str, str]]]


class SmtpTransport:
    """Sends over the connections that its servers allow; a server that cannot be used is followed by the next."""

    def __init__(self, *servers: SmtpSettings, tls: ssl.SSLContext | None = None, first_pause_s: float = 0.5) -> None:
        self._servers = servers
        self._tls = tls
        self._first_pause_s = first_pause_s
        self._current = 0
        self._connections: list[Connection] = []
        self._greetings: list[_Greeted] = []
        self._greeters: ThreadPoolExecutor | None = None
        self._selector = selectors.DefaultSelector()
        self._allowed = servers[0].connections
        self._losses = 0
        self._contented = 0
        self._not_before = 0.0
        self._error: TransportError | None = None

    @property
    def settings(self) -> SmtpSettings:
        """The server that is used now."""
        return self._servers[self._current]

    def open(self) -> None:
        """Connect and log in, to the first server that lets us; see `Transport.open`."""
        while not self._connections:
            try:
                self._add(*greet(self.settings, self._tls))
            except TransportError:
                if not self._go_to_next():
                    raise

    def carry(self, messages: Iterator[Message], ledger: Ledger, stopped: Callable[[], bool] = lambda: False) -> None:
        """Hand over messages; see `Transport.carry`."""
        limits = self.settings
        pace = RateLimiter(
            messages,
            max_per_second=limits.max_per_second,
            max_per_hour=limits.max_per_hour,
            max_per_second_per_domain=limits.max_per_second_per_domain,
        )
        self._error, self._losses, self._not_before = None, 0, 0.0
        self.open()
        waiting: Message | None = None
        results: list[Result] = []
        while True:
            self._judge(results)
            if self._error is not None or stopped():
                pace.stop()
                waiting = None
            waiting = self._offer(pace, waiting, results)
            self._let_go(pace, ledger, results)
            results = []
            self._flush(results)
            if not results:
                is_busy = any(not connection.conversation.is_idle for connection in self._connections)
                if not is_busy and pace.is_empty and waiting is None:
                    break
                self._welcome(wanted=waiting is not None)
                self._wait(pace, results)
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Say goodbye; see `Transport.close`."""
        for greeting in self._greetings:
            greeting.add_done_callback(_hang_up)
        self._greetings = []
        if self._greeters is not None:
            self._greeters.shutdown(wait=False, cancel_futures=True)
            self._greeters = None
        while self._connections:
            connection = self._connections.pop()
            connection.conversation.quit()
            self._selector.unregister(connection.socket)
            connection.close()

    # -- one turn -------------------------------------------------------------------------------------

    def _offer(self, pace: RateLimiter, waiting: Message | None, results: list[Result]) -> Message | None:
        """Give messages to the connections that want one; return one that found none."""
        now = time.monotonic()
        for connection in self._connections:
            conversation = connection.conversation
            while conversation.wants_message and not connection.is_used_up:
                waiting = waiting or pace.next(now)
                if waiting is None:
                    return None
                refusal = conversation.offer(waiting)
                if refusal is not None:
                    results.append(refusal)
                waiting = None
        return waiting or pace.next(now)  # whether there is another tells whether more connections are wanted

    def _let_go(self, pace: RateLimiter, ledger: Ledger, results: list[Result]) -> None:
        """Write down what became of messages, and let those leave that may."""
        departing = [one for one in self._connections if one.conversation.ready is not None]
        if not departing and not results:
            return
        # Whoever is stopped sends nothing more that it was not allowed to before.
        held_up = self._error is not None
        messages = [] if held_up else [one.conversation.ready for one in departing if one.conversation.ready]
        may_go = ledger.commit(results, messages)
        now = time.monotonic()
        for connection in departing:
            conversation = connection.conversation
            message = conversation.ready
            if message is not None and message.message_id in may_go:
                conversation.depart()
                connection.mark_whole()
                if conversation.wants_message and not connection.is_used_up:
                    following = pace.next(now)
                    if following is not None and (refusal := conversation.offer(following)):
                        ledger.commit([refusal], [])
            elif not conversation.withdraw():  # the server waits for a message that must not come
                self._drop(connection)

    def _flush(self, results: list[Result]) -> None:
        for connection in list(self._connections):
            if connection.has_to_write:
                connection.flush(self._selector)
                if connection.lost:  # what the server said before it went is still to be read
                    results.extend(connection.converse())
                    results.extend(self._lose(connection))

    def _wait(self, pace: RateLimiter, results: list[Result]) -> None:
        """Wait until a server says something, or there is something to say."""
        now = time.monotonic()
        timeout = _GLANCE_S
        if pace.wait_s > 0:
            timeout = min(timeout, pace.wait_s)
        if self._not_before > now:
            timeout = min(timeout, self._not_before - now)
        if self._greetings:
            timeout = min(timeout, 0.01)
        events = self._hear(timeout, results)
        until = now + timeout if not events else time.monotonic() + _GATHER_S
        # Writing down takes longer than a message: others may join, while enough of them are busy.
        while events == selectors.EVENT_READ and 0 < 2 * len(results) < len(self._connections):
            left = until - time.monotonic()
            if left <= 0 or not self._hear(left, results):
                break
        if not events:
            now = time.monotonic()
            for connection in [one for one in self._connections if one.is_overdue(now)]:
                connection.lost = "no answer in time"
                results.extend(self._lose(connection))

    def _hear(self, timeout: float, results: list[Result]) -> int:
        """Take what servers say within so many seconds; return what connections were there for, reading or writing."""
        seen = 0
        for key, events in self._selector.select(timeout):
            seen |= events
            connection: Connection = key.data
            results.extend(connection.converse())
            if connection.lost:
                results.extend(self._lose(connection))
            elif connection.is_used_up and connection.conversation.is_idle:
                self._part(connection)
        return seen

    # -- connections ----------------------------------------------------------------------------------

    def _welcome(self, *, wanted: bool) -> None:
        """Take on the connections whose handshake is done, and begin others where they are wanted."""
        for greeting in [one for one in self._greetings if one.done()]:
            self._greetings.remove(greeting)
            try:
                self._add(*greeting.result())
            except Unreachable as error:
                self._blame(error)
            except TransportError as error:
                if not self._connections and not self._go_to_next():
                    self._error = error
                self._allowed = max(1, len(self._connections) + len(self._greetings))
        if not wanted or self._error is not None or time.monotonic() < self._not_before:
            return
        if self._greeters is None:
            self._greeters = ThreadPoolExecutor(_GREETINGS, thread_name_prefix="greeting")
        limit = min(self._allowed, self.settings.connections) if self._connections else 1
        while len(self._connections) + len(self._greetings) < limit:
            self._greetings.append(self._greeters.submit(greet, self.settings, self._tls))

    def _add(self, connected: socket, extensions: Mapping[str, str]) -> None:
        connection = Connection(connected, extensions, self.settings)
        self._selector.register(connected, selectors.EVENT_READ, connection)
        self._connections.append(connection)

    def _lose(self, connection: Connection) -> list[Result]:
        """Return what becomes of the messages of a connection that is gone, and slow down."""
        conversation = connection.conversation
        results = conversation.lose(f"connection lost ({connection.lost})", unsent=connection.unsent)
        self._drop(connection)
        # A server may end an old conversation in which nothing is going on.
        if results or conversation.farewell is not None or not conversation.settled:
            self._blame(Unreachable(f"{self.settings}: connection lost ({connection.lost})"))
        return results

    def _drop(self, connection: Connection) -> None:
        self._connections.remove(connection)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        connection.close()

    def _part(self, connection: Connection) -> None:
        """Leave a server that was given as many messages as one connection may."""
        connection.conversation.quit()
        self._drop(connection)

    def _blame(self, error: TransportError) -> None:
        """Count a loss: fewer connections, and a pause before the next; too many are the end, or another server."""
        self._losses += 1
        self._contented = 0
        self._allowed = max(1, self._allowed // 2)
        pause = min(_LONGEST_PAUSE_S, self._first_pause_s * 2 ** (self._losses - 1))
        self._not_before = time.monotonic() + pause * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
        if self._losses >= _LOSSES and not self._connections and not self._go_to_next():
            self._error = error

    def _go_to_next(self) -> bool:
        """Turn to the next server, if there is one."""
        if self._current + 1 >= len(self._servers):
            return False
        self._current += 1
        self._allowed, self._losses, self._not_before = self.settings.connections, 0, 0.0
        return True

    def _judge(self, results: list[Result]) -> None:
        """Learn from results how things are going."""
        for result in results:
            if result.verdict is Verdict.SENT:
                self._losses = 0
                self._contented += 1
                if self._contented % _CONTENT == 0:
                    self._allowed = min(self.settings.connections, self._allowed + 1)
            elif result.verdict is Verdict.POLICY and self._error is None:
                hint = "no reader is to blame: see sender.address and the server's policy"
                self._error = TransportError(result.words, hint=hint)


def _hang_up(greeting: _Greeted) -> None:
    if not greeting.cancelled() and greeting.exception() is None:
        greeting.result()[0].close()
