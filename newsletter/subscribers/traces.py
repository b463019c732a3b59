"""Traces of a person in the site's files: messages in the outbox, and addresses in the event log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email import policy
from email.parser import BytesParser
from email.utils import getaddresses
from pathlib import Path

from newsletter.addresses import email_key

_MAX_HEADER_B = 128 * 1024
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]@=\\]{1,128}@[^\s<>,;:\"'()\[\]@\\]{1,255}")
#: Rotated logs that are compressed cannot be rewritten in place.
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst")


def erase_messages(outbox: Path, emails: Iterable[str]) -> int:
    """Delete the messages to any of these addresses from a Maildir; return how many there were.

    Raises:
        OSError: One cannot be read or deleted.
    """
    keys, erased = {email_key(email) for email in emails}, 0
    for folder in ("tmp", "new", "cur"):
        for path in (outbox / folder).glob("*"):
            with suppress(FileNotFoundError):  # a mail program moved it
                if keys.intersection(map(email_key, _recipients(path))):
                    path.unlink()
                    erased += 1
    return erased


def _recipients(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        head = file.read(_MAX_HEADER_B).partition(b"\n\n")[0]
    message = BytesParser(policy=policy.compat32).parsebytes(head, headersonly=True)
    fields = [value for name in ("To", "Cc", "Delivered-To") for value in message.get_all(name, [])]
    yield from (email for _, email in getaddresses([_text(field) for field in fields]))


def _text(field: object) -> str:
    """Return the text of a header; raw UTF-8 (RFC 6532) is parsed to surrogates."""
    return str(field).encode("utf-8", "surrogateescape").decode("utf-8", "replace") if isinstance(field, str) else ""


def erase_from_log(log: Path, emails: Iterable[str]) -> int:
    """Overwrite these addresses in an event log and in its rotated files; return how many lines had one.

    Each is overwritten in place by as many `x`, so that the lines which other processes append meanwhile are kept.

    Raises:
        OSError: A file cannot be read or written.
    """
    keys, changed = {email_key(email) for email in emails}, 0
    files = log.parent.glob("*") if log.parent.is_dir() else ()
    for path in files:
        if path.name.startswith(log.name) and path.suffix not in _COMPRESSED and path.is_file():
            changed += _erase_from_file(path, keys)
    return changed


def _erase_from_file(path: Path, keys: set[str]) -> int:
    changed = start = 0
    with path.open("r+b") as file:
        while line := file.readline():
            after = _ADDRESS.sub(lambda found: _masked(found[0], keys), line.decode("utf-8", "surrogateescape"))
            written = after.encode("utf-8", "surrogateescape")
            if written != line:
                file.seek(start)
                file.write(written)
                file.seek(start + len(line))
                changed += 1
            start += len(line)
    return changed


def _masked(found: str, keys: set[str]) -> str:
    email = found.rstrip(".")
    if email_key(email) not in keys:
        return found
    return "x" * len(email.encode("utf-8", "surrogateescape")) + found[len(email) :]
