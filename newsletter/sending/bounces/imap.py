"""Reading bounce reports from an IMAP mailbox (RFC 9051)."""

from __future__ import annotations

import imaplib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from newsletter.blocking import call_within, cut_after
from newsletter.models import Refusal
from newsletter.sending.bounces.mailboxes import BounceSettings, MailboxError, MailboxSummary
from newsletter.sending.bounces.mime import MAX_BYTES

_TIMEOUT_S = 60
#: All of a session; the messages that remain are read by the next run.
_SESSION_S = 600
_STARTTLS_PORT = 143
_MAX_RESPONSE = 300


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
            _checked(session.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"))
            read += 1
    return MailboxSummary(read, tuple(refusals))


@contextmanager
def _errors_explained(settings: BounceSettings) -> Iterator[None]:
    try:
        yield
    except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
        reason = "".join(char for char in _reason(error) if char.isprintable())[:_MAX_RESPONSE]
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
def _session(settings: BounceSettings, context: ssl.SSLContext) -> Iterator[imaplib.IMAP4]:
    host, port = settings.imap_host or "", settings.imap_port
    plain = call_within(
        _TIMEOUT_S,
        lambda: socket.create_connection((host, port), _TIMEOUT_S),
        discard=lambda late: late.close(),
    )
    with closing(plain), cut_after(_SESSION_S, plain):
        is_tls = port != _STARTTLS_PORT
        with context.wrap_socket(plain, server_hostname=host) if is_tls else plain as connected:
            session = _Imap(connected, host)
            try:
                if not is_tls:
                    session.starttls(context)
                # imaplib quotes the password, but not the user name.
                session.login(_quoted(settings.imap_username or "", "imap_username"), settings.imap_password or "")
                yield session
            finally:
                with suppress(OSError, imaplib.IMAP4.error):
                    session.logout()


class _Imap(imaplib.IMAP4):
    """The conversation of the standard library, over a given socket."""

    def __init__(self, connected: socket.socket, host: str) -> None:
        self._connected = connected
        super().__init__(host)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._connected


def _quoted(text: str, setting: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise MailboxError(f"bounces.{setting}: must be printable ASCII, which is all that IMAP login allows")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unseen_uids(session: imaplib.IMAP4) -> list[str]:
    found = _checked(session.uid("SEARCH", "UNSEEN"))
    uids = found[0].split() if found and isinstance(found[0], bytes) else []
    return [uid.decode() for uid in uids if uid.isdigit() and len(uid) <= 10]


def _fetch(session: imaplib.IMAP4, uid: str) -> bytes | None:
    """Return the beginning of a message, up to `MAX_BYTES`; the message stays unseen."""
    found = _checked(session.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_BYTES}>)"))
    return next((bytes(one[1]) for one in found if isinstance(one, tuple)), None)


def _checked(response: tuple[str, Sequence[object]]) -> Sequence[object]:
    status, data = response
    if status != "OK":
        first = data[0] if data else b""
        text = first.decode(errors="replace") if isinstance(first, bytes) else str(first)
        raise imaplib.IMAP4.error(f"command failed: {text}")
    return data
