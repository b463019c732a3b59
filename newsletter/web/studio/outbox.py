"""The outbox (a Maildir), listed and parsed as a mail program does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from itertools import islice
from pathlib import Path
from typing import TypeVar

from newsletter.errors import RequestError
from newsletter.text import fold, squeeze

_T = TypeVar("_T")

#: Maximum number of messages listed, and looked at by a search, newest first.
MAX_LISTED, MAX_SEARCHED = 500, 5000
#: Longer searches are cut.
_MAX_QUERY = 200
#: Errors that the email package raises on malformed headers and bodies.
_MALFORMED = (ValueError, LookupError, AttributeError, TypeError)


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message in the outbox."""

    #: The file's name, without the flags that a mail program may have added.
    name: str
    date: datetime
    to: str
    subject: str
    #: In bytes.
    size: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Messages of the outbox, newest first."""

    messages: list[OutboxMessage]
    #: How many messages the outbox has.
    total: int


def messages(outbox: Path, query: str = "") -> Listing:
    """Return the latest messages, or those of them whose subject or recipient has every word of a query."""
    words = fold(query[:_MAX_QUERY]).split()
    files = [(path.stat(), name, path) for name, path in _names(outbox).items()]
    newest = sorted(files, key=lambda one: one[0].st_mtime_ns, reverse=True)[: MAX_SEARCHED if words else MAX_LISTED]
    read = (_message(name, path, state.st_size, state.st_mtime) for state, name, path in newest)
    found = list(islice((one for one in read if _has_words(one, words)), MAX_LISTED))
    return Listing(sorted(found, key=lambda message: (message.date, message.to), reverse=True), len(files))


def _has_words(message: OutboxMessage, words: Sequence[str]) -> bool:
    text = fold(f"{message.subject}\n{message.to}")
    return all(word in text for word in words)


def content(outbox: Path, name: str) -> bytes:
    """Return a message's bytes.

    Raises:
        RequestError: There is no such message. The name is looked up, never used as a path.
    """
    path = _names(outbox).get(name)
    if path is None:
        raise RequestError(f"no message {name!r} in {outbox}")
    return path.read_bytes()


def body(content: bytes, kind: str) -> str | None:
    """Return the decoded "html" or "plain" part of a message; None if it has no such part or it is malformed."""
    try:
        part = message_from_bytes(content, policy=default).get_body((kind,))
        return None if part is None else str(part.get_content())
    except _MALFORMED:
        return content.decode(errors="replace") if kind == "plain" else None


def _names(outbox: Path) -> dict[str, Path]:
    """Return the files of all messages by name; in cur/ a file name ends with flags (":2,S")."""
    files = (path for folder in ("cur", "new") for path in (outbox / folder).glob("[!.]*") if path.is_file())
    return {path.name.partition(":")[0]: path for path in files}


def _message(name: str, path: Path, size: int, modified_at: float) -> OutboxMessage:
    with path.open("rb") as file:
        head = BytesHeaderParser(_class=EmailMessage, policy=default).parse(file)
    date = _header(lambda: head["Date"].datetime, None)
    if date is None:
        date = datetime.fromtimestamp(modified_at, UTC)
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return OutboxMessage(
        name=name,
        date=date,
        to=squeeze(_header(lambda: str(head["To"] or ""), "")),
        subject=squeeze(_header(lambda: str(head["Subject"] or ""), "")),
        size=size,
    )


def _header(read: Callable[[], _T], default: _T) -> _T:
    """Return what `read` returns, or a default if the header is malformed."""
    try:
        return read()
    except _MALFORMED:
        return default
