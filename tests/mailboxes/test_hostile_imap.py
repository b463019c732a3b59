"""A hostile IMAP server: endless lines, huge literals, wrong tags, silence. Each is one error in one line."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
import trustme

from newsletter.limits import MAIL_BYTES
from newsletter.mailboxes import MailboxError, imap
from newsletter.mailboxes.imap import each_in_imap
from newsletter.sending.bounces.settings import BounceSettings

Answer = Callable[[ssl.SSLSocket, bytes, bytes], None]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@contextmanager
def serving(authority: trustme.CA, greeting: bytes, hostile: dict[bytes, Answer]) -> Iterator[BounceSettings]:
    """Serve one mailbox with one message; `hostile` answers replace those of a decent server, by command."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def serve() -> None:
        with suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True) as peer:
            peer.sendall(greeting)
            for line in peer.makefile("rb"):
                tag, command = line.split()[0], b" ".join(line.split()[1:3])
                answer = next((answer for name, answer in hostile.items() if command.startswith(name)), decent)
                answer(peer, tag, command)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield BounceSettings(
            imap_host="localhost", imap_port=listening.getsockname()[1], imap_username="u", imap_password="p"
        )
    thread.join(10)


def decent(peer: ssl.SSLSocket, tag: bytes, command: bytes) -> None:
    untagged = {
        b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
        b"SELECT": b"* 1 EXISTS\r\n",
        b"UID SEARCH": b"* SEARCH 7\r\n",
        b"UID FETCH": b"* 1 FETCH (UID 7 BODY[]<0> {6}\r\nreport)\r\n",
    }
    found = next((text for name, text in untagged.items() if command.startswith(name)), b"")
    peer.sendall(found + tag + b" OK done\r\n")


def sending(text: bytes, times: int = 1, *, done: bool = False) -> Answer:
    """Send a text again and again, and then perhaps the end of the command."""

    def answer(peer: ssl.SSLSocket, tag: bytes, _command: bytes) -> None:
        for _ in range(times):
            peer.sendall(text)
        if done:
            peer.sendall(tag + b" OK done\r\n")

    return answer


GREETING = b"* OK ready\r\n"
LINE = b"* 1 EXISTS " + b"x" * 4000 + b"\r\n"
#: What the server does → its greeting, its answers, and what the error says.
HOSTILE: dict[str, tuple[bytes, dict[bytes, Answer], str]] = {
    "a greeting without an end": (b"* OK " + b"x" * 2_000_000, {}, "got more than"),
    "no IMAP server": (b"220 mail.example.org ESMTP\r\n", {}, ""),
    "an endless line": (GREETING, {b"UID SEARCH": sending(b"* SEARCH" + b" 1" * 600_000)}, "got more than"),
    "endless lines": (GREETING, {b"UID SEARCH": sending(LINE, 100_000)}, "the server sends more than"),
    "endless lines at login": (GREETING, {b"LOGIN": sending(LINE, 100_000)}, "the server sends more than"),
    "a literal of 9 GB": (
        GREETING,
        {b"UID FETCH": sending(b"* 1 FETCH (UID 7 BODY[]<0> {9999999999}\r\nx")},
        "the server sends more than",
    ),
    "literals within literals": (
        GREETING,
        {b"UID FETCH": sending(b"* 1 FETCH (UID 7 BODY[] {1000000}\r\n" + b"x" * 1_000_000 + b")\r\n", 99)},
        "the server sends more than",
    ),
    "a size that is no number": (GREETING, {b"UID FETCH": sending(b"* 1 FETCH (BODY[] {-1}\r\n", done=True)}, ""),
    "a wrong tag": (GREETING, {b"UID FETCH": sending(b"ZZZZ7 OK done\r\n")}, "unexpected response"),
    "no protocol at all": (GREETING, {b"UID FETCH": sending(b"\x00\xff\xfe\r\n")}, "unexpected response"),
    "a farewell": (GREETING, {b"UID FETCH": sending(b"* BYE go away\r\n" * 3)}, ""),
    "a refusal of 100 kB": (GREETING, {b"SELECT": sending(b"* NO " + b"x" * 100_000 + b"\r\n", done=True)}, ""),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_server_is_one_error_in_one_line(what: str, authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    greeting, hostile, words = HOSTILE[what]
    processed: list[bytes] = []
    with serving(authority, greeting, hostile) as settings:
        if words:
            with pytest.raises(MailboxError) as raised:
                each_in_imap(settings, processed.append, trusting)
            assert words in raised.value.message
            assert len(raised.value.message) < 500
            assert "\n" not in raised.value.message
        else:
            with suppress(MailboxError):
                each_in_imap(settings, processed.append, trusting)
    assert all(len(one) <= MAIL_BYTES for one in processed)


def test_numbers_of_messages_that_are_none_are_ignored(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    numbers = b"* SEARCH 7 -1 x 99999999999 8;LOGOUT \xb2\r\n"
    processed: list[bytes] = []
    with serving(authority, GREETING, {b"UID SEARCH": sending(numbers, done=True)}) as settings:
        assert each_in_imap(settings, processed.append, trusting).read == 1
    assert processed == [b"report"]


@pytest.mark.parametrize("silent", [b"LOGIN", b"UID FETCH", b"LOGOUT"])
def test_a_silent_server_is_an_error_after_the_timeout(
    silent: bytes, authority: trustme.CA, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "_TIMEOUT_S", 0.3)
    with serving(authority, GREETING, {silent: sending(b"")}) as settings:
        if silent == b"LOGOUT":  # all was read
            assert each_in_imap(settings, lambda _raw: None, trusting).read == 1
        else:
            with pytest.raises(MailboxError, match="no response within"):
                each_in_imap(settings, lambda _raw: None, trusting)


def test_a_server_that_sends_a_byte_now_and_then_is_left_in_the_end(
    authority: trustme.CA, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "_SESSION_S", 0.5)
    left = threading.Event()

    def drip(peer: ssl.SSLSocket, _tag: bytes, _command: bytes) -> None:
        try:
            while not left.wait(0.05):
                peer.sendall(b"x")
        finally:
            left.set()

    with serving(authority, GREETING, {b"UID SEARCH": drip}) as settings:
        with pytest.raises(MailboxError, match="the session took longer than"):
            each_in_imap(settings, lambda _raw: None, trusting)
        left.set()
