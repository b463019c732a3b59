"""Mailboxes that are read: IMAP, Maildir, and messages that may be anything. For bounces, and for alerts by mail."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.errors import NewsletterError
from newsletter.models import Refusal


class MailboxError(NewsletterError):
    """A mailbox cannot be reached, or refuses access."""


@dataclass(frozen=True, slots=True)
class MailboxSummary:
    """What was read from a mailbox."""

    #: Number of messages that were processed.
    read: int
    #: Messages that could not be read; they stay unseen.
    refusals: tuple[Refusal, ...] = ()
