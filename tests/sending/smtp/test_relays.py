"""Further servers take over where the first cannot be used."""

from __future__ import annotations

import socket

from newsletter.models import Message
from newsletter.sending import Verdict, send_one
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from tests.smtpd import Server, serving


def test_a_relay_takes_over_where_the_first_server_cannot_be_reached() -> None:
    with socket.socket() as closed:  # bound, and nobody listens: a connection is refused
        closed.bind(("127.0.0.1", 0))
        with serving(Server()) as relay:
            ports = closed.getsockname()[1], relay.port
            servers = (
                SmtpSettings("127.0.0.1", port, security=Security.NONE, timeout_s=5, connections=1) for port in ports
            )
            transport = SmtpTransport(*servers)
            content = b"Subject: Hello\r\n\r\nHello.\r\n"
            result = send_one(
                transport, Message(message_id="<1@news.example>", sender="digest@news.example",
                                   recipient="ada@example.org", subject="Hello", content=content),
            )  # fmt: skip
            transport.close()

    assert result.verdict is Verdict.SENT
    assert relay.recipients == ["ada@example.org"]
