"""Where bounce reports arrive: the settings (`[bounces]`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar


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
