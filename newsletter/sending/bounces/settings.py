"""Where bounce reports and commands by email arrive: the settings (`[bounces]` and `[[mailboxes]]`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from newsletter.mailboxes.imap import ImapSettings


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox to read: a Maildir or an IMAP account."""

    maildir: Path | None = None
    account: ImapSettings | None = None


@dataclass(frozen=True, slots=True)
class BounceSettings:
    """Where reports are read from, and how many soft bounces an address may have."""

    #: Where these settings stand, for messages.
    section: ClassVar[str] = "bounces"

    #: Soft bounces within 30 days after which an address is suppressed.
    soft_limit: int = 5
    maildir: Path | None = None
    imap_host: str | None = None
    #: Implicit TLS, except for port 143, which requires STARTTLS.
    imap_port: int = 993
    imap_username: str | None = None
    imap_password: str | None = field(default=None, repr=False)
    imap_folder: str = "INBOX"
    #: The further mailboxes, such as that of `sender.reply_to`.
    further: tuple[Mailbox, ...] = ()

    @property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        """All mailboxes to read, in the order of the settings."""
        own = [Mailbox(maildir=self.maildir)] if self.maildir is not None else []
        own += [Mailbox(account=self)] if self.imap_host is not None else []
        return (*own, *self.further)
