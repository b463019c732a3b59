"""Tolerant MIME parsing of messages that may be bounces or complaints: nothing in here raises on any input."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.header import Header, decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from itertools import islice

from newsletter.limits import MAIL_BYTES, MAIL_DELIMITERS, MAIL_HEADER, MAIL_HEADERS_OF_A_NAME, MAIL_PARTS, MAIL_TEXT
from newsletter.text import squeeze

Part = Message

_MAX_RESPONSE = 500
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]@]{1,128}@[A-Za-z0-9\u0080-\U0010ffff](?:[\w.-]{0,252}\w)?")
_MESSAGE_ID = re.compile(r"<[^\s<>]{1,900}>")
#: A header whose parameters the parser reads, in quadratic time.
_WITH_PARAMETERS = re.compile(
    rb"^content-[a-z-]{1,40}:[^\r\n]*+(?:(?:\r\n?|\n)[ \t][^\r\n]*+)*+", re.IGNORECASE | re.MULTILINE
)
_DELIMITER = re.compile(rb"^--", re.MULTILINE)


def parse(raw: bytes) -> Part | None:
    """Parse a message; return None if that is not possible."""
    raw = raw[:MAIL_BYTES]
    if beyond := next(islice(_DELIMITER.finditer(raw), MAIL_DELIMITERS, None), None):
        raw = raw[: beyond.start()]
    raw = _WITH_PARAMETERS.sub(lambda header: header[0][:MAIL_HEADER], raw)
    try:
        return message_from_bytes(raw)
    except Exception:  # noqa: BLE001 - what the parser raises on hostile input is not documented: RecursionError, …
        return None


def parts_of(message: Part) -> Iterator[Part]:
    """Yield the message's parts, but not those of an attached message: a forwarded report is not a report."""
    waiting = [message]
    for _ in range(MAIL_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        if part.get_content_maintype() == "multipart" and isinstance(inner := part.get_payload(), list):
            waiting[:0] = [one for one in inner if isinstance(one, Message)]
        else:
            yield part


def blocks_of(part: Part) -> list[Part]:
    """Return the field groups of a message/delivery-status (RFC 3464, 2.1) or message/feedback-report (RFC 5965)."""
    payload = part.get_payload()
    if isinstance(payload, list):
        blocks = [one for one in payload if isinstance(one, Message)][:MAIL_PARTS]
        # The parser splits only message/delivery-status into blocks; for other types, the first one holds everything.
        rest = text_of(blocks[0]) if len(blocks) == 1 else ""
        own = [] if _is_encoded(part) else blocks
    else:
        rest, own = text_of(part), []
    if _is_encoded(part) and not rest:
        rest = text_of(part)
    chunks = re.split(r"\n[ \t]*\n", rest.replace("\r\n", "\n").strip(), maxsplit=MAIL_PARTS)
    return own + [HeaderParser().parsestr(chunk.strip()) for chunk in chunks if ":" in chunk]


def _is_encoded(part: Part) -> bool:
    return field(part, "Content-Transfer-Encoding").casefold() in ("base64", "quoted-printable")


def text_of(part: Part) -> str:
    """Return the decoded text of a part, or "" for a multipart."""
    try:
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            return ""
        return payload.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError, UnicodeError, AssertionError):
        return ""


def field(part: Part, name: str) -> str:
    """Return a header, decoded (RFC 2047) and on one line, or ""."""
    return _decoded(part.get(name))


def fields(part: Part, name: str) -> list[str]:
    """Return all headers of a name, at most 10; see `field`."""
    return [_decoded(value) for value in part.get_all(name, [])[:MAIL_HEADERS_OF_A_NAME]]


def _decoded(value: object) -> str:
    if isinstance(value, Header):  # bytes outside ASCII without a charset: UTF-8 (RFC 6532), if anything
        text = "".join(
            part.decode("utf-8", "replace") if isinstance(part, bytes) else part for part, _ in decode_header(value)
        )
        return squeeze(text[:MAIL_HEADER])
    text = "" if value is None else str(value)[:MAIL_HEADER]
    try:
        text = str(make_header(decode_header(text)))
    except Exception:  # noqa: BLE001 - see `parse`
        return squeeze(text)
    return squeeze(text)


def shortened(response: str) -> str:
    """Return a response on one line, cut off at 500 characters, for the database."""
    return squeeze(response[: 4 * _MAX_RESPONSE])[:_MAX_RESPONSE]


def address_in(text: str) -> str | None:
    """Return the first address in a header or field (as in "rfc822; ada@example.org"), or None."""
    match = _ADDRESS.search(text[:MAIL_HEADER])
    return match[0].strip(".") if match else None


def message_id_in(text: str) -> str | None:
    """Return the first Message-ID in a header, with its brackets, or None."""
    match = _MESSAGE_ID.search(text[:MAIL_HEADER])
    return match[0] if match else None


def original_headers(message: Part) -> Part | None:
    """Return the headers of the original message that a report encloses, or None."""
    for part in parts_of(message):
        kind = part.get_content_type()
        if kind in ("message/rfc822", "message/global"):
            payload = part.get_payload()
            if isinstance(payload, list) and payload and isinstance(payload[0], Message):
                return payload[0]
        elif kind in ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            text = text_of(part) or "\n\n".join(map(str, blocks_of(part)))
            return HeaderParser().parsestr(text.strip()[:MAIL_TEXT])
    return None
