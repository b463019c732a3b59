"""Servers that accept and then hang, at a moment that a test chooses: real sockets on loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from threading import Event, Thread


class Hang(Enum):
    """When, or how, a server hangs."""

    #: It accepts and sends nothing: no greeting, no ServerHello, no response.
    SILENT = "silent"
    #: A byte every 200 ms, and never a whole line.
    DRIP = "drip"
    #: SMTP up to the reply to MAIL.
    SMTP_MAIL = "MAIL"
    #: SMTP up to the reply to the message itself.
    SMTP_END_OF_DATA = "end of data"
    #: IMAP: a greeting, and no reply to LOGIN.
    IMAP_LOGIN = "LOGIN"
    #: HTTP: a status line and headers, and no body.
    HTTP_BODY = "body"


@dataclass(frozen=True)
class Silent:
    """A server: its port, and whether a connection has come to where it hangs."""

    port: int
    reached: Event


@contextmanager
def silent_server(hang: Hang) -> Iterator[Silent]:
    """Serve on a free port until the context ends."""
    is_over, reached = Event(), Event()
    with socket.create_server(("127.0.0.1", 0), backlog=500) as listening, ExitStack() as stack:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connected, _ = listening.accept()
                    stack.callback(connected.close)
                    Thread(target=_talk, args=(connected, hang, reached, is_over), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        try:
            yield Silent(int(listening.getsockname()[1]), reached)
        finally:
            is_over.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)


def _talk(connected: socket.socket, hang: Hang, reached: Event, is_over: Event) -> None:
    with suppress(OSError):
        if hang is Hang.DRIP:
            reached.set()
            while not is_over.wait(0.2):
                connected.sendall(b"2")
        elif hang is Hang.HTTP_BODY:
            connected.recv(65536)
            connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        elif hang is Hang.IMAP_LOGIN:
            connected.sendall(b"* OK ready\r\n")
        elif hang in (Hang.SMTP_MAIL, Hang.SMTP_END_OF_DATA):
            _talk_smtp(connected, hang)
        reached.set()
        is_over.wait()


def _talk_smtp(connected: socket.socket, hang: Hang) -> None:
    connected.sendall(b"220 ready\r\n")
    with connected.makefile("rb") as lines:
        for line in lines:
            command = line[:4].upper()
            if command == b"MAIL" and hang is Hang.SMTP_MAIL:
                return
            if command == b"DATA":
                connected.sendall(b"354 go on\r\n")
                while lines.readline() not in (b".\r\n", b""):
                    pass
                return
            connected.sendall(b"250 ok\r\n")
