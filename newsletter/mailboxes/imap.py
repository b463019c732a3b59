"""Reading an IMAP mailbox (RFC 9051), from a server that may be hostile.

What one command may return, and how long the session may take, is limited, whatever sizes and lines the server sends.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from newsletter.limits import MAIL_BYTES
from newsletter.limits.deadlines import ConnectionCut, call_within, cut_after
from newsletter.mailboxes import MailboxError, MailboxSummary
from newsletter.models import Refusal

_TIMEOUT_S = 60
#: How long a session may take in all; what is left stays unseen, and is read next time.
_SESSION_S = 600
#: How many bytes the server may send for one command: a message, the numbers of the unseen ones, and what it adds.
_MAX_COMMAND_BYTES = MAIL_BYTES + 2_000_000
_STARTTLS_PORT = 143
_WHOLE = f"BODY.PEEK[]<0.{MAIL_BYTES}>"
_HEADER_BYTES = 65_536
_MAX_RESPONSE = 300


class ImapSettings(Protocol):
    """The settings of a mailbox."""

    @property
    def section(self) -> str:
        """Where they stand, for messages."""

    @property
    def imap_host(self) -> str | None:
        """The host name of the server."""

    @property
    def imap_port(self) -> int:
        """Implicit TLS, except for port 143, which requires STARTTLS."""

    @property
    def imap_username(self) -> str | None:
        """The user name."""

    @property
    def imap_password(self) -> str | None:
        """The password."""

    @property
    def imap_folder(self) -> str:
        """The folder to read."""


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """A mailbox and the folder to read in it; see `ImapSettings`."""

    section: str
    imap_host: str | None
    imap_port: int
    imap_username: str | None
    imap_password: str | None = field(repr=False)
    imap_folder: str = "INBOX"


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
    settings: ImapSettings, process: Callable[[bytes], object], context: ssl.SSLContext | None = None
) -> MailboxSummary:
    r"""Call `process` with each unseen message of an IMAP folder, and then flag the message as \Seen.

    The server's certificate is verified against the system's authorities (or `context`). An exception from `process`
    ends the loop and leaves that message and the following ones unseen.

    Raises:
        MailboxError: The server cannot be reached or refuses access, or the connection is lost.
    """
    read, refusals = 0, []
    with _errors_explained(settings), _session(settings, context or ssl.create_default_context()) as session:
        _checked(session.select(_quoted(settings.imap_folder, settings.section, "imap_folder")))
        for uid in _search(session, "UNSEEN"):
            raw = _fetch(session, uid, _WHOLE)
            if raw is None:
                refusals.append(Refusal(f"{settings.imap_host}, message {uid}", "the server returns no content"))
                continue
            process(raw)
            _ask(session, "STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
            read += 1
    return MailboxSummary(read, tuple(refusals))


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message that was not read before; its mailbox is left as it is."""

    #: Its number in the folder, for messages.
    uid: str
    content: bytes


def new_in_imap(
    settings: ImapSettings, position: Position, is_wanted: Callable[[bytes], bool],
    context: ssl.SSLContext | None = None,
) -> Iterator[NewMessage | None]:  # fmt: skip
    """Yield the messages after a position in the order of their arrival, and move the position on.

    None stands for a message whose headers `is_wanted` does not want: it is not fetched. The folder is opened for
    reading only, so that no message changes, not even its flags.

    Raises:
        MailboxError: As `each_in_imap`.
    """
    with _errors_explained(settings), _session(settings, context or ssl.create_default_context()) as session:
        _checked(session.select(_quoted(settings.imap_folder, settings.section, "imap_folder"), readonly=True))
        validity = _uid_validity(session)
        for uid in _uids_after(session, position, validity):
            headers = _fetch(session, uid, f"BODY.PEEK[HEADER]<0.{_HEADER_BYTES}>")
            if headers is None or not is_wanted(headers):
                yield None
            elif (content := _fetch(session, uid, _WHOLE)) is not None:
                yield NewMessage(uid, content)
            position.move(validity, uid)


@dataclass(slots=True)
class Position:
    """How far a folder was read: up to a UID, which means something under one UIDVALIDITY only (RFC 9051, 2.3.1.1)."""

    #: The day from which on messages are read where nothing was before.
    since: date
    #: How many messages to read at most.
    limit: int
    validity: str = ""
    uid: int = 0

    def move(self, validity: str, uid: str) -> None:
        """Remember that this message was read."""
        self.validity, self.uid = validity, int(uid)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _uids_after(session: _Session, position: Position, validity: str) -> list[str]:
    if position.uid and position.validity == validity:
        criteria = ["UID", f"{position.uid + 1}:*"]  # which has the last message, even if it is not after that
    else:
        day = position.since
        criteria = ["SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"]
    after = position.uid if criteria[0] == "UID" else 0
    uids = sorted((uid for uid in _search(session, *criteria) if int(uid) > after), key=int)
    return uids[: position.limit]


def _uid_validity(session: _Session) -> str:
    """Return the UIDVALIDITY of the folder that was just opened, "" if the server states none."""
    _, values = session.response("UIDVALIDITY")
    session.untagged_responses.clear()
    value = values[0] if values else None
    return value.decode("ascii", "replace")[:20] if isinstance(value, bytes) else ""


@contextmanager
def _errors_explained(settings: ImapSettings) -> Iterator[None]:
    try:
        yield
    except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
        is_over = isinstance(error, ConnectionCut)
        why = f"the session took longer than {_SESSION_S} s; the rest is read next time" if is_over else _reason(error)
        reason = "".join(char for char in why if char.isprintable())[:_MAX_RESPONSE]
        message = f"IMAP mailbox at {settings.imap_host}:{settings.imap_port}: {reason}"
        raise MailboxError(message, hint=f"check the imap settings of {settings.section}") from error


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
def _session(settings: ImapSettings, context: ssl.SSLContext) -> Iterator[_Session]:
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
            session.login(
                _quoted(settings.imap_username or "", settings.section, "imap_username"), settings.imap_password or ""
            )
            session.received = 0
            yield session
        finally:
            session.received = 0
            with suppress(OSError, imaplib.IMAP4.error):
                session.logout()
            with suppress(OSError):  # where the server does not respond to the logout, the connection is still open
                session.shutdown()


def _quoted(text: str, section: str, setting: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise MailboxError(f"{section}.{setting}: must be printable ASCII, which is all that IMAP login allows")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _search(session: _Session, *criteria: str) -> list[str]:
    found = _ask(session, "SEARCH", *criteria)
    uids = found[0].split() if found and isinstance(found[0], bytes) else []
    return [uid.decode() for uid in uids if uid.isdigit() and len(uid) <= 10]


def _fetch(session: _Session, uid: str, item: str) -> bytes | None:
    """Return the beginning of a message or of its headers, up to `MAIL_BYTES`; the message stays unseen."""
    found = _ask(session, "FETCH", uid, f"({item})")
    return next((bytes(one[1])[:MAIL_BYTES] for one in found if isinstance(one, tuple)), None)


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
