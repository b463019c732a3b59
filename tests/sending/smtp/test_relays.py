"""Failover to a relay (`[[relays]]`) when the first server cannot be used."""

from __future__ import annotations

import socket

from newsletter.sending.smtp.transport import SmtpTransport
from tests.sending.messages import message, send, transport_to
from tests.smtpd import Server, serving


def test_a_relay_takes_over_where_the_first_server_cannot_be_reached() -> None:
    with socket.socket() as closed:  # bound but not listening, so a connection is refused
        closed.bind(("127.0.0.1", 0))
        with serving(Server()) as relay:
            servers = (Server(port=closed.getsockname()[1]), relay)
            transport = SmtpTransport(*(transport_to(server).settings for server in servers))
            send(transport, message())
            transport.close()

    assert relay.recipients == ["ada@example.org"]
