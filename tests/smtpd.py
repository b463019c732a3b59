"""A real SMTP server on loopback whose replies a test chooses, and which records the messages it accepts."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import AuthResult, LoginPassword

from newsletter.sending.demo_server import AnyPort

#: Returns the reply for an address and the number of times it was seen before; None for the default reply.
ReplyTo = Callable[[str, int], str | None]


@dataclass
class Server:
    """What the server replies, and what it has seen."""

    on_mail: ReplyTo = lambda _address, _seen: None
    on_rcpt: ReplyTo = lambda _address, _seen: None
    on_data: ReplyTo = lambda _address, _seen: None
    #: Called with the number of messages accepted so far, before the reply to a message.
    before_reply: Callable[[int], None] = lambda _number: None
    hang_up_after_data: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """The recipients of the accepted messages, in order."""
        return [recipient for recipient, _ in self.accepted]

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:
        reply = self._reply(self.on_mail, f"MAIL {address}", address)
        if reply is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply or "250 2.1.0 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        reply = self._reply(self.on_rcpt, f"RCPT {address}", address)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        (recipient,) = envelope.rcpt_tos
        reply = self._reply(self.on_data, f"DATA {recipient}", recipient)
        if reply is None:
            self.accepted.append((recipient, envelope.content))
            self.before_reply(len(self.accepted))
        if self.hang_up_after_data:
            server.transport.abort()
        return reply or "250 2.0.0 accepted"

    def _reply(self, reply_to: ReplyTo, command: str, address: str) -> str | None:
        seen = self.asked.count(command)
        self.asked.append(command)
        return reply_to(address, seen)


@contextmanager
def serving(server: Server, **options: Any) -> Iterator[Server]:
    """Serve on a free port; the options are those of aiosmtpd's SMTP."""
    controller = AnyPort(server, hostname=server.host, port=0, **options)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


def only(username: str, password: str) -> Callable[..., AuthResult]:
    """Return an authenticator that accepts one login."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        is_valid = (data.login, data.password) == (username.encode(), password.encode())
        return AuthResult(success=is_valid, handled=is_valid)

    return check


def tls(certificate: Any) -> ssl.SSLContext:
    """Return a server's TLS context with a certificate of trustme's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
