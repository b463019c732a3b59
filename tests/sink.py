"""A minimal, fast SMTP server for benchmarks and crash tests, which logs what it accepts and fails as configured.

    python -m tests.sink taken.log --port 2525 --greylist --farewells 0.01 --cuts 0.01 --pause 0.05

It prints its port. Each accepted message is a line of the log, "RECIPIENT MESSAGE-ID", written before the 250.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NoReturn

_COMMAND = re.compile(rb"(?i)(EHLO|HELO|MAIL|RCPT|DATA|BDAT|RSET|QUIT|NOOP)([^\r\n]*)\r\n")
_ID = re.compile(rb"(?i)^Message-ID:[ \t]*(?:\r\n[ \t]+)?(\S+)", re.MULTILINE)
_OK = b"250 2.0.0 ok\r\n"
_NO_RECIPIENT = b"503 5.5.1 no recipient\r\n"
#: How much of a message is searched for its Message-ID.
_MAX_HEAD_B = 4096


@dataclass
class Behaviour:
    """How a sink behaves. Probabilities are between 0 and 1."""

    log: BinaryIO | None
    #: Whether the first message to each recipient is deferred (450).
    greylist: bool = False
    #: Probability of a 421 instead of a reply, and of closing the connection within a message.
    farewells: float = 0.0
    cuts: float = 0.0
    #: Seconds before each reply.
    pause: float = 0.0
    chunking: bool = False
    dice: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311 - dice
    seen: set[bytes] = field(default_factory=set)

    def accept(self, recipient: bytes, content: bytes | bytearray) -> None:
        """Log a message."""
        if self.log is not None:
            match = _ID.search(content, 0, _MAX_HEAD_B)
            self.log.write(recipient + b" " + (match[1] if match else b"-") + b"\n")


class _Closed(Exception):
    """The connection is to be closed, or was closed by the client."""


class _Session:
    """One connection, from the greeting to its end."""

    def __init__(self, connection: socket.socket, behaviour: Behaviour) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._behaviour = behaviour
        self._buffer = memoryview(bytearray(1 << 18))
        self._received = bytearray()
        self._recipient = b""
        #: Replies that are sent before the next read.
        self._replies = b""

    def run(self) -> None:
        """Serve the connection."""
        with contextlib.suppress(_Closed, OSError), self._connection:
            self._connection.sendall(b"220 sink ESMTP\r\n")
            while True:
                match = _COMMAND.match(self._received)
                if match is None:
                    self._flush()
                    self._read()
                else:
                    verb, rest = match[1].upper(), match[2]
                    del self._received[: match.end()]
                    self._process(verb, rest)

    def _process(self, verb: bytes, rest: bytes) -> None:
        behaviour = self._behaviour
        if behaviour.farewells and verb in (b"MAIL", b"RCPT") and behaviour.dice.random() < behaviour.farewells:
            self._close(b"421 4.3.2 too busy\r\n")
        match verb:
            case b"EHLO" | b"HELO":
                chunking = b"250-CHUNKING\r\n" if behaviour.chunking else b""
                self._replies += b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n" + chunking + b"250 SMTPUTF8\r\n"
            case b"MAIL":
                self._recipient = b""
                self._replies += _OK
            case b"RCPT":
                self._rcpt(rest[rest.index(b"<") + 1 : rest.index(b">")])
            case b"DATA":
                self._data()
            case b"BDAT":
                self._bdat(int(rest.split()[0]))
            case b"QUIT":
                self._close(b"221 bye\r\n")
            case _:
                self._replies += _OK

    def _rcpt(self, address: bytes) -> None:
        if self._behaviour.greylist and address not in self._behaviour.seen:
            self._behaviour.seen.add(address)
            self._replies += b"450 4.2.0 greylisted\r\n"
        else:
            self._recipient = address
            self._replies += _OK

    def _data(self) -> None:
        if not self._recipient:
            self._replies += _NO_RECIPIENT
            return
        self._replies += b"354 go on\r\n"
        self._flush()
        content = self._read_content()
        if content is not None:
            self._behaviour.accept(self._recipient, content)
        self._replies, self._recipient = _OK, b""

    def _bdat(self, size: int) -> None:
        while len(self._received) < size:
            self._read()
        if self._recipient:
            self._behaviour.accept(self._recipient, self._received[: min(size, _MAX_HEAD_B)])
            self._replies += _OK
        else:
            self._replies += _NO_RECIPIENT
        del self._received[:size]
        self._recipient = b""

    def _read_content(self) -> bytearray | None:
        """Return the beginning of a message up to its final dot, or None if it is empty."""
        start, received = 0, self._received
        while (end := received.find(b"\r\n.\r\n", start)) < 0 and not received.startswith(b".\r\n"):
            start = max(0, len(received) - 4)
            self._read()
            if self._behaviour.cuts and self._behaviour.dice.random() < self._behaviour.cuts:
                raise _Closed
        if received.startswith(b".\r\n"):
            del received[:3]
            return None
        content = received[: min(end, _MAX_HEAD_B)]
        del received[: end + 5]
        return content

    def _read(self) -> None:
        count = self._connection.recv_into(self._buffer)
        if not count:
            raise _Closed
        self._received.extend(self._buffer[:count])

    def _flush(self) -> None:
        if self._replies:
            if self._behaviour.pause:
                time.sleep(self._behaviour.pause)
            self._connection.sendall(self._replies)
            self._replies = b""

    def _close(self, reply: bytes) -> NoReturn:
        self._replies += reply
        self._flush()
        raise _Closed


def serve(port: int, behaviour: Behaviour) -> None:
    """Print the port, and serve until the process is killed."""
    with socket.create_server(("127.0.0.1", port), backlog=256) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_Session(connection, behaviour).run, daemon=True).start()


@dataclass
class Sink:
    """A sink in its own process."""

    log: Path
    port: int
    process: subprocess.Popen[str]
    options: tuple[str, ...]

    @property
    def taken(self) -> list[tuple[str, str]]:
        """The accepted messages, as (recipient, Message-ID)."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [(recipient, message_id) for recipient, _, message_id in (line.partition(" ") for line in lines)]

    def kill(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def restart(self) -> None:
        """Start it again, on the same port and with the same log."""
        self.process = _start(self.log, self.port, self.options)
        assert self.process.stdout is not None
        self.process.stdout.readline()


def _start(log: Path, port: int, options: tuple[str, ...]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.sink", str(log), "--port", str(port), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])


@contextmanager
def sinking(log: Path, *options: str) -> Iterator[Sink]:
    """Run a sink."""
    process = _start(log, 0, options)
    assert process.stdout is not None
    sink = Sink(log, int(process.stdout.readline()), process, options)
    try:
        yield sink
    finally:
        sink.kill()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--greylist", action="store_true")
    parser.add_argument("--chunking", action="store_true")
    for option in ("--farewells", "--cuts", "--pause"):
        parser.add_argument(option, type=float, default=0.0)
    arguments = parser.parse_args()
    with arguments.log.open("ab", buffering=0) as log:
        behaviour = Behaviour(
            log, greylist=arguments.greylist, farewells=arguments.farewells, cuts=arguments.cuts, pause=arguments.pause,
            chunking=arguments.chunking,
        )  # fmt: skip
        serve(arguments.port, behaviour)


if __name__ == "__main__":
    main()
