"""Header and command injection: hostile names and titles reach the server as one message with the intended headers."""

from __future__ import annotations

import contextlib
import re
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.errors import NewsletterError
from newsletter.files.site import Site
from newsletter.models import Digest, Message
from newsletter.pipeline.messages import MessageRenderer
from newsletter.rendering.environment import make_environment
from newsletter.sending import Result, Verdict, send_one
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from tests.benchmarks.assembling import digest_of, make_papers
from tests.examples import examples
from tests.factories import NOW, make_profile, make_subscriber, make_topic

_HEADERS = {
    "From", "Reply-To", "Date", "List-Id", "Feedback-ID", "Precedence", "Auto-Submitted", "To", "Subject", "Message-ID",
    "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
}  # fmt: skip


@dataclass
class Recorder:
    """A lenient server: a line may end with a bare LF, and a message with a dot on such a line."""

    offers: bytes
    port: int = 0
    commands: list[bytes] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)

    def serve(self, listening: socket.socket) -> None:
        """Serve connections one after the other until the socket is closed."""
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            # A client does not wait for the reply to QUIT.
            with contextlib.suppress(OSError), connection, connection.makefile("rwb") as stream:
                self._converse(stream)

    def _converse(self, stream: object) -> None:
        read, write, flush = stream.readline, stream.write, stream.flush  # type: ignore[attr-defined]
        write(b"220 recorder ESMTP\r\n")
        flush()
        while line := read():
            verb = line[:4].upper()
            if verb == b"EHLO":
                write(b"250-recorder\r\n" + self.offers + b"250 8BITMIME\r\n")
            else:
                self.commands.append(line)
                if verb == b"DATA":
                    write(b"354 go on\r\n")
                    flush()
                    lines = []
                    while (content_line := read()) not in (b".\r\n", b".\n", b""):
                        lines.append(content_line)
                    self.contents.append(b"".join(lines))
                elif verb == b"BDAT":
                    self.contents.append(stream.read(int(line.split()[1])))  # type: ignore[attr-defined]
                write(b"221 bye\r\n" if verb == b"QUIT" else b"250 2.0.0 ok\r\n")
            flush()


