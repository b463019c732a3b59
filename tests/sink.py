"""A mail server of few words that writes down what it takes: fast enough to measure against, and as rude as asked.

    python -m tests.sink taken.log --port 2525 --greylist --farewells 0.01 --cuts 0.01 --pause 0.05

It prints its port. Every message that it takes is a line of the log, "RECIPIENT MESSAGE-ID", written before its 250.
"""

from __future__ import annotations

import argparse
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
from typing import BinaryIO

_COMMAND = re.compile(rb"(?i)(EHLO|HELO|MAIL|RCPT|DATA|BDAT|RSET|QUIT|NOOP)([^\r\n]*)\r\n")
_ID = re.compile(rb"(?i)^Message-ID:[ \t]*(?:\r\n[ \t]+)?(\S+)", re.MULTILINE)
_GOOD = b"250 2.0.0 ok\r\n"


@dataclass
class Manners:
    """How a sink behaves."""

    log: BinaryIO | None
    #: Everybody is told once to come again.
    greylist: bool = False
    #: How often a 421, or a cut in the midst of a message, comes instead of an answer.
    farewells: float = 0.0
    cuts: float = 0.0
    #: Seconds before each answer.
    pause: float = 0.0
    chunking: bool = False
    chance: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311 - dice
    seen: set[bytes] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, recipient: bytes, content: bytes | bytearray) -> None:
        """Write a message down."""
        if self.log is not None:
            match = _ID.search(content, 0, 4096)
            self.log.write(recipient + b" " + (match[1] if match else b"-") + b"\n")


class _Bye(Exception):
    pass


def converse(connection: socket.socket, manners: Manners) -> None:  # noqa: C901, PLR0912, PLR0915 - it is a server
    """Serve one connection to its end."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    heard, recipient = bytearray(), b""
    room = memoryview(bytearray(1 << 18))

    def hear() -> None:
        number = connection.recv_into(room)
        if not number:
            raise _Bye
        heard.extend(room[:number])

    def answer(words: bytes) -> None:
        if manners.pause:
            time.sleep(manners.pause)
        connection.sendall(words)

    def hear_message() -> bytearray | None:
        start = 0
        while (end := heard.find(b"\r\n.\r\n", start)) < 0 and not heard.startswith(b".\r\n"):
            start = max(0, len(heard) - 4)
            hear()
            if manners.cuts and manners.chance.random() < manners.cuts:
                raise _Bye
        if heard.startswith(b".\r\n"):
            del heard[:3]
            return None
        content = heard[: min(end, 4096)]
        del heard[: end + 5]
        return content

    try:
        connection.sendall(b"220 sink ESMTP\r\n")
        replies = b""
        while True:
            match = _COMMAND.match(heard)
            if match is None:
                if replies:
                    answer(replies)
                    replies = b""
                hear()
                continue
            verb, rest = match[1].upper(), match[2]
            del heard[: match.end()]
            if manners.farewells and verb in (b"MAIL", b"RCPT") and manners.chance.random() < manners.farewells:
                answer(replies + b"421 4.3.2 too much for now\r\n")
                raise _Bye  # noqa: TRY301 - the one way out
            if verb in (b"EHLO", b"HELO"):
                chunking = b"250-CHUNKING\r\n" if manners.chunking else b""
                replies += b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n" + chunking + b"250 SMTPUTF8\r\n"
            elif verb == b"MAIL":
                recipient = b""
                replies += _GOOD
            elif verb == b"RCPT":
                address = rest[rest.index(b"<") + 1 : rest.index(b">")]
                if manners.greylist and address not in manners.seen:
                    manners.seen.add(address)
                    replies += b"450 4.2.0 come again\r\n"
                else:
                    recipient = address
                    replies += _GOOD
            elif verb == b"DATA":
                if not recipient:
                    replies += b"503 5.5.1 to whom?\r\n"
                    continue
                answer(replies + b"354 go on\r\n")
                content = hear_message()
                if content is not None:
                    manners.take(recipient, content)
                replies, recipient = _GOOD, b""
            elif verb == b"BDAT":
                size = int(rest.split()[0])
                while len(heard) < size:
                    hear()
                if recipient:
                    manners.take(recipient, heard[: min(size, 4096)])
                    replies += _GOOD
                else:
                    replies += b"503 5.5.1 to whom?\r\n"
                del heard[:size]
                recipient = b""
            elif verb == b"QUIT":
                answer(replies + b"221 bye\r\n")
                raise _Bye  # noqa: TRY301 - the one way out
            else:
                replies += _GOOD
    except (_Bye, OSError):
        connection.close()


def serve(port: int, manners: Manners) -> None:
    """Serve for ever; prints the port."""
    with socket.create_server(("127.0.0.1", port), backlog=256) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=converse, args=(connection, manners), daemon=True).start()


@dataclass
class Sink:
    """A sink in a process of its own."""

    log: Path
    port: int
    process: subprocess.Popen[str]
    options: tuple[str, ...]

    @property
    def taken(self) -> list[tuple[str, str]]:
        """What it took: (recipient, Message-ID)."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [(recipient, message_id) for recipient, _, message_id in (line.partition(" ") for line in lines)]

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def restart(self) -> None:
        """Start it again where it was."""
        self.process = _start(self.log, self.port, self.options)
        assert self.process.stdout is not None
        self.process.stdout.readline()


def _start(log: Path, port: int, options: tuple[str, ...]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.sink", str(log), "--port", str(port), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1])


@contextmanager
def sinking(log: Path, *options: str) -> Iterator[Sink]:
    """Run a sink while inside."""
    process = _start(log, 0, options)
    assert process.stdout is not None
    sink = Sink(log, int(process.stdout.readline()), process, options)
    try:
        yield sink
    finally:
        sink.kill()


def main() -> None:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--greylist", action="store_true")
    parser.add_argument("--chunking", action="store_true")
    for option in ("--farewells", "--cuts", "--pause"):
        parser.add_argument(option, type=float, default=0.0)
    asked = parser.parse_args()
    with asked.log.open("ab", buffering=0) as log:
        manners = Manners(
            log, greylist=asked.greylist, farewells=asked.farewells, cuts=asked.cuts, pause=asked.pause,
            chunking=asked.chunking,
        )  # fmt: skip
        serve(asked.port, manners)


if __name__ == "__main__":
    main()
