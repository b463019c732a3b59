"""The outbox as an inbox: what lies in the Maildir, read as a mail program would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from typing import TypeVar

from newsletter.errors import StoreError
from newsletter.text import squeeze

_T = TypeVar("_T")

#: So many are listed, the newest first.
MOST_LISTED = 500
#: What Python raises on headers and bodies that are not what they say they are.
_BROKEN = (ValueError, LookupError, AttributeError, TypeError)


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message of the outbox."""

    #: Its file's name without the flags that a mail program added.
    name: str
    date: datetime
    to: str
    subject: str
    size: int


def messages(outbox: Path) -> list[OutboxMessage]:
    """Return the newest messages, the newest first."""
    stated = [(path.stat(), name, path) for name, path in _names(outbox).items()]
    newest = sorted(stated, key=lambda one: one[0].st_mtime_ns, reverse=True)[:MOST_LISTED]
    found = [_message(name, path, state.st_size, state.st_mtime) for state, name, path in newest]
    return sorted(found, key=lambda message: (message.date, message.to), reverse=True)


def content(outbox: Path, name: str) -> bytes:
    """Return a message's bytes.

    Raises:
        StoreError: There is none of this name; names are looked up, never made a path of.
    """
    path = _names(outbox).get(name)
    if path is None:
        raise StoreError(f"no message {name!r} is in {outbox}")
    return path.read_bytes()


def body(content: bytes, kind: str) -> str | None:
    """Return the HTML ("html") or the text ("plain") of a message, or None if it has no such part."""
    try:
        part = message_from_bytes(content, policy=default).get_body((kind,))
        return None if part is None else str(part.get_content())
    except _BROKEN:
        return content.decode(errors="replace") if kind == "plain" else None


def _names(outbox: Path) -> dict[str, Path]:
    """Return the files of all messages; in cur/ a name ends with flags (":2,S")."""
    files = (path for folder in ("cur", "new") for path in (outbox / folder).glob("[!.]*") if path.is_file())
    return {path.name.partition(":")[0]: path for path in files}


def _message(name: str, path: Path, size: int, changed: float) -> OutboxMessage:
    with path.open("rb") as file:
        head = BytesHeaderParser(_class=EmailMessage, policy=default).parse(file)
    date = _told(lambda: head["Date"].datetime, None)
    if date is None:
        date = datetime.fromtimestamp(changed, UTC)
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return OutboxMessage(
        name=name,
        date=date,
        to=squeeze(_told(lambda: str(head["To"] or ""), "")),
        subject=squeeze(_told(lambda: str(head["Subject"] or ""), "")),
        size=size,
    )


def _told(read: Callable[[], _T], otherwise: _T) -> _T:
    """Return what a header says, or something else where it cannot be read."""
    try:
        return read()
    except _BROKEN:
        return otherwise
