"""Where reports are read from: a Maildir, an IMAP mailbox. Each is marked as read only when it was taken.

each_in_maildir(Path("/var/mail/returns"), take)  # take: Callable[[bytes], object]
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.errors import NewsletterError
from newsletter.models import Refusal
from newsletter.sending.bounces.mime import MOST_BYTES

_TIMEOUT_S = 60
_STARTTLS_PORT = 143


class MailboxError(NewsletterError):
    """A mailbox cannot be reached, or lets us not in."""


@dataclass(frozen=True, slots=True)
class BounceSettings:
    """Where mail that came back is read from, and how often a mailbox may refuse."""

    #: Soft bounces in 30 days after which an address is not mailed any more.
    soft_limit: int = 5
    maildir: Path | None = None
    imap_host: str | None = None
    #: TLS from the start; 143 begins in the clear and must go on with TLS.
    imap_port: int = 993
    imap_username: str | None = None
    imap_password: str | None = field(default=None, repr=False)
    imap_folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read of a mailbox."""

    #: How many messages were taken.
    read: int
    #: Those that could not be read: they stay as they are.
    refusals: tuple[Refusal, ...] = ()


def each_in_maildir(root: Path, take: Callable[[bytes], object]) -> Gathered:
    """Give each unseen message of a Maildir to `take`, and move it to cur/ as seen.

    Links are not followed, and of a message that is too long the beginning is read. What `take` raises ends it, and
    leaves that message and those after it unseen.

    Raises:
        MailboxError: There is no such Maildir.
    """
    read, refusals = 0, []
    for path in _unseen(root):
        try:
            with path.open("rb") as file:
                raw = file.read(MOST_BYTES)
        except OSError as error:
            refusals.append(Refusal(str(path), error.strerror or str(error)))
            continue
        take(raw)
        read += 1
        try:
            path.rename(root / "cur" / _seen_name(path.name))
        except OSError as error:
            refusals.append(Refusal(str(path), f"taken, and cannot be moved: {error.strerror or error}"))
    return Gathered(read, tuple(refusals))


def _unseen(root: Path) -> list[Path]:
    try:
        found = [path for folder in ("new", "cur") for path in sorted((root / folder).iterdir())]
    except OSError as error:
        hint = "a Maildir has the folders new, cur and tmp"
        raise MailboxError(f"{root}: no Maildir: {error.strerror or error}", hint=hint) from error
    regular = (path for path in found if not path.name.startswith(".") and not path.is_symlink() and path.is_file())
    return [path for path in regular if path.parent.name == "new" or "S" not in _flags(path.name)]


def _flags(name: str) -> str:
    """Return the flags of a file in cur/ (as in "1700000000.1.host:2,RS")."""
    return name.rpartition(":2,")[2] if ":2," in name else ""


def _seen_name(name: str) -> str:
    base = name.rpartition(":2,")[0] if ":2," in name else name.partition(":")[0]
    return f"{base}:2,{''.join(sorted({*_flags(name), 'S'}))}"


# -- IMAP ---------------------------------------------------------------------------------------------


def each_in_imap(
    settings: BounceSettings, take: Callable[[bytes], object], context: ssl.SSLContext | None = None
) -> Gathered:
    """Give each unseen message of an IMAP folder to `take`, and flag it as seen (RFC 9051).

    The server must show a certificate that the system (or `context`) trusts. What `take` raises ends it, and leaves
    that message and those after it unseen.

    Raises:
        MailboxError: The server cannot be reached or refuses us, or the connection breaks.
    """
    read, refusals = 0, []
    with _explained(settings), _connected(settings, context or ssl.create_default_context()) as mailbox:
        _checked(mailbox.select(_quoted(settings.imap_folder, "imap_folder")))
        for uid in _unseen_uids(mailbox):
            raw = _fetched(mailbox, uid)
            if raw is None:
                refusals.append(Refusal(f"{settings.imap_host}, message {uid}", "the server does not hand it out"))
                continue
            take(raw)
            _checked(mailbox.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"))
            read += 1
    return Gathered(read, tuple(refusals))


@contextmanager
def _explained(settings: BounceSettings) -> Iterator[None]:
    try:
        yield
    except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
        said = error.args[0] if error.args and isinstance(error.args[0], bytes) else None
        reason = said.decode(errors="replace") if said else getattr(error, "strerror", None) or error
        response = "".join(char for char in str(reason) if char.isprintable())[:300]
        raise MailboxError(f"mailbox at {settings.imap_host}:{settings.imap_port}: {response}") from error


@contextmanager
def _connected(settings: BounceSettings, context: ssl.SSLContext) -> Iterator[imaplib.IMAP4]:
    host, port = settings.imap_host or "", settings.imap_port
    if port == _STARTTLS_PORT:
        mailbox = imaplib.IMAP4(host, port, timeout=_TIMEOUT_S)
    else:
        mailbox = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=_TIMEOUT_S)
    try:
        if port == _STARTTLS_PORT:
            mailbox.starttls(context)
        # The library quotes the password, and nothing else.
        mailbox.login(_quoted(settings.imap_username or "", "imap_username"), settings.imap_password or "")
        yield mailbox
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            mailbox.logout()


def _quoted(text: str, name: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise MailboxError(f"bounces.{name}: only printable ASCII can be told to an IMAP server")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unseen_uids(mailbox: imaplib.IMAP4) -> list[str]:
    found = _checked(mailbox.uid("SEARCH", "UNSEEN"))
    response = found[0].split() if found and isinstance(found[0], bytes) else []
    return [word.decode() for word in response if word.isdigit() and len(word) <= 10]


def _fetched(mailbox: imaplib.IMAP4, uid: str) -> bytes | None:
    """Return a message, and leave it unseen."""
    found = _checked(mailbox.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)"))
    return next((bytes(one[1]) for one in found if isinstance(one, tuple)), None)


def _checked(answer: tuple[str, Sequence[object]]) -> Sequence[object]:
    status, found = answer
    if status != "OK":
        response = found[0] if found else b""
        told = response.decode(errors="replace") if isinstance(response, bytes) else str(response)
        raise MailboxError(f"the mailbox's server refuses: {told}")
    return found
