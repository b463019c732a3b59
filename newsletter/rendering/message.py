"""Bodies and headers → RFC 5322 bytes with their envelope.

Rules: RFC 5322 and 2045 for the form, RFC 2919 and 2369 for List-Id and List-Unsubscribe, RFC 8058 for leaving with
one click, RFC 3834 for Auto-Submitted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from newsletter.addresses import wire_address
from newsletter.models import Message
from newsletter.rendering.fragments import has_clean_lines
from newsletter.text import squeeze

if TYPE_CHECKING:  # brings Babel and Jinja, which who only reads settings need not wait for
    from newsletter.rendering.assembly import Bodies


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


def unsubscribe_by_mail(sender: Sender, token: str) -> str:
    """Return the mailto address that asks to leave."""
    return f"{_mailto(sender.reply_to)}?subject=unsubscribe%20{quote(token)}"


@lru_cache(maxsize=16)
def _mailto(email: str) -> str:
    return f"mailto:{quote(wire_address(email), safe='@')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """All of a message but its bodies."""

    message_id: str
    sender: Sender
    recipient: str
    recipient_name: str
    list_name: str
    #: The site's one-click address, where there is one, and the mailto; none for a word that no list sends.
    unsubscribe_urls: tuple[str, ...]
    date: datetime
    #: What the mail is a part of, for providers that count complaints: the edition's key.
    campaign: str = ""
    #: Where what comes back is sent to; "": to the sender.
    return_path: str = ""

    @property
    def boundary(self) -> str:
        """What stands between the parts: different in every message (RFC 2046, 5.1.1)."""
        return ("=_" + re.sub(r"\W", "", self.message_id))[:70]

    def message(self, subject: str, content: bytes, *, is_clean: bool = False) -> Message:
        """Return the message that this content makes."""
        return Message(
            message_id=self.message_id,
            sender=wire_address(self.return_path or self.sender.address),
            recipient=wire_address(self.recipient),
            subject=subject,
            content=content,
            is_clean=is_clean,
        )


def build_message(envelope: Envelope, *, subject: str, text: str, html: str | None) -> Message:
    """Build one message of plain bodies, by the standard library."""
    mail = EmailMessage(policy=_POLICY)
    for name, value in (*_headers_of_all(envelope), *_headers_of_one(envelope, subject)):
        mail[name] = value
    mail.set_content(text, charset="utf-8", cte="quoted-printable")
    if html is not None:
        mail.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
        mail.set_boundary(envelope.boundary)
    return envelope.message(subject, mail.as_bytes())


def join_message(envelope: Envelope, bodies: Bodies) -> Message:
    """Join one message of bodies that are encoded already."""
    head = _head_of_all(envelope.sender, envelope.list_name, envelope.campaign, envelope.date) + b"".join(
        _folded(name, value) for name, value in _headers_of_one(envelope, bodies.subject)
    )
    if bodies.html is None:
        content = b"".join((head, b"MIME-Version: 1.0\r\n", _TEXT, *bodies.text))
        return envelope.message(bodies.subject, content, is_clean=bodies.is_clean and has_clean_lines(head))
    boundary = envelope.boundary.encode()
    content = b"".join((
        head, b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="', boundary, b'"\r\n\r\n--',
        boundary,
        b"\r\n", _TEXT, *bodies.text, b"\r\n--", boundary, b"\r\n", _HTML, *bodies.html, b"\r\n--", boundary, b"--\r\n",
    ))  # fmt: skip
    return envelope.message(bodies.subject, content, is_clean=bodies.is_clean and has_clean_lines(head))


#: What needs neither quotes nor encoding.
_PLAIN_NAME = re.compile(r"(?:[A-Za-z0-9]+(?: [A-Za-z0-9]+)*)?")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")

_ENCODED = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
_TEXT = b'Content-Type: text/plain; charset="utf-8"\r\n' + _ENCODED
_HTML = b'Content-Type: text/html; charset="utf-8"\r\n' + _ENCODED

_Header = tuple[str, "str | Address"]


def _headers_of_all(envelope: Envelope) -> list[_Header]:
    """Return the headers that are the same for all who are written to at one time."""
    sender = envelope.sender
    headers: list[_Header] = [("From", _mailbox(sender.name, sender.address))]
    if sender.reply_to != sender.address:
        headers.append(("Reply-To", _mailbox("", sender.reply_to)))
    headers.append(("Date", format_datetime(envelope.date)))
    if not envelope.unsubscribe_urls:
        return [*headers, ("Auto-Submitted", "auto-generated")]
    return [
        *headers,
        ("List-Id", _list_id(envelope.list_name, sender)),
        ("Feedback-ID", _feedback_id(envelope)),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
    ]


def _headers_of_one(envelope: Envelope, subject: str) -> list[_Header]:
    name, address = envelope.recipient_name, envelope.recipient
    is_plain = _PLAIN_NAME.fullmatch(name) and _PLAIN_ADDRESS.fullmatch(address)
    headers: list[_Header] = [
        ("To", (f"{name} <{address}>" if name else address) if is_plain else _mailbox(name, address)),
        ("Subject", _inert(subject)),
        ("Message-ID", envelope.message_id),
    ]
    if envelope.unsubscribe_urls:
        headers.append(("List-Unsubscribe", ", ".join(f"<{url}>" for url in envelope.unsubscribe_urls)))
    if any(url.startswith("https://") for url in envelope.unsubscribe_urls):
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


@lru_cache(maxsize=4)
def _head_of_all(sender: Sender, list_name: str, campaign: str, date: datetime) -> bytes:
    anybody = Envelope(
        message_id="", sender=sender, recipient="", recipient_name="", list_name=list_name,
        unsubscribe_urls=("",), date=date,
        campaign=campaign,
    )  # fmt: skip
    return b"".join(_folded(name, value) for name, value in _headers_of_all(anybody))


def _folded(name: str, value: str | Address) -> bytes:
    """Return a header as bytes; the many that are plain and short without asking the standard library."""
    if isinstance(value, str) and value.isascii() and len(name) + len(value) + 2 <= _LINE:
        return f"{name}: {value}\r\n".encode()
    if name == "List-Unsubscribe" and isinstance(value, str):
        return (f"{name}: " + value.replace(", ", ",\r\n ") + "\r\n").encode()
    return _folded_text(name, value) if isinstance(value, str) else _folded_by_library(name, value)


@lru_cache(maxsize=1024)
def _folded_text(name: str, value: str) -> bytes:
    """Fold a long or foreign header: subjects above all, which all readers of a digest share."""
    return _folded_by_library(name, value)


def _folded_by_library(name: str, value: str | Address) -> bytes:
    mail = EmailMessage(policy=_POLICY)
    mail[name] = value
    return _POLICY.fold_binary(name, mail[name])


def _mailbox(name: str, email: str) -> Address:
    local, _, domain = wire_address(email).rpartition("@")
    return Address(display_name=_inert(name), username=local, domain=domain)


def _inert(text: str) -> str:
    """Return `text` as one line without encoded words (RFC 2047).

    Python decodes those that it is given, so that "=?utf-8?q?=0D=0ABcc:_a@b.c?=" would become a header of its own.
    """
    return squeeze(text).replace("=?", "= ?")


def _feedback_id(envelope: Envelope) -> str:
    """Return the campaign, the list, the kind of mail and who sends it, by which Gmail counts complaints.

    See support.google.com/a/answer/6254652.
    """
    sender = _slug(envelope.sender.domain)[:15].strip("-")
    return f"{envelope.campaign.lower() or 'word'}:{_slug(envelope.list_name)[:40]}:digest:{sender}"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "newsletter"


_LABEL, _PHRASE = 63, 200  # of a name in DNS; of what fits into a line with room to spare


def _list_id(name: str, sender: Sender) -> str:
    identifier = f"<{_slug(name)[:_LABEL]}.{sender.domain}>"
    phrase = _inert(name)[:_PHRASE].replace("\\", "").replace('"', "")
    return f'"{phrase}" {identifier}' if phrase.isascii() and phrase else identifier
