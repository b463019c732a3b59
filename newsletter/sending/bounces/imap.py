"""Reading bounce reports from an IMAP mailbox (RFC 9051)."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from newsletter.models import Refusal
from newsletter.sending.bounces.mailboxes import BounceSettings, MailboxError, MailboxSummary
from newsletter.sending.bounces.mime import MAX_BYTES

_TIMEOUT_S = 60
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
        return f"no response within {_TIMEOUT_S} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if error.args and isinstance(error.args[0], bytes):  # the server's response
        return error.args[0].decode(errors="replace")
    return str(getattr(error, "strerror", None) or error)


@contextmanager
def _session(settings: BounceSettings, context: ssl.SSLContext) -> Iterator[imaplib.IMAP4]:
    host, port = settings.imap_host or "", settings.imap_port
    if port == _STARTTLS_PORT:
        session = imaplib.IMAP4(host, port, timeout=_TIMEOUT_S)
    else:
        session = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=_TIMEOUT_S)
    try:
        if port == _STARTTLS_PORT:
            session.starttls(context)
        # imaplib quotes the password, but not the user name.
        session.login(_quoted(settings.imap_username or "", "imap_username"), settings.imap_password or "")
        yield session
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            session.logout()
        with suppress(OSError):  # where the server does not respond to the logout, the connection is still open
            session.shutdown()


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