@contextlib.contextmanager
def recording(extensions: str) -> Iterator[Recorder]:
    """Run a server that offers these extensions."""
    offers = b"".join(b"250-%b\r\n" % word.encode() for word in extensions.split())
    with socket.create_server(("127.0.0.1", 0)) as listening:
        recorder = Recorder(offers, listening.getsockname()[1])
        thread = threading.Thread(target=recorder.serve, args=(listening,), daemon=True)
        thread.start()
        yield recorder
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture(scope="module")
def recorders() -> Iterator[list[Recorder]]:
    """The servers that each message goes to: rendering it takes longer than sending it to all."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(recording(extensions))
            for extensions in ("", "PIPELINING", "PIPELINING CHUNKING", "SMTPUTF8 PIPELINING SIZE")
        ]


def send(recorder: Recorder, message: Message) -> tuple[Result, list[bytes], list[bytes]]:
    """Send one message; return the result, and the commands and contents that the server received."""
    recorder.commands.clear()
    recorder.contents.clear()
    transport = SmtpTransport(
        SmtpSettings("127.0.0.1", recorder.port, security=Security.NONE, timeout_s=5, connections=1)
    )
    try:
        result = send_one(transport, message)
    finally:
        transport.close()
    verbs = [line for line in recorder.commands if not line.upper().startswith((b"QUIT", b"RSET"))]
    return result, verbs, list(recorder.contents)


_NASTY = st.sampled_from(
    [
        "\r\nBcc: eve@evil.example", "\nBcc: e@evil.example\n\nHi", "\r\n.\r\nMAIL FROM:<e@evil.example>\r\n", "\n.\n",
        "\r.\r", "\x00", "=?utf-8?q?=0D=0ABcc:_eve@evil.example?=", ">\r\nRCPT TO:<eve@evil.example>", "\u2028Bcc: eve",
        "\x85X-Own: 1", "\x0bX: 1", "x" * 1200, "é" * 200, '"', "<eve@evil.example>", "a, b@c.example", "\\\r\n\t x",
    ]
)  # fmt: skip
_ANY = st.lists(
    st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), _NASTY), min_size=1, max_size=3
).map("".join)
_SMALL = settings(examples(0.5), suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def config() -> Iterator[Config]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "newsletter.toml").write_text('[site]\nurl = "https://papers.example"\n', encoding="utf-8")
        yield load_config(Site(Path(folder)), environ={})


ENVIRONMENT = make_environment()


def message(config: Config, text: str, place: str) -> Message:
    """Render a message with this text in one place."""
    digest: Digest = digest_of(make_papers(4))
    subscriber, sender = make_subscriber(), config.sender
    if place == "title":
        papers = [replace(paper, title=text, abstract=text, authors=(text,)) for paper in make_papers(4)]
        digest = digest_of(papers)
    elif place == "subscriber":
        subscriber = replace(subscriber, name=text)
    elif place == "email":
        subscriber = replace(subscriber, email=f"{text}@subscriber.example")
    elif place == "topic":
        subscriber = replace(subscriber, profile=make_profile(topics=(make_topic(text),)))
    elif place == "note":
        digest = replace(digest, edition=replace(digest.edition, note=text, closing=text))
    elif place == "site":
        config = replace(config, site_name=text)
    elif place == "sender":
        config = replace(config, sender=replace(sender, name=text, postal_address=text))
    return MessageRenderer(config, ENVIRONMENT, b"secret").write(digest, subscriber, "<1.abc@papers.example>", NOW)


@pytest.mark.parametrize("place", ["title", "subscriber", "email", "topic", "note", "site", "sender"])
@given(text=_ANY)
@_SMALL
def test_no_text_can_inject_a_header_or_a_command(
    recorders: list[Recorder], config: Config, place: str, text: str
) -> None:
    try:
        built = message(config, text, place)
    except (ValueError, NewsletterError):  # refused
        return
    for recorder in recorders:
        check_what_arrives(recorder, built, place)


def check_what_arrives(recorder: Recorder, built: Message, place: str) -> None:
    result, commands, contents = send(recorder, built)
    if result.verdict is Verdict.REFUSED and place == "email":
        assert contents == []
        return

    assert result.verdict is Verdict.SENT
    assert len(commands) == 3
    assert re.fullmatch(rb"MAIL FROM:<[^<>\r\n]+>[ A-Z0-9=]*\r\n", commands[0])
    assert re.fullmatch(rb"RCPT TO:<[^<>\r\n]+>\r\n", commands[1])
    (content,) = contents
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", content)
    head = content.partition(b"\r\n\r\n")[0].decode()
    names = re.findall(r"^([^\s:]+):", head, re.MULTILINE)
    assert len(names) == len(set(names))
    assert set(names) <= _HEADERS
    assert all(re.match(r"[ \t]|[A-Za-z-]+:", line) for line in head.split("\r\n"))
    assert max(map(len, content.split(b"\r\n"))) <= 998


_PIECES = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b".", b"..", b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\n.\r\n", b"x", b"MAIL FROM:<a@b.example>"]
)


@given(pieces=st.lists(_PIECES, max_size=12))
@_SMALL
def test_no_content_ends_the_message_early(recorders: list[Recorder], pieces: list[bytes]) -> None:
    content = b"Subject: x\r\n\r\n" + b"".join(pieces)
    message = Message(
        message_id="<1@a.example>", sender="a@a.example", recipient="b@b.example", subject="x", content=content
    )

    for recorder in recorders:
        result, commands, contents = send(recorder, message)

        if result.verdict is not Verdict.SENT:  # an invalid message is not sent at all
            assert contents == []
            continue
        assert len(commands) == 3
        (taken,) = contents
        plain = taken if commands[2].startswith(b"BDAT") else re.sub(rb"(?m)^\.", b"", taken)
        assert plain.removesuffix(b"\r\n") == content.removesuffix(b"\r\n")
