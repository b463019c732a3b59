"""The SMTP transport (RFC 5321): several connections at once, from one thread.

    messages | rate limiter | offered to connections | ledger | sent

Handshakes use the standard library, each in a thread of its own; after that each connection is non-blocking and driven
by a `Conversation`. All messages ready to be sent at one moment, and all results received since the last one, are
recorded in one transaction of the ledger (`group_commit`).
"""

from __future__ import annotations

import contextlib
import selectors
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
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
from newsletter.sending.smtp.group_commit import GroupCommit
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
        self._looked_at = 0.0
        #: Connections that want a message, besides those that make progress.
        self._wanting: list[Connection] = []
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
        group = GroupCommit(RateLimiter(messages, self.settings, self.permits), ledger)
        self._error = None
        self._rejecting.clear()
        self._backoff.forgive()
        self.open(abandoned)
        results: list[Result] = []
        active = self._connections.copy()
        while True:
            self._adapt(results)
            group.add(results)
            if self._error is not None or stopped():
                group.stop()
            is_waiting = self._offer(group, active)
            self._release(group, active)
            if abandoned():
                self._abandon(group)
                break
            results = self._flush(active)
            active = []
            if not results:
                if not is_waiting and not any(not one.conversation.is_idle for one in self._connections):
                    group.finish()
                    if group.is_empty:
                        break
                self._connect(wanted=is_waiting)
                group.prepare()
                active = self._wait(group, results) or self._connections.copy()
                for connection in self._wanting:
                    if not connection.is_closed and connection not in active:
                        active.append(connection)
                self._wanting.clear()
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

    def _abandon(self, group: GroupCommit) -> None:
        """Close all connections without waiting, and record what became of the messages in flight."""
        group.stop()
        for connection in list(self._connections):
            reason = "abandoned: the server did not respond"
            group.add(connection.conversation.lose(reason, unsent=connection.unsent))
            self._drop(connection)
        group.finish()

    # -- one iteration --------------------------------------------------------------------------------

    def _offer(self, group: GroupCommit, active: Sequence[Connection]) -> bool:
        """Offer messages to the connections that want one; return whether there is one that no connection took."""
        now = time.monotonic()
        for at, connection in enumerate(active):
            conversation = connection.conversation
            while conversation.wants_message and not connection.is_used_up:
                message = group.next(now)
                if message is None:
                    self._wanting += active[at:]
                    return False
                if refusal := conversation.offer(message):
                    group.add([refusal])
        return group.has_next(now)  # which decides whether to open more connections

    def _release(self, group: GroupCommit, active: Sequence[Connection]) -> None:
        """Record what is due, and send the content of the ready messages that the ledger allows."""
        departing = [one for one in active if one.conversation.ready is not None]
        ready = [one.conversation.ready for one in departing if one.conversation.ready]
        now = time.monotonic()
        allowed: AbstractSet[str] = frozenset()
        if self._error is None:
            allowed = group.release(ready, now)
        else:  # after an error, nothing is begun
            group.requeue(ready, "not sent: the run was stopped")
            group.finish()
        for connection in departing:
            conversation = connection.conversation
            message = conversation.ready
            if message is not None and message.message_id in allowed:
                conversation.depart()
                connection.mark_end_of_message()
                if conversation.wants_message and not connection.is_used_up:
                    following = group.next(now)
                    if following is not None and (refusal := conversation.offer(following)):
                        group.add([refusal])
            elif conversation.withdraw():
                self._wanting.append(connection)
            else:  # the server waits for content that must not be sent
                self._drop(connection)

    def _flush(self, active: Sequence[Connection]) -> list[Result]:
        """Send what is to be sent; return the results of connections that were lost."""
        results: list[Result] = []
        for connection in active:
            if connection.has_to_write and not connection.is_closed:
                connection.flush(self._selector)
                if connection.lost:  # replies sent before the loss are still to be read
                    results.extend(connection.receive())
                    results.extend(self._lose(connection))
        return results

    def _wait(self, group: GroupCommit, results: list[Result]) -> list[Connection]:
        """Wait until a server responds, a rate limit or a backoff ends, or it is time to check whether to stop.

        Returns the connections that made progress, if no others have anything to do.
        """
        now = time.monotonic()
        timeout = min(_POLL_S, group.wait_s or _POLL_S)
        if self._backoff.not_before > now:
            timeout = min(timeout, self._backoff.not_before - now)
        if self._handshakes:
            timeout = min(timeout, _POLL_DURING_HANDSHAKE_S)
        active, wrote = self._receive(timeout, results)
        until = now + timeout if not active else time.monotonic() + _BATCH_S
        # A transaction takes longer than a message, so results are collected while enough connections are busy.
        while active and not wrote and 0 < 2 * len(results) < len(self._connections):
            remaining = until - time.monotonic()
            more, wrote = self._receive(remaining, results) if remaining > 0 else ([], False)
            if not more:
                break
            active += [one for one in more if one not in active]
        now = time.monotonic()
        if now - self._looked_at > _POLL_S:
            self._looked_at = now
            for connection in [one for one in self._connections if one.is_overdue(now)]:
                connection.lost = f"no response within {connection.timeout_s} s"
                results.extend(self._lose(connection))
            return []
        return [one for one in active if not one.is_closed]

    def _receive(self, timeout: float, results: list[Result]) -> tuple[list[Connection], bool]:
        """Read from servers for up to `timeout` seconds; return from which, and whether one may be written to."""
        active, wrote = [], False
        for key, events in self._selector.select(timeout):
            connection: Connection = key.data
            active.append(connection)
            wrote |= events != selectors.EVENT_READ
            results.extend(connection.receive())
            if connection.lost:
                results.extend(self._lose(connection))
            elif connection.is_used_up and connection.conversation.is_idle:
                self._quit(connection)
        return active, wrote

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
        self._wanting.append(connection)

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
        connections = self.settings.connections
        for result in results:
            if result.verdict is Verdict.SENT:
                self._backoff.sent(connections)
                self._rejecting.clear()
                continue
            if result.verdict is Verdict.REJECTED:
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
