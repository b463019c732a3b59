"""Reading bounce reports from an IMAP mailbox (RFC 9051), from a server that may be hostile.

What one command may return, and how long the session may take, is limited, whatever sizes and lines the server sends.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from newsletter.limits.deadlines import ConnectionCut, call_within, cut_after
from newsletter.models import Refusal
from newsletter.sending.bounces.mailboxes import BounceSettings, MailboxError, MailboxSummary
from newsletter.sending.bounces.mime import MAX_BYTES

_TIMEOUT_S = 60
#: How long a session may take in all; what is left stays unseen, and is read next time.
_SESSION_S = 600
#: How many bytes the server may send for one command: a message, the numbers of the unseen ones, and what it adds.
_MAX_COMMAND_BYTES = MAX_BYTES + 2_000_000
_STARTTLS_PORT = 143
_MAX_RESPONSE = 300


class _Bounded:
    """Limits what the server may send for one command. `imaplib` itself limits only the length of a line."""

    received = 0

    def read(self, size: int) -> bytes:
        """Read a literal, whose size the server says; raise if it is too large, before it is read."""
        self._count(size)
        return bytes(super().read(size))  # type: ignore[misc]

    def readline(self) -> bytes:
        """Read a line; raise if there were too many."""
        line = bytes(super().readline())  # type: ignore[misc]
        self._count(len(line))
        return line

    def _count(self, size: int) -> None:
        self.received += size
        if self.received > _MAX_COMMAND_BYTES:
            raise imaplib.IMAP4.abort(f"the server sends more than {_MAX_COMMAND_BYTES} bytes")


class _Imap(_Bounded, imaplib.IMAP4):
    """A session that begins without TLS."""


class _ImapOverTls(_Bounded, imaplib.IMAP4_SSL):
    """A session with implicit TLS."""


_Session = _Imap | _ImapOverTls


def each_in_imap(
    settings: BounceSettings, process: Callable[[bytes], object], context: ssl.SSLContext | None = None
) -> MailboxSummary:
    r"""Call `process` with each unseen message of an IMAP folder, and then flag the message as \Seen.

    The server's certificate is verified against the system's authorities (or `context`). An exception from `process`
    ends the loop and leaves that message and the following ones unseen.

    Raises:
        MailboxError: The server cannot be reached or refuses access, or the connection is lost.
    """
    read, refusals = 0, []
    with _errors_explained(settings), _session(settings, context or ssl.create_default_context()) as session:
        _checked(session.select(_quoted(settings.imap_folder, "imap_folder")))
        for uid in _unseen_uids(session):
            raw = _fetch(session, uid)
            if raw is None:
                refusals.append(Refusal(f"{settings.imap_host}, message {uid}", "the server returns no content"))
                continue
            process(raw)
            _ask(session, "STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
            read += 1
    return MailboxSummary(read, tuple(refusals))


@contextmanager
def _errors_explained(settings: BounceSettings) -> Iterator[None]:
    try:
        yield
    except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
        is_over = isinstance(error, ConnectionCut)
        why = f"the session took longer than {_SESSION_S} s; the rest is read next time" if is_over else _reason(error)
        reason = "".join(char for char in why if char.isprintable())[:_MAX_RESPONSE]
        message = f"IMAP mailbox at {settings.imap_host}:{settings.imap_port}: {reason}"
        raise MailboxError(message, hint="check the imap settings in [bounces]") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verification failed: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS handshake failed: {error.reason}"
    if isinstance(error, TimeoutError):
        return str(error) if str(error).startswith("no response") else f"no response within {_TIMEOUT_S} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if error.args and isinstance(error.args[0], bytes):  # the server's response
        return error.args[0].decode(errors="replace")
    return str(getattr(error, "strerror", None) or error)


@contextmanager
def _session(settings: BounceSettings, context: ssl.SSLContext) -> Iterator[_Session]:
    host, port = settings.imap_host or "", settings.imap_port

    def connect() -> _Session:
        if port == _STARTTLS_PORT:
            return _Imap(host, port, timeout=_TIMEOUT_S)
        return _ImapOverTls(host, port, ssl_context=context, timeout=_TIMEOUT_S)

    # The timeout of a socket covers neither DNS nor a TLS handshake that arrives byte by byte.
    session = call_within(_TIMEOUT_S, connect, discard=lambda late: late.shutdown())
    with cut_after(_SESSION_S, session.socket()):
        try:
            if port == _STARTTLS_PORT:
                session.starttls(context)
            # imaplib quotes the password, but not the user name.
            session.login(_quoted(settings.imap_username or "", "imap_username"), settings.imap_password or "")
            session.received = 0
            yield session
        finally:
            session.received = 0
            with suppress(OSError, imaplib.IMAP4.error):
                session.logout()
            with suppress(OSError):  # where the server does not respond to the logout, the connection is still open
                session.shutdown()


def _quoted(text: str, setting: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise MailboxError(f"bounces.{setting}: must be printable ASCII, which is all that IMAP login allows")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unseen_uids(session: _Session) -> list[str]:
    found = _ask(session, "SEARCH", "UNSEEN")
    uids = found[0].split() if found and isinstance(found[0], bytes) else []
    return [uid.decode() for uid in uids if uid.isdigit() and len(uid) <= 10]


def _fetch(session: _Session, uid: str) -> bytes | None:
    """Return the beginning of a message, up to `MAX_BYTES`; the message stays unseen."""
    found = _ask(session, "FETCH", uid, f"(BODY.PEEK[]<0.{MAX_BYTES}>)")
    return next((bytes(one[1])[:MAX_BYTES] for one in found if isinstance(one, tuple)), None)


def _ask(session: _Session, command: str, *arguments: str) -> Sequence[object]:
    """Carry out a command on messages by their UIDs; forget what the server says beside."""
    session.received = 0
    response = session.uid(command, *arguments)
    session.untagged_responses.clear()
    return _checked(response)


def _checked(response: tuple[str, Sequence[object]]) -> Sequence[object]:
    status, data = response
    if status != "OK":
        first = data[0] if data else b""
        text = first.decode(errors="replace") if isinstance(first, bytes) else str(first)
        raise imaplib.IMAP4.error(f"command failed: {text}")
    return data
