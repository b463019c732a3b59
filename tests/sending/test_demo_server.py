from __future__ import annotations

from dataclasses import replace

import pytest

from newsletter.errors import TransportError
from newsletter.sending.demo_server import Inbox, Received
from newsletter.sending.smtp.transport import SmtpSettings, SmtpTransport
from tests.sending.smtp.test_transport import CONTENT, message, send


def transport_to(inbox: Inbox) -> SmtpTransport:
    return SmtpTransport(SmtpSettings(inbox.host, inbox.port, security="none", timeout_s=5))


def test_the_inbox_keeps_what_it_is_given_with_its_envelope() -> None:
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


def test_a_closed_inbox_takes_nothing_more() -> None:
    with Inbox() as inbox:
        pass

    with pytest.raises(TransportError, match="cannot connect"):
        send(transport_to(inbox), message())
