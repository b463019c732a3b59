"""Bodies and headers → RFC 5322 bytes with their envelope.

Rules: RFC 5322 and 2045 for the form, RFC 2919 and 2369 for List-Id and List-Unsubscribe, RFC 8058 for leaving with
one click, RFC 3834 for Auto-Submitted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

import idna

from newsletter.models import Message
from newsletter.text import squeeze


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the newsletter is from."""

    name: str
    address: str
    reply_to: str
    postal_address: str | None = None

    @property
    def domain(self) -> str:
        """The address's domain as mail servers know it."""
        return wire_address(self.address).rpartition("@")[2]


_LINE = 78  # RFC 5322, 2.1.1


class _MailPolicy(EmailPolicy):
    """EmailPolicy, but the headers that hold what others wrote are folded here.

    The standard folding turns a token longer than a line into an encoded word (cpython#85725), so that mail programs
    see no unsubscribe link at all; it loses and adds spaces where it breaks a long text, and tears quoted names.
    """

    _VERBATIM = frozenset({"list-unsubscribe", "list-unsubscribe-post", "list-id", "message-id"})
    _MAILBOXES = frozenset({"from", "to", "reply-to"})

    def fold(self, name: str, value: str) -> str:
        """Fold one header into lines."""
        return self._lines(name, value) or str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        """Fold one header into lines, as bytes: ASCII, but for an address that itself is not (SMTPUTF8)."""
        return self._lines(name, value).encode() or bytes(super().fold_binary(name, value))

    def _lines(self, name: str, value: Any) -> str:
        """Fold a header that the standard policy gets wrong, or return "" for the others."""
        kind = name.lower()
        if kind in self._VERBATIM:
            return f"{name}: " + f",{self.linesep} ".join(str(value).split(", ")) + self.linesep
        if kind == "subject":
            return f"{name}: {self._words(str(value), name)}{self.linesep}"
        if kind in self._MAILBOXES:
            (mailbox,) = value.addresses
            line = f"{name}: {mailbox}"
            if not (mailbox.display_name.isascii() and len(line) <= _LINE):
                encoded = self._words(mailbox.display_name, name, plain=False)
                line = f"{name}: {encoded}{self.linesep} <{mailbox.addr_spec}>"
            return line + self.linesep
        return ""

    def _words(self, text: str, name: str, *, plain: bool = True) -> str:
        """Return `text` as it is where it fits on a plain line, else as encoded words (RFC 2047)."""
        if plain and text.isascii() and len(f"{name}: {text}") <= _LINE:
            return text
        return Header(text, "utf-8", maxlinelen=76, header_name=name).encode(linesep=self.linesep)


# Quoted-printable has lines of 76 characters (RFC 2045, 6.7), and Python breaks it where the policy says.
_POLICY = _MailPolicy(linesep="\r\n", max_line_length=76)


def wire_address(email: str) -> str:
    """Return an address with its domain in ASCII (IDNA 2008), as SMTP and headers want it."""
    local, _, domain = email.rpartition("@")
    return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"


def leave_by_mail(sender: Sender, token: str) -> str:
    """Return the mailto address that asks to leave."""
    return f"mailto:{quote(wire_address(sender.reply_to), safe='@')}?subject={quote(f'unsubscribe {token}')}"


def build_message(
    *,
    message_id: str,
    sender: Sender,
    recipient: str,
    recipient_name: str,
    subject: str,
    text: str,
    html: str | None,
    list_name: str,
    leave_urls: Iterable[str],
    date: datetime,
) -> Message:
    """Assemble one message; `leave_urls` are the site's one-click address, where there is one, and the mailto."""
    leave_urls = list(leave_urls)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _mailbox(sender.name, sender.address)
    mail["To"] = _mailbox(recipient_name, recipient)
    if sender.reply_to != sender.address:
        mail["Reply-To"] = _mailbox("", sender.reply_to)
    mail["Subject"] = _inert(subject)
    mail["Date"] = format_datetime(date)
    mail["Message-ID"] = message_id
    mail["List-Id"] = _list_id(list_name, sender)
    mail["List-Unsubscribe"] = ", ".join(f"<{url}>" for url in leave_urls)
    if any(url.startswith("https://") for url in leave_urls):
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Precedence"] = "bulk"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text, charset="utf-8", cte="quoted-printable")
    if html is not None:
        mail.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
        mail.set_boundary(("=_" + re.sub(r"\W", "", message_id))[:70])  # RFC 2046, 5.1.1
    return Message(
        message_id=message_id,
        sender=wire_address(sender.address),
        recipient=wire_address(recipient),
        subject=subject,
        html=html,
        text=text,
        content=mail.as_bytes(),
    )


def _mailbox(name: str, email: str) -> Address:
    local, _, domain = wire_address(email).rpartition("@")
    return Address(display_name=_inert(name), username=local, domain=domain)


def _inert(text: str) -> str:
    """Return `text` as one line without encoded words (RFC 2047).

    Python decodes those that it is given, so that "=?utf-8?q?=0D=0ABcc:_a@b.c?=" would become a header of its own.
    """
    return squeeze(text).replace("=?", "= ?")


def _list_id(name: str, sender: Sender) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "newsletter"
    identifier = f"<{slug}.{sender.domain}>"
    phrase = _inert(name).replace("\\", "").replace('"', "")
    return f'"{phrase}" {identifier}' if phrase.isascii() and phrase else identifier
