"""Traces of a person in the site's files: messages in the outbox, and addresses in the event log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email import policy
from email.parser import HeaderParser
from email.utils import getaddresses
from pathlib import Path

from newsletter.models.addresses import email_key

_MAX_HEADER_B = 128 * 1024
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
    # As text, since headers may be raw UTF-8 (RFC 6532).
    message = HeaderParser(policy=policy.compat32).parsestr(head.decode("utf-8", "replace"))
    fields = [str(value) for name in ("To", "Cc", "Delivered-To") for value in message.get_all(name, [])]
    yield from (email for _, email in getaddresses(fields))


def erase_from_log(log: Path, emails: Iterable[str]) -> int:
    """Overwrite these addresses in an event log and in its rotated files; return how many lines had one.

    Each is overwritten in place by as many `x`, so that the lines which other processes append meanwhile are kept.

    Raises:
        OSError: A file cannot be read or written.
    """
    pattern, changed = _pattern(emails), 0
    files = sorted(log.parent.glob("*")) if log.parent.is_dir() else ()
    for path in files:
        if path.name.startswith(log.name) and path.suffix not in _COMPRESSED and path.is_file():
            changed += _erase_from_file(path, pattern)
    return changed


def _pattern(emails: Iterable[str]) -> re.Pattern[bytes]:
    """Match the spellings of these addresses, whatever the case of ASCII letters, but not as parts of others."""
    spellings = sorted({one.encode() for email in emails for one in (email, email_key(email))}, key=len, reverse=True)
    among = b"|".join(map(re.escape, spellings))
    return re.compile(rb"(?<![\w.+!#$%&*/?^`{|}~\x80-\xff-])(?:" + among + rb")(?![\w\x80-\xff-]|\.\w)", re.IGNORECASE)


def _erase_from_file(path: Path, pattern: re.Pattern[bytes]) -> int:
    changed = start = 0
    with path.open("r+b") as file:
        while line := file.readline():
            after = pattern.sub(lambda found: b"x" * len(found[0]), line)
            if after != line:
                file.seek(start)
                file.write(after)
                changed += 1
            start += len(line)
            file.seek(start)
    return changed
