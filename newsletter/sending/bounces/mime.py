"""Mail that may be a report, as parts, headers and addresses: nothing in here raises, whatever is in the mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser

from newsletter.text import squeeze

Part = Message

#: A report with a whole digest in it is smaller; of a larger one the beginning is read.
MOST_BYTES = 1 << 20
_LONGEST = 500
_MOST_PARTS = 50
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]@]{1,128}@[A-Za-z0-9\u0080-\U0010ffff](?:[\w.-]{0,252}\w)?")
_MESSAGE_ID = re.compile(r"<[^\s<>]{1,900}>")


def parse(raw: bytes) -> Part | None:
    """Parse a mail; None if there is no sense in it."""
    try:
        return message_from_bytes(raw[:MOST_BYTES])
    except Exception:  # noqa: BLE001 - what the library raises on hostile mail is not documented: RecursionError, …
        return None


def parts_of(mail: Part) -> Iterator[Part]:
    """Yield the mail's parts, not those of a mail inside of it: who forwards a report does not send one."""
    waiting = [mail]
    for _ in range(_MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        if part.get_content_maintype() == "multipart" and isinstance(inner := part.get_payload(), list):
            waiting[:0] = [one for one in inner if isinstance(one, Message)]
        else:
            yield part


def blocks_of(part: Part) -> list[Part]:
    """Return the groups of fields in a message/delivery-status or message/feedback-report (RFC 3464, 2.1)."""
    payload = part.get_payload()
    if isinstance(payload, list):
        blocks = [one for one in payload if isinstance(one, Message)][:_MOST_PARTS]
        # Only message/delivery-status is cut into blocks by the library: of others the first one holds all.
        rest = text_of(blocks[0]) if len(blocks) == 1 else ""
        own = [] if _is_encoded(part) else blocks
    else:
        rest, own = text_of(part), []
    if _is_encoded(part) and not rest:
        rest = text_of(part)
    chunks = re.split(r"\n[ \t]*\n", rest.replace("\r\n", "\n").strip(), maxsplit=_MOST_PARTS)
    return own + [HeaderParser().parsestr(chunk.strip()) for chunk in chunks if ":" in chunk]


def _is_encoded(part: Part) -> bool:
    return field(part, "Content-Transfer-Encoding").casefold() in ("base64", "quoted-printable")


def text_of(part: Part) -> str:
    """Return the text of a part that is none of parts, or ""."""
    try:
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            return ""
        return payload.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError, UnicodeError, AssertionError):
        return ""


def field(part: Part, name: str) -> str:
    """Return a header on one line, decoded (RFC 2047), or ""."""
    return _decoded(part.get(name))


def fields(part: Part, name: str) -> list[str]:
    """Return all headers of a name; see `field`."""
    return [_decoded(value) for value in part.get_all(name, [])[:10]]


def _decoded(value: object) -> str:
    text = "" if value is None else str(value)[:4096]
    try:
        text = str(make_header(decode_header(text)))
    except Exception:  # noqa: BLE001 - see `parse`
        return squeeze(text)
    return squeeze(text)


def short(response: str) -> str:
    """Return words fit to be kept."""
    return squeeze(response[: 4 * _LONGEST])[:_LONGEST]


def address_in(text: str) -> str | None:
    """Return the first address in a header or field (as in "rfc822; ada@example.org"), or None."""
    match = _ADDRESS.search(text[:4096])
    return match[0].strip(".") if match else None


def message_id_in(text: str) -> str | None:
    """Return the first Message-ID in a header, with its brackets, or None."""
    match = _MESSAGE_ID.search(text[:4096])
    return match[0] if match else None


def original_headers(mail: Part) -> Part | None:
    """Return what the report gives back of the mail it is about, as far as its headers go."""
    for part in parts_of(mail):
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global"):
            payload = part.get_payload()
            if isinstance(payload, list) and payload and isinstance(payload[0], Message):
                return payload[0]
        elif kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            text = text_of(part) or "\n\n".join(map(str, blocks_of(part)))
            return HeaderParser().parsestr(text.strip()[:65536])
    return None
