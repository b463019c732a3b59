"""Build messages (RFC 5322, MIME) from bodies and an envelope.

List headers follow RFC 2919 (List-Id), RFC 2369 (List-Unsubscribe) and RFC 8058 (one-click unsubscribe);
Auto-Submitted follows RFC 3834.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from newsletter.models import Message
from newsletter.models.addresses import wire_address
from newsletter.rendering.folding import LINE, POLICY, fold, inert, mailbox
from newsletter.rendering.fragments import has_clean_lines

if TYPE_CHECKING:  # the settings import this module, and need not load Babel and Jinja
    from newsletter.rendering.assembly import Bodies


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of the newsletter."""

    name: str
    address: str
    reply_to: str
    postal_address: str | None = None

    @property
    def domain(self) -> str:
        """The domain of the address in its ASCII form (IDNA)."""
        return wire_address(self.address).rpartition("@")[2]


def unsubscribe_by_mail(sender: Sender, token: str) -> str:
    """Return the mailto URL that unsubscribes the token's owner."""
    return f"{_mailto(sender.reply_to)}?subject=unsubscribe%20{token}"  # which needs no quoting


@lru_cache(maxsize=16)
def _mailto(email: str) -> str:
    return f"mailto:{quote(wire_address(email), safe='@')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Addresses and headers of a message."""

    message_id: str
    sender: Sender
    recipient: str
    recipient_name: str
    list_name: str
    #: The one-click URL, if the site has pages, and the mailto; empty for notices, which are not list mail.
    unsubscribe_urls: tuple[str, ...]
    date: datetime
    #: The edition's key, by which Gmail groups complaints (Feedback-ID).
    campaign: str = ""
    #: The envelope sender, to which bounces go; "" for the sender's address.
    return_path: str = ""
    #: What Postmark repeats in its events (postmarkapp.com/support, "Custom metadata"); "" if it is not used.
    postmark_metadata: str = ""

    @property
    def boundary(self) -> str:
        """The MIME boundary, unique to the message (RFC 2046, 5.1.1)."""
        return f"=_{''.join(_WORDS.findall(self.message_id))}"[:70]

    def message(self, subject: str, content: bytes, *, is_clean: bool = False, papers: int = 0) -> Message:
        """Return a message with this content and the envelope's addresses."""
        return Message(
            message_id=self.message_id,
            sender=wire_address(self.return_path or self.sender.address),
            recipient=wire_address(self.recipient),
            subject=subject,
            content=content,
            is_clean=is_clean,
            papers=papers,
        )


def build_message(envelope: Envelope, *, subject: str, text: str, html: str | None) -> Message:
    """Build a message from text bodies with the standard library."""
    mail = EmailMessage(policy=POLICY)
    for name, value in (*_shared_headers(envelope), *_own_headers(envelope, subject)):
        mail[name] = value
    mail.set_content(text, charset="utf-8", cte="quoted-printable")
    if html is not None:
        mail.add_alternative(html, subtype="html", charset="utf-8", cte="quoted-printable")
        mail.set_boundary(envelope.boundary)
    return envelope.message(subject, mail.as_bytes())


def join_message(envelope: Envelope, bodies: Bodies, papers: int = 0) -> Message:
    """Build a message from bodies that are encoded as quoted-printable already."""
    own = _own_head(envelope, bodies.subject)
    shared, is_clean = _shared_head(envelope.sender, envelope.list_name, envelope.campaign, envelope.date)
    is_clean = is_clean and bodies.is_clean and has_clean_lines(own)
    if bodies.html is None:
        parts = [shared, own, b"MIME-Version: 1.0\r\n", _TEXT, *bodies.text]
    else:
        boundary = envelope.boundary.encode()
        parts = [
            shared, own, b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="', boundary,
            b'"\r\n\r\n--', boundary, b"\r\n", _TEXT, *bodies.text, b"\r\n--", boundary, b"\r\n", _HTML,
            *bodies.html, b"\r\n--", boundary, b"--\r\n",
        ]  # fmt: skip
    return envelope.message(bodies.subject, b"".join(parts), is_clean=is_clean, papers=papers)


_WORDS = re.compile(r"\w+")
#: Names and addresses that need neither quotes nor encoding.
_PLAIN_NAME = re.compile(r"(?:[A-Za-z0-9]+(?: [A-Za-z0-9]+)*)?")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")

