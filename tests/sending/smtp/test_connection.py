"""Connections that are lost, at every point of a conversation."""

from __future__ import annotations

import selectors
import socket
import threading

import pytest

from newsletter.sending import Verdict
from newsletter.sending.smtp.connection import Connection
from newsletter.sending.smtp.settings import SmtpSettings
from tests.sending.messages import MessageDeferred, message, send, transport_to
from tests.smtpd import Server, serving


def test_a_connection_lost_after_the_final_dot_is_retried_later() -> None:
    with serving(Server(hang_up_after_data=True)) as server:
        transport = transport_to(server)
        with pytest.raises(MessageDeferred, match="connection lost: closed by the server"):
            send(transport, message())
        server.hang_up_after_data = False
        assert send(transport, message()) == "250 2.0.0 accepted"
        transport.close()


@pytest.mark.parametrize("last_command", [b"MAIL", b"RCPT", b"DATA", b"\r\n.\r\n"])
def test_a_connection_lost_at_any_point_is_retried_later(last_command: bytes) -> None:
    """Use a minimal server, because aiosmtpd cannot close a connection within a message."""

    def converse() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"220 hello\r\n")
            received = b""
            while last_command.lower() not in received.lower():
                received += connection.recv(4096)
                if received.endswith(b"\r\n") and last_command.lower() not in received.lower():
                    is_data = received.lower().endswith(b"data\r\n")
                    connection.sendall(b"354 go on\r\n" if is_data else b"250 fine\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=converse)
        server.start()
        transport = transport_to(Server(port=listening.getsockname()[1]))
        with pytest.raises(MessageDeferred, match="connection lost"):
            send(transport, message())
        server.join()
        transport.close()


def test_a_server_that_falls_silent_is_given_up_after_the_timeout() -> None:
    ours, theirs = socket.socketpair()
    with theirs, selectors.DefaultSelector() as selector:
        connection = Connection(ours, {"pipelining": ""}, SmtpSettings("mx.example", timeout_s=5))
        selector.register(ours, selectors.EVENT_READ, connection)
        assert not connection.is_overdue(1e9)  # nothing was sent yet
        connection.conversation.offer(message())
        connection.flush(selector)
        assert connection.is_overdue(1e9)
        assert connection.timeout_s == 5

        theirs.sendall(b"250 a\r\n250 b\r\n354 c\r\n")
        assert connection.receive() == []
        connection.conversation.depart()
        assert connection.timeout_s == 600  # RFC 5321, 4.5.3.2.6
        connection.close()


def test_a_message_that_was_not_sent_whole_is_not_in_doubt() -> None:
    ours, theirs = socket.socketpair()
    with theirs, selectors.DefaultSelector() as selector:
        connection = Connection(ours, {"pipelining": ""}, SmtpSettings("mx.example"))
        selector.register(ours, selectors.EVENT_READ, connection)
        connection.conversation.offer(message(content=b"x" * (8 << 20) + b"\r\n"))  # more than all buffers hold
        connection.flush(selector)
        theirs.sendall(b"250 a\r\n250 b\r\n354 c\r\n")
        connection.receive()
        connection.conversation.depart()
        connection.mark_end_of_message()
        connection.flush(selector)
        assert connection.has_to_write
        (result,) = connection.conversation.lose("reset", unsent=connection.unsent)
        assert result.verdict is Verdict.UNSENT
        connection.close()
