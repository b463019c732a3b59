"""Reading a Maildir (https://cr.yp.to/proto/maildir.html): each unseen message once, or what is new without a trace.

each_in_maildir(Path("/var/mail/bounces"), process)  # process: Callable[[bytes], object]
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from newsletter.limits import MAIL_BYTES
from newsletter.mailboxes import MailboxError, MailboxSummary
from newsletter.models import Refusal


def each_in_maildir(root: Path, process: Callable[[bytes], object]) -> MailboxSummary:
    """Call `process` with each unseen message of a Maildir, and then move the message to cur/ as seen.

    Symbolic links are not followed, and messages are cut off at `MAIL_BYTES`. An exception from `process` ends the loop
    and leaves that message and the following ones unseen.

    Raises:
        MailboxError: `root` is not a Maildir.
    """
    read, refusals = 0, []
    for path in _unseen(root):
        try:
            with path.open("rb") as file:
                raw = file.read(MAIL_BYTES)
        except OSError as error:
            refusals.append(Refusal(str(path), error.strerror or str(error)))
            continue
        process(raw)
        read += 1
        try:
            path.rename(root / "cur" / _seen_name(path.name))
        except OSError as error:
            refusals.append(Refusal(str(path), f"processed, but cannot be marked as seen: {error.strerror or error}"))
    return MailboxSummary(read, tuple(refusals))


def new_in_maildir(
    root: Path, known: Collection[str], since: date, limit: int
) -> Iterator[tuple[str, bytes | Refusal]]:
    """Yield the unique name and the content of each message that arrived on a day from `since` on, the oldest first.

    Those that are `known` are left out, and at most `limit` are read. Nothing in the Maildir changes. A refusal stands
    for a message that cannot be read.

    Raises:
        MailboxError: `root` is not a Maildir.
    """
    arrived = sorted((_arrival(path), path.name, path) for path in _messages(root))
    new = (
        path
        for moment, name, path in arrived
        if _unique(name) not in known and datetime.fromtimestamp(moment, UTC).date() >= since
    )
    for path in islice(new, limit):
        try:
            with path.open("rb") as file:
                yield _unique(path.name), file.read(MAIL_BYTES)
        except OSError as error:
            yield _unique(path.name), Refusal(str(path), error.strerror or str(error))


def _arrival(path: Path) -> float:
    """Return the Unix time of a file, 0 if it was moved away meanwhile."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _unique(name: str) -> str:
    """Return the part of a file's name that no other message has, and that never changes."""
    return name.rpartition(":2,")[0] if ":2," in name else name.partition(":")[0]


def _unseen(root: Path) -> list[Path]:
    return [path for path in _messages(root) if path.parent.name == "new" or "S" not in _flags(path.name)]


def _messages(root: Path) -> list[Path]:
    try:
        found = [path for folder in ("new", "cur") for path in sorted((root / folder).iterdir())]
    except OSError as error:
        hint = "a Maildir has the folders new, cur and tmp"
        raise MailboxError(f"{root}: not a Maildir: {error.strerror or error}", hint=hint) from error
    return [path for path in found if not path.name.startswith(".") and not path.is_symlink() and path.is_file()]


def _flags(name: str) -> str:
    """Return the flags of a file in cur/, such as "RS" in "1700000000.1.host:2,RS"."""
    return name.rpartition(":2,")[2] if ":2," in name else ""


def _seen_name(name: str) -> str:
    return f"{_unique(name)}:2,{''.join(sorted({*_flags(name), 'S'}))}"
