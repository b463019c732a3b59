"""The SMTP transport (RFC 5321): several connections at once, from one thread.

    messages | rate limiter | offered to connections | ledger | sent

Handshakes use the standard library, each in a thread of its own; after that each connection is non-blocking and driven
by a `Conversation`. All messages ready to be sent at one moment, and all results received since the last one, are
recorded in one transaction of the ledger.
"""

from __future__ import annotations

import contextlib
import selectors
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from socket import socket

from newsletter.errors import TransportError
from newsletter.limits.deadlines import Abandoned, call_within, start
from newsletter.models import Message
from newsletter.sending import Ledger, Permits, Result, Verdict, never
from newsletter.sending.smtp.backoff import Backoff
from newsletter.sending.smtp.connection import Connection
from newsletter.sending.smtp.handshake import Unreachable, greet
from newsletter.sending.smtp.rate_limit import RateLimiter, RateLimits
from newsletter.sending.smtp.settings import SmtpSettings

#: Maximum time between two checks of whether to stop.
_POLL_S = 0.25
_POLL_DURING_HANDSHAKE_S = 0.01
_MAX_HANDSHAKES = 8
#: How long to collect further results after the first one, to record them together.
_BATCH_S = 0.001

_Handshake = Future[tuple[socket, Mapping[str, str]]]

#: When the policies of this many domains in a row reject messages, the server refuses us, not a recipient.
_MAX_REJECTING_DOMAINS = 3


