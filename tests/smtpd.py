"""A real SMTP server on loopback whose behaviour a test chooses, and which remembers what it took."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import AuthResult, LoginPassword

from newsletter.sending.demo_server import AnyPort

#: Given the address and how often it was seen before, the reply; None for the server's own.
Answer = Callable[[str, int], str | None]


@dataclass
class Server:
    """What a test says the server should do, and what it saw."""

    on_mail: Answer = lambda _address, _seen: None
    on_rcpt: Answer = lambda _address, _seen: None
    on_data: Answer = lambda _address, _seen: None
    #: Called with the number of messages taken so far, before a message is answered.
    before_reply: Callable[[int], None] = lambda _number: None
    hang_up_after_data: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def recipients(self) -> list[str]:
        """Whose messages were taken, in order."""
        return [recipient for recipient, _ in self.accepted]

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:
        reply = self._answer(self.on_mail, f"MAIL {address}", address)
        if reply is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply or "250 2.1.0 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]) -> str:
        reply = self._answer(self.on_rcpt, f"RCPT {address}", address)
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        (recipient,) = envelope.rcpt_tos
        reply = self._answer(self.on_data, f"DATA {recipient}", recipient)
        if reply is None:
            self.accepted.append((recipient, envelope.content))
            self.before_reply(len(self.accepted))
        if self.hang_up_after_data:
            server.transport.abort()
        return reply or "250 2.0.0 taken"

    def _answer(self, answer: Answer, command: str, address: str) -> str | None:
        seen = self.asked.count(command)
        self.asked.append(command)
        return answer(address, seen)


@contextmanager
def serving(server: Server, **options: Any) -> Iterator[Server]:
    """Serve on a free port; options are those of aiosmtpd's SMTP."""
    controller = AnyPort(server, hostname=server.host, port=0, **options)
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()


def only(username: str, password: str) -> Callable[..., AuthResult]:
    """An authenticator that knows one login."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        good = (data.login, data.password) == (username.encode(), password.encode())
        return AuthResult(success=good, handled=good)

    return check


def tls(certificate: Any) -> ssl.SSLContext:
    """A server's context with a certificate of trustme's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
