"""Where bounce reports arrive: the settings (`[bounces]`), and reading a Maildir. See `imap` for IMAP mailboxes.

each_in_maildir(Path("/var/mail/bounces"), process)  # process: Callable[[bytes], object]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.errors import NewsletterError
from newsletter.models import Refusal
from newsletter.sending.bounces.mime import MAX_BYTES


class MailboxError(NewsletterError):
    """A mailbox cannot be reached, or refuses access."""


@dataclass(frozen=True, slots=True)
class BounceSettings:
    """Where reports are read from, and how many soft bounces an address may have."""

    #: Soft bounces within 30 days after which an address is suppressed.
    soft_limit: int = 5
    maildir: Path | None = None
    imap_host: str | None = None
    #: Implicit TLS, except for port 143, which requires STARTTLS.
    imap_port: int = 993
    imap_username: str | None = None
    imap_password: str | None = field(default=None, repr=False)
    imap_folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class MailboxSummary:
    """What was read from a mailbox."""

    #: Number of messages that were processed.
    read: int
    #: Messages that could not be read; they stay unseen.
    refusals: tuple[Refusal, ...] = ()


def each_in_maildir(root: Path, process: Callable[[bytes], object]) -> MailboxSummary:
    """Call `process` with each unseen message of a Maildir, and then move the message to cur/ as seen.

    Symbolic links are not followed, and messages are cut off at `MAX_BYTES`. An exception from `process` ends the loop
    and leaves that message and the following ones unseen.

    Raises:
        MailboxError: `root` is not a Maildir.
    """
    read, refusals = 0, []
    for path in _unseen(root):
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_BYTES)
        except OSError as error:
            refusals.append(Refusal(str(path), error.strerror or str(error)))
            continue
        process(raw)
        read += 1
        try:
            path.rename(root / "cur" / _seen_name(path.name))
        except OSError as error:
            refusals.append(Refusal(str(path), f"processed, but cannot be marked as seen: {error.strerror or error}"))
    return MailboxSummary(read, tuple(refusals))


def _unseen(root: Path) -> list[Path]:
    try:
        found = [path for folder in ("new", "cur") for path in sorted((root / folder).iterdir())]
    except OSError as error:
        hint = "a Maildir has the folders new, cur and tmp"
        raise MailboxError(f"{root}: not a Maildir: {error.strerror or error}", hint=hint) from error
    regular = (path for path in found if not path.name.startswith(".") and not path.is_symlink() and path.is_file())
    return [path for path in regular if path.parent.name == "new" or "S" not in _flags(path.name)]


def _flags(name: str) -> str:
    """Return the flags of a file in cur/, such as "RS" in "1700000000.1.host:2,RS"."""
    return name.rpartition(":2,")[2] if ":2," in name else ""


def _seen_name(name: str) -> str:
    base = name.rpartition(":2,")[0] if ":2," in name else name.partition(":")[0]
    return f"{base}:2,{''.join(sorted({*_flags(name), 'S'}))}"