class SmtpTransport:
    """Sends over as many connections as the server allows, and fails over to the next server."""

    def __init__(
        self,
        *servers: SmtpSettings,
        tls: ssl.SSLContext | None = None,
        first_pause_s: float = 0.5,
        permits: Permits | None = None,
    ) -> None:
        self._servers = servers
        self._tls = tls
        self.permits: Permits = permits or RateLimits(servers)
        self._current = 0
        self._connections: list[Connection] = []
        self._handshakes: list[_Handshake] = []
        self._selector = selectors.DefaultSelector()
        self._backoff = Backoff(first_pause_s, servers[0].connections)
        self._error: TransportError | None = None
        #: Recipients' domains whose policy rejected a message since the last one that was accepted.
        self._rejecting: set[str] = set()

    @property
    def settings(self) -> SmtpSettings:
        """The server in use."""
        return self._servers[self._current]

    def divide(self, number: int, /) -> Sequence[Callable[[Permits], SmtpTransport]]:
        """Return what makes transports that share this one's connections; see `Transport.divide`."""
        parts = min(number, *(server.connections for server in self._servers))
        return [
            partial(_make_part, tuple(_part(server, part, parts) for server in self._servers), self._tls)
            for part in range(parts)
        ]

    def open(self, abandoned: Callable[[], bool] = never) -> None:
        """Connect and log in to the first usable server; see `Transport.open`."""
        while not self._connections:
            settings = self.settings
            try:
                self._add(*_within_deadline(settings, self._tls, abandoned))
            except TransportError:
                if abandoned() or not self._fail_over():
                    raise

    def send(
        self,
        messages: Iterator[Message],
        ledger: Ledger,
        stopped: Callable[[], bool] = never,
        abandoned: Callable[[], bool] = never,
    ) -> None:
        """Send messages; see `Transport.send`."""
        limiter = RateLimiter(messages, self.settings, self.permits)
        self._error = None
        self._rejecting.clear()
        self._backoff.forgive()
        self.open(abandoned)
        waiting: Message | None = None
        results: list[Result] = []
        while True:
            self._adapt(results)
            if self._error is not None or stopped():
                limiter.stop()
                waiting = None
            waiting = self._offer(limiter, waiting, results)
            self._commit(limiter, ledger, results)
            results = []
            if abandoned():
                self._abandon(ledger)
                break
            self._flush(results)
            if not results:
                is_busy = any(not connection.conversation.is_idle for connection in self._connections)
                if not is_busy and limiter.is_empty and waiting is None:
                    break
                self._connect(wanted=waiting is not None)
                self._wait(limiter, results)
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Send QUIT and close all connections; see `Transport.close`."""
        for handshake in self._handshakes:
            handshake.add_done_callback(_discard)
        self._handshakes = []
        while self._connections:
            connection = self._connections.pop()
            connection.conversation.quit()
            self._selector.unregister(connection.socket)
            connection.close()

    def _abandon(self, ledger: Ledger) -> None:
        """Close all connections without waiting, and record what became of the messages in flight."""
        results: list[Result] = []
        for connection in list(self._connections):
            results += connection.conversation.lose("abandoned: the server did not respond", unsent=connection.unsent)
            self._drop(connection)
        if results:
            ledger.commit(results, [])

    # -- one iteration --------------------------------------------------------------------------------

    def _offer(self, limiter: RateLimiter, waiting: Message | None, results: list[Result]) -> Message | None:
        """Offer messages to the connections that want one; return a message that no connection took."""
        now = time.monotonic()
        for connection in self._connections:
            conversation = connection.conversation
            while conversation.wants_message and not connection.is_used_up:
                waiting = waiting or limiter.next(now)
                if waiting is None:
                    return None
                refusal = conversation.offer(waiting)
                if refusal is not None:
                    results.append(refusal)
                waiting = None
        return waiting or limiter.next(now)  # whether there is another decides whether to open more connections

    def _commit(self, limiter: RateLimiter, ledger: Ledger, results: list[Result]) -> None:
        """Record results, and send the content of the ready messages that the ledger allows."""
        departing = [one for one in self._connections if one.conversation.ready is not None]
        if not departing and not results:
            return
        # After an error, nothing is sent that was not allowed before.
        has_failed = self._error is not None
        messages = [] if has_failed else [one.conversation.ready for one in departing if one.conversation.ready]
        allowed = ledger.commit(results, messages)
        now = time.monotonic()
        for connection in departing:
            conversation = connection.conversation
            message = conversation.ready
            if message is not None and message.message_id in allowed:
                conversation.depart()
                connection.mark_end_of_message()
                if conversation.wants_message and not connection.is_used_up:
                    following = limiter.next(now)
                    if following is not None and (refusal := conversation.offer(following)):
                        ledger.commit([refusal], [])
            elif not conversation.withdraw():  # the server waits for content that must not be sent
                self._drop(connection)

    def _flush(self, results: list[Result]) -> None:
        for connection in list(self._connections):
            if connection.has_to_write:
                connection.flush(self._selector)
                if connection.lost:  # replies sent before the loss are still to be read
                    results.extend(connection.receive())
                    results.extend(self._lose(connection))

    def _wait(self, limiter: RateLimiter, results: list[Result]) -> None:
        """Wait until a server responds, a rate limit or a backoff ends, or it is time to check whether to stop."""
        now = time.monotonic()
        timeout = _POLL_S
        if limiter.wait_s > 0:
            timeout = min(timeout, limiter.wait_s)
        if self._backoff.not_before > now:
            timeout = min(timeout, self._backoff.not_before - now)
        if self._handshakes:
            timeout = min(timeout, _POLL_DURING_HANDSHAKE_S)
        events = self._receive(timeout, results)
        until = now + timeout if not events else time.monotonic() + _BATCH_S
        # A transaction takes longer than a message, so results are collected while enough connections are busy.
        while events == selectors.EVENT_READ and 0 < 2 * len(results) < len(self._connections):
            remaining = until - time.monotonic()
            if remaining <= 0 or not self._receive(remaining, results):
                break
        now = time.monotonic()
        for connection in [one for one in self._connections if one.is_overdue(now)]:
            connection.lost = f"no response within {connection.timeout_s} s"
            results.extend(self._lose(connection))

    def _receive(self, timeout: float, results: list[Result]) -> int:
        """Read from servers for up to `timeout` seconds; return a mask of the selector events that occurred."""
        seen = 0
        for key, events in self._selector.select(timeout):
            seen |= events
            connection: Connection = key.data
            results.extend(connection.receive())
            if connection.lost:
                results.extend(self._lose(connection))
            elif connection.is_used_up and connection.conversation.is_idle:
                self._quit(connection)
        return seen

    # -- connections ----------------------------------------------------------------------------------

    def _connect(self, *, wanted: bool) -> None:
        """Add the connections whose handshake is done, and start further handshakes if connections are wanted."""
        for handshake in [one for one in self._handshakes if one.done()]:
            self._handshakes.remove(handshake)
            try:
                self._add(*handshake.result())
            except Unreachable as error:
                self._back_off(error)
            except TransportError as error:
                if not self._connections and not self._fail_over():
                    self._error = error
                self._backoff.limit_to(len(self._connections) + len(self._handshakes))
        if not wanted or self._error is not None or time.monotonic() < self._backoff.not_before:
            return
        limit = min(self._backoff.allowed, self.settings.connections) if self._connections else 1
        while len(self._connections) + len(self._handshakes) < limit and len(self._handshakes) < _MAX_HANDSHAKES:
            self._handshakes.append(start(partial(greet, self.settings, self._tls), "smtp-handshake"))

    def _add(self, connected: socket, extensions: Mapping[str, str]) -> None:
        connection = Connection(connected, extensions, self.settings)
        self._selector.register(connected, selectors.EVENT_READ, connection)
        self._connections.append(connection)

    def _lose(self, connection: Connection) -> list[Result]:
        """Drop a lost connection and back off; return the results of its messages in flight."""
        conversation = connection.conversation
        reason = f"connection lost: {connection.lost}"
        results = conversation.lose(reason, unsent=connection.unsent)
        self._drop(connection)
        # A server may close a connection that has been used and is idle.
        if results or conversation.farewell is not None or not conversation.settled:
            self._back_off(Unreachable(f"{self.settings}: {reason}"))
        return results

    def _drop(self, connection: Connection) -> None:
        self._connections.remove(connection)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        connection.close()

    def _quit(self, connection: Connection) -> None:
        connection.conversation.quit()
        self._drop(connection)

    def _back_off(self, error: TransportError) -> None:
        """Count a loss: open fewer connections, later; after too many, fail over to the next server or give up."""
        self._backoff.lost()
        if self._backoff.is_exhausted and not self._connections and not self._fail_over():
            self._error = error

    def _fail_over(self) -> bool:
        """Switch to the next server; return whether there is one."""
        if self._current + 1 >= len(self._servers):
            return False
        self._current += 1
        self._backoff.reset(self.settings.connections)
        return True

    def _adapt(self, results: list[Result]) -> None:
        """Adapt the number of connections to results, and end the run when the server's policy refuses us."""
        for result in results:
            if result.verdict is Verdict.SENT:
                self._backoff.sent(self.settings.connections)
                self._rejecting.clear()
            elif result.verdict is Verdict.REJECTED:
                self._rejecting.add(result.message.recipient.rpartition("@")[2].lower())
            if self._error is None and (
                result.verdict is Verdict.POLICY or len(self._rejecting) >= _MAX_REJECTING_DOMAINS
            ):
                hint = "check sender.address and the server's policy; no subscriber is at fault"
                self._error = TransportError(result.response, hint=hint)


def _part(server: SmtpSettings, part: int, parts: int) -> SmtpSettings:
    """Return the settings of one of several transports to a server, with its share of the connections."""
    return replace(server, connections=server.connections // parts + (part < server.connections % parts))


def _make_part(servers: Sequence[SmtpSettings], tls: ssl.SSLContext | None, permits: Permits) -> SmtpTransport:
    return SmtpTransport(*servers, tls=tls, permits=permits)


def _within_deadline(
    settings: SmtpSettings, tls: ssl.SSLContext | None, abandoned: Callable[[], bool] | None = None
) -> tuple[socket, Mapping[str, str]]:
    """Connect and log in, within the timeouts for connecting (with DNS) and for the handshake; see `greet`."""
    try:
        return call_within(
            2 * settings.timeout_s,
            lambda: greet(settings, tls),
            is_abandoned=abandoned,
            discard=lambda late: late[0].close(),
        )
    except TimeoutError as error:
        raise Unreachable(f"{settings}: cannot connect: {error}") from error
    except Abandoned as error:
        raise Unreachable(f"{settings}: abandoned: the server did not respond") from error


def _discard(handshake: _Handshake) -> None:
    if not handshake.cancelled() and handshake.exception() is None:
        handshake.result()[0].close()
