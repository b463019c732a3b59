"""Inbound mail: each message is read as bounce reports and, if it holds none, as a command by email."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from newsletter.limits import MAIL_BYTES
from newsletter.mailboxes import MailboxError
from newsletter.mailboxes.imap import each_in_imap
from newsletter.mailboxes.maildir import each_in_maildir
from newsletter.models import Refusal
from newsletter.pipeline.bounces import ProcessedReports, process_report
from newsletter.pipeline.email_commands import EmailCommand, process_reply
from newsletter.sending.bounces.reports import read_bounce_report
from newsletter.sending.bounces.settings import Mailbox
from newsletter.store import Store


@dataclass(frozen=True, slots=True)
class ProcessedMail:
    """What was done about inbound messages."""

    messages: int = 0
    reports: ProcessedReports = field(default_factory=ProcessedReports)
    commands: tuple[EmailCommand, ...] = ()
    #: Messages that could not be read; they stay unseen.
    refusals: tuple[Refusal, ...] = ()
    #: Why mailboxes could not be opened; the others were read.
    errors: tuple[MailboxError, ...] = ()

    def __add__(self, other: ProcessedMail) -> ProcessedMail:
        """Return the sum of both."""
        return ProcessedMail(
            self.messages + other.messages,
            self.reports + other.reports,
            self.commands + other.commands,
            self.refusals + other.refusals,
            self.errors + other.errors,
        )


def message_from(stream: BinaryIO) -> bytes:
    """Return the message that a pipe or a file holds, cut after `MAIL_BYTES`.

    The rest is read and dropped: a mail server considers a pipe that is closed early a failure.
    """
    raw = stream.read(MAIL_BYTES)
    while stream.read(MAIL_BYTES):
        pass
    return raw


def process_message(store: Store, soft_limit: int, raw: bytes, now: datetime) -> ProcessedMail:
    """Process the bounces and complaints that a message reports, or else the command in it.

    Raises:
        StoreError: The store cannot be written.
    """
    reports = read_bounce_report(raw)
    command = None if reports else process_reply(store, raw, now)
    return ProcessedMail(1, process_report(store, soft_limit, reports, now), (command,) if command else ())


def read_mailboxes(
    store: Store, soft_limit: int, mailboxes: Iterable[Mailbox], clock: Callable[[], datetime]
) -> ProcessedMail:
    """Process the unseen messages of each mailbox. One that cannot be opened is in `errors`, and keeps none from it.

    Raises:
        StoreError: The store cannot be written; the message that failed, and those after it, stay unseen.
    """
    processed = ProcessedMail()

    def process(raw: bytes) -> None:
        nonlocal processed
        processed += process_message(store, soft_limit, raw, clock())

    for mailbox in mailboxes:
        try:
            if mailbox.maildir is not None:
                read = each_in_maildir(mailbox.maildir, process)
                processed += ProcessedMail(refusals=read.refusals)
            if mailbox.account is not None:
                read = each_in_imap(mailbox.account, process)
                processed += ProcessedMail(refusals=read.refusals)
        except MailboxError as error:
            processed += ProcessedMail(errors=(error,))
    return processed
