"""An alert mail: who sent it, its texts, and the papers that its links lead to."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import getaddresses
from urllib.parse import parse_qs, unquote, urlsplit

from newsletter.mailboxes import mime
from newsletter.models import Entry
from newsletter.papers.identifiers import arxiv_id, doi
from newsletter.sources.formats import values

#: Of the header From, in code points.
_MAX_HEADER = 4096


@dataclass(frozen=True, slots=True)
class AlertMail:
    """What of a mail may have papers in it."""

    #: The address it says that it is from, in lower case; "" unless it is exactly one.
    sender: str
    subject: str
    message_id: str
    #: The first part of each kind, decoded; "" without one.
    html: str = ""
    text: str = ""


def read_mail(raw: bytes) -> AlertMail | None:
    """Return a message as an alert mail, or None if it is no message."""
    message = mime.parse(raw)
    if message is None:
        return None
    bodies = {"text/html": "", "text/plain": ""}
    for part in mime.parts_of(message):
        kind = part.get_content_type()
        if kind in bodies and not bodies[kind]:
            bodies[kind] = mime.text_of(part).replace("\r\n", "\n")
    return AlertMail(
        _sender(message),
        mime.field(message, "Subject"),
        mime.message_id_in(mime.field(message, "Message-ID")) or "",
        bodies["text/html"],
        bodies["text/plain"],
    )


def sender_of(headers: bytes) -> str:
    """Return the address in the header From, in lower case, "" unless it is exactly one."""
    message = mime.parse(headers)
    return _sender(message) if message is not None else ""


def _sender(message: mime.Part) -> str:
    written = [str(value)[:_MAX_HEADER] for value in message.get_all("From", [])]
    # Before encoded words are decoded: what is in one is no address (RFC 2047, 5).
    addresses = [address for _, address in getaddresses(written)] if len(written) == 1 else []
    return addresses[0].lower() if len(addresses) == 1 and "@" in addresses[0] else ""


def target_of(href: str) -> str:
    """Return the address that a link of a mail leads to, taken out of the redirects around it."""
    for _ in range(3):
        parts = urlsplit(href) if values.link(href) else None
        inner = parse_qs(parts.query).get("url") if parts else None
        if parts is None or not inner:
            return _behind(href)
        href = inner[0]
    return _behind(href)


def _behind(href: str) -> str:
    """Return the address in the path of a redirect, as of Amazon's mail service, or the address itself."""
    path = unquote(href.partition("://")[2])
    at = path.find("https://")
    return path[at:] if at > 0 else href


def paper(title: str, href: str, *, abstract: str = "", authors: tuple[str, ...] = (), **facts: object) -> Entry:
    """Return the entry of a paper of a mail, with the identifiers that are in its address.

    Raises:
        ValueError: It has no title.
    """
    title = values.plain_text(title)
    if not title:
        raise ValueError("no title")
    address = target_of(href)
    found_arxiv, found_doi = arxiv_id(address), doi(address)
    link = None if found_arxiv or found_doi else values.link(address)
    known = {"arxiv_id": found_arxiv, "doi": found_doi, "url": link, **{n: v for n, v in facts.items() if v}}
    return Entry(
        source="alerts",
        title=title,
        abstract=values.plain_abstract(abstract),
        authors=authors,
        **known,  # type: ignore[arg-type]
    )
