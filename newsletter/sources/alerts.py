"""Alerts by mail: of Google Scholar, Semantic Scholar, arXiv, ScienceDirect and PubMed, from a mailbox or a Maildir.

The mailbox is left as it is: it is opened for reading only, and what was read is remembered here. Of other mail nothing
but the headers is read. Anyone can write any address into From, so a mailbox for alerts should be one that nobody else
knows, behind a server that checks DMARC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

from newsletter.errors import SourceError
from newsletter.limits import ALERT_MESSAGES
from newsletter.mailboxes import MailboxError
from newsletter.mailboxes.imap import ImapAccount, Position, new_in_imap
from newsletter.mailboxes.maildir import new_in_maildir
from newsletter.models import Entry, Refusal
from newsletter.sources.alert_formats import SENDERS, format_of, is_from
from newsletter.sources.alert_formats.message import read_mail, sender_of
from newsletter.sources.documents import Document, Span
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten

_MAX_MESSAGES = ALERT_MESSAGES


@dataclass(frozen=True, slots=True)
class Alerts:
    """Alert mails in folders of an IMAP mailbox, or in Maildirs."""

    name: ClassVar[str] = "alerts"
    summary: ClassVar[str] = "alert mails of Google Scholar, Semantic Scholar, arXiv, ScienceDirect and PubMed"
    follows: ClassVar[str] = "FOLDER|MAILDIR"
    example: ClassVar[str] = "INBOX"
    suffixes: ClassVar[tuple[str, ...]] = (".eml",)

    follow: tuple[str, ...] = setting((), "Folders of the IMAP mailbox; or Maildirs, by paths that begin with / or ~.")
    senders: tuple[str, ...] = setting(SENDERS, "Addresses, or domains, whose mail is read; other mail is left unread.")
    imap_host: str | None = setting(None, "The IMAP server of the folders.")
    imap_port: int = setting(993, "IMAP port: 993 for TLS, 143 for STARTTLS.", first=1)
    imap_username: str | None = setting(None, "IMAP user name.")
    imap_password: str | None = setting(None, "IMAP password.", secret=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the new messages of the allowed senders; see `Source.fetch`.

        The first time, and for earlier days than the last time, those that arrived on the days of `span`.
        """
        if not self.follow:
            raise SourceError("alerts: nothing to follow", hint=f"newsletter pull alerts {self.example}")
        for folder in self.follow:
            try:
                if folder.startswith(("/", "~")):
                    yield from self._of_maildir(folder, span, client)
                else:
                    yield from self._of_imap(folder, span, client)
            except MailboxError as error:
                raise SourceError(f"alerts: {error.message}", hint=error.hint) from error

    def _of_imap(self, folder: str, span: Span, client: HttpClient) -> Iterator[Document]:
        if not self.imap_host:
            raise SourceError(f"alerts: no imap_host for the folder {folder}", hint="or give the path of a Maildir")
        position = Position(span.first, _MAX_MESSAGES)
        day, _, number = client.state.get(folder, "").partition(" ")
        validity, _, uid = number.partition(":")
        if uid.isdecimal() and day <= span.first.isoformat():
            position.validity, position.uid = validity, int(uid)
        account = ImapAccount(self.name, self.imap_host, self.imap_port, self.imap_username, self.imap_password, folder)
        for message in new_in_imap(account, position, self._is_wanted):
            if message is None:
                client.ignored += 1
            else:
                yield Document(f"{folder}, message {message.uid}", message.content)
        client.state[folder] = f"{span.last} {position.validity}:{position.uid}"

    def _of_maildir(self, folder: str, span: Span, client: HttpClient) -> Iterator[Document]:
        begins = f"{folder}\n"
        known = {name.removeprefix(begins) for name in client.state if name.startswith(begins)}
        # Those of earlier days are not new, and need not be remembered.
        client.state = {name: day for name, day in client.state.items() if day >= span.first.isoformat()}
        for name, content in new_in_maildir(Path(folder).expanduser(), known, span.first, _MAX_MESSAGES):
            client.state[begins + name] = span.last.isoformat()
            if isinstance(content, Refusal) or not self._is_wanted(content):
                client.ignored += 1
            else:
                yield Document(f"{folder}, message {name}", content)

    def _is_wanted(self, message: bytes) -> bool:
        sender = sender_of(message)
        return any(is_from(sender, one) for one in self.senders)

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the papers of one mail; see `Source.parse`. A mail that has none is refused, once."""
        mail = read_mail(document.content)
        form = format_of(mail) if mail else None
        if mail is None or form is None:
            yield Refusal(document.place, "not an alert of a known sender", mail.message_id if mail else "")
            return
        is_empty = True
        for one in form.entries(mail):
            is_empty = False
            yield Refusal(f"{document.place}, {one.place}", one.why) if isinstance(one, Refusal) else one
        if is_empty and not form.may_be_empty(mail):
            yield Refusal(
                document.place, f"no paper found in this mail of {form.name}: {shorten(mail.subject, 80)}",
                mail.message_id,
            )  # fmt: skip
