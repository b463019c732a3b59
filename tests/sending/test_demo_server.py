"""The demo's SMTP server."""

from __future__ import annotations

import gc
import socket
import warnings
from dataclasses import replace

import pytest

from newsletter.errors import TransportError
from newsletter.sending.demo_server import Inbox, Received
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from tests.sending.messages import CONTENT, message, send


def transport_to(inbox: Inbox) -> SmtpTransport:
    return SmtpTransport(SmtpSettings(inbox.host, inbox.port, security=Security.NONE, timeout_s=5))


def test_the_inbox_stores_messages_with_their_envelopes() -> None:
    with Inbox() as inbox:
        transport = transport_to(inbox)
        send(transport, message("ada@example.org"))
        send(transport, replace(message("bob@example.org"), content=b"Subject: Again\r\n\r\n"))
        transport.close()

    assert inbox.received == [
        Received("digest@news.example", "ada@example.org", CONTENT),
        Received("digest@news.example", "bob@example.org", b"Subject: Again\r\n\r\n"),
    ]


def test_two_inboxes_are_two_servers() -> None:
    with Inbox() as one, Inbox() as other:
        transport = transport_to(other)
        send(transport, message())
        transport.close()

        assert one.port != other.port

    assert (len(one.received), len(other.received)) == (0, 1)


def test_a_closed_inbox_accepts_no_messages() -> None:
    with Inbox() as inbox:
        pass

    with pytest.raises(TransportError, match="cannot connect"):
        send(transport_to(inbox), message())


def test_a_closed_inbox_leaves_no_connection_open() -> None:
    gc.collect()  # what other tests left
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        with Inbox() as inbox:
            connected = [socket.create_connection((inbox.host, inbox.port)) for _ in range(20)]
            assert connected[0].recv(3) == b"220"
        gc.collect()
        for one in connected:
            one.close()
    assert [str(one.message) for one in caught if "unclosed" in str(one.message)] == []