#: What fits on the line of its header.
_MAX_TO, _MAX_ID = LINE - len("To: "), LINE - len("Message-ID: ")
_ENCODED = b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
_TEXT = b'Content-Type: text/plain; charset="utf-8"\r\n' + _ENCODED
_HTML = b'Content-Type: text/html; charset="utf-8"\r\n' + _ENCODED

_Header = tuple[str, "str | Address"]


def _shared_headers(envelope: Envelope) -> list[_Header]:
    """Return the header fields that all messages of a campaign and date share."""
    sender = envelope.sender
    headers: list[_Header] = [("From", mailbox(sender.name, sender.address))]
    if sender.reply_to != sender.address:
        headers.append(("Reply-To", mailbox("", sender.reply_to)))
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


def _own_headers(envelope: Envelope, subject: str) -> list[_Header]:
    name, address = envelope.recipient_name, envelope.recipient
    is_plain = _is_plain(name, address)
    headers: list[_Header] = [
        ("To", (f"{name} <{address}>" if name else address) if is_plain else mailbox(name, address)),
        ("Subject", _inert_subject(subject)),
        ("Message-ID", envelope.message_id),
    ]
    if envelope.unsubscribe_urls:
        headers.append(("List-Unsubscribe", ", ".join(f"<{url}>" for url in envelope.unsubscribe_urls)))
    if any(url.startswith("https://") for url in envelope.unsubscribe_urls):
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    if envelope.postmark_metadata:
        headers.append(("X-PM-Metadata-delivery", envelope.postmark_metadata))
    return headers


def _is_plain(name: str, address: str) -> bool:
    return _PLAIN_ADDRESS.fullmatch(address) is not None and (not name or _PLAIN_NAME.fullmatch(name) is not None)


def _own_head(envelope: Envelope, subject: str) -> bytes:
    """Return the lines of `_own_headers`; those of most digests without folding each."""
    name, address, urls = envelope.recipient_name, envelope.recipient, envelope.unsubscribe_urls
    to, message_id = f"{name} <{address}>" if name else address, envelope.message_id
    if (
        len(urls) != 2 or not urls[0].startswith("https://") or envelope.postmark_metadata
        or len(to) > _MAX_TO or len(message_id) > _MAX_ID or not message_id.isascii() or not _is_plain(name, address)
    ):  # fmt: skip
        return b"".join([fold(name, value) for name, value in _own_headers(envelope, subject)])
    lines = (
        f"Message-ID: {message_id}\r\nList-Unsubscribe: <{urls[0]}>,\r\n <{urls[1]}>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    )
    return b"To: %b\r\n%b%b" % (to.encode(), _subject_line(subject), lines.encode())


# The digests of an edition have few best papers, and folding a line that is not ASCII takes as long as all the rest.
@lru_cache(maxsize=2048)
def _subject_line(subject: str) -> bytes:
    return fold("Subject", _inert_subject(subject))


@lru_cache(maxsize=4)
def _shared_head(sender: Sender, list_name: str, campaign: str, date: datetime) -> tuple[bytes, bool]:
    """Return the lines of `_shared_headers`, and whether they are clean."""
    envelope = Envelope(
        message_id="", sender=sender, recipient="", recipient_name="", list_name=list_name,
        unsubscribe_urls=("",), date=date,
        campaign=campaign,
    )  # fmt: skip
    head = b"".join(fold(name, value) for name, value in _shared_headers(envelope))
    return head, has_clean_lines(head)


@lru_cache(maxsize=256)
def _inert_subject(subject: str) -> str:
    """Return the subject that all messages of a digest share; see `inert`."""
    return inert(subject)


def _feedback_id(envelope: Envelope) -> str:
    """Return campaign, list, kind of mail and sender, by which Gmail reports complaints.

    Source: support.google.com/a/answer/6254652.
    """
    sender = _slug(envelope.sender.domain)[:15].strip("-")
    return f"{envelope.campaign.lower() or 'notice'}:{_slug(envelope.list_name)[:40]}:digest:{sender}"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "newsletter"


_MAX_LABEL = 63  # RFC 1035, 2.3.4
_MAX_PHRASE = 200


def _list_id(name: str, sender: Sender) -> str:
    identifier = f"<{_slug(name)[:_MAX_LABEL]}.{sender.domain}>"
    phrase = inert(name)[:_MAX_PHRASE].replace("\\", "").replace('"', "")
    return f'"{phrase}" {identifier}' if phrase.isascii() and phrase else identifier
