"""A real SMTP server on this machine that stores the messages it receives: for the demo, with no account anywhere."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from weakref import WeakSet

from newsletter.errors import NewsletterError
from newsletter.errors.installation import install_command

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP
except ModuleNotFoundError as error:
    raise NewsletterError("the demo's SMTP server needs aiosmtpd", hint=install_command("demo")) from error


@dataclass(frozen=True, slots=True)
class Received:
    """One message as the server received it."""

    sender: str
    recipient: str
    content: bytes


@dataclass
class Inbox:
    """Serves SMTP on a free port of 127.0.0.1 while used as a context manager."""

    received: list[Received] = field(default_factory=list)

    @property
    def host(self) -> str:
        """The server's IP address."""
        return str(self._controller.hostname)

    @property
    def port(self) -> int:
        """The port that the system assigned."""
        return int(self._controller.port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Store one message per recipient."""
        for recipient in envelope.rcpt_tos:
            self.received.append(Received(envelope.mail_from, recipient, envelope.content))
        return "250 2.0.0 stored"

    def __enter__(self) -> Inbox:
        self._controller = AnyPort(self, hostname="127.0.0.1", port=0)
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()


class AnyPort(Controller):
    """aiosmtpd's controller on a port that the system assigns; it closes all connections when it stops."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._conversations: WeakSet[SMTP] = WeakSet()

    def factory(self) -> SMTP:
        """Make the protocol of a connection, and remember it."""
        conversation: SMTP = super().factory()  # type: ignore[no-untyped-call]
        self._conversations.add(conversation)
        return conversation

    def stop(self, no_assert: bool = False) -> None:
        """Close the connections, which aiosmtpd leaves open, and stop."""
        if self._thread is not None and self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result()
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        # Accepting ends before the server is closed: a transport that asyncio makes for a closed one is lost half made.
        if isinstance(self.server, asyncio.Server):
            for listener in self.server.sockets:
                self.loop.remove_reader(listener.fileno())
        for _ in range(3):  # one accepted at the last moment: its task runs, makes the transport, reports it
            await asyncio.sleep(0)
        for conversation in list(self._conversations):
            # In the middle of STARTTLS, the first one is None.
            for transport in (conversation.transport, conversation._original_transport):  # noqa: SLF001 - no other name
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()
        await asyncio.sleep(0)
        if self.server is not None:
            self.server.close()

    def _trigger_server(self) -> None:
        """Set the port before the controller connects to it."""
        assert isinstance(self.server, asyncio.Server)  # noqa: S101 - it has just been started
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]
