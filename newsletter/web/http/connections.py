"""Connections that are ended: half-open requests, responses that nobody reads, and too many from one network.

uvicorn has a timeout between requests only. A body has its deadline in `forms.limited_body`, with any server.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from typing import Any, ClassVar

from uvicorn import Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from newsletter.web.http.guard import is_loopback
from newsletter.web.http.rate_limit import network_of

#: Seconds for all headers of a request, TLS not included.
HEADER_S = 10.0
#: Seconds for all of a request: its body, the work, and sending the response.
REQUEST_S = 60.0
#: A web server in front connects from this machine, and is not limited.
MAX_PER_NETWORK = 60
#: Below the usual limit of 1,024 open files.
MAX_CONNECTIONS = 800


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP protocol with deadlines; a response takes as long as it wants, as event streams do."""

    header_s = HEADER_S
    request_s: float | None = None
    #: How many connections each network has, of the process.
    _open: ClassVar[Counter[str]] = Counter()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline: asyncio.TimerHandle | None = None
        self._network = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin the deadline of the headers, or end the connection if there are too many."""
        super().connection_made(transport)
        host = self.client[0] if self.client else ""
        self._network = "" if is_loopback(host) else network_of(host)
        self._open[self._network] += 1
        is_crowd = self._network != "" and self._open[self._network] > MAX_PER_NETWORK
        if is_crowd or len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._set_deadline(self.header_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._set_deadline(None)
        self._open[self._network] -= 1
        if not self._open[self._network]:
            del self._open[self._network]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Begin the deadline of the headers with their first byte, and the one of the request after them."""
        was_answering = self._is_answering
        if not was_answering and self._deadline is None:
            self._set_deadline(self.header_s)
        super().data_received(data)
        if self._is_answering and not was_answering:
            self._set_deadline(self.request_s)

    def on_response_complete(self) -> None:
        """Wait for the next request, for which uvicorn has a timeout; it may have begun already (pipelining)."""
        self._set_deadline(None)
        super().on_response_complete()
        if self._is_answering:
            self._set_deadline(self.request_s)
        elif self.conn.trailing_data[0]:
            self._set_deadline(self.header_s)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._abort)

    def _abort(self) -> None:
        self.transport.abort()


class PublicProtocol(BoundedProtocol):
    """The protocol for strangers, whose responses have a deadline, too."""

    request_s = REQUEST_S


class ClosingServer(Server):
    """uvicorn's server, which ends the connections that are left when it stops: those of the last moment."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down as uvicorn does, then end what is still open."""
        await super().shutdown(sockets)
        for _ in range(3):  # one accepted at the last moment: its task runs, makes the transport, reports it
            await asyncio.sleep(0)
        for connection in list(self.server_state.connections):
            if isinstance(connection, BoundedProtocol):
                connection.transport.abort()
        await asyncio.sleep(0)
