"""The recovery log: what a restored backup must not forget, in files beside the database.

The database is all that a site knows, and a backup is what it knew. Between the two lie unsubscribes, suppressions,
erasures and the messages that were mailed: a site that forgets them mails who unsubscribed, and mails editions again.
So each is appended to a file here, before it is committed and while the write lock of the database is held: the order
of the lines is the order of the commits, and nothing is in the database that is not here. It holds subscribers' ids and
keyed hashes of addresses, no addresses.

There is a file for each day (UTC). Each line is a JSON object, each append begins with a line break: a line that a
crash cut short stays alone, and is skipped. Most files hold what is of no use after the oldest backup is gone; `trim`
deletes those.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from newsletter.errors import StoreFull, StoreUnreachable
from newsletter.files.private_files import make_private, make_private_folder

Record = dict[str, Any]
#: Records of these kinds are many, so the disk is asked to write them once in this many seconds.
_MANY = frozenset({"delivery", "digest", "paper", "cadence", "look"})
_SYNC_INTERVAL_S = 1.0
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def folder_of(database: Path) -> Path:
    """Return the folder of the recovery log of a database."""
    return database.with_suffix(".recovery")


class RecoveryLog:
    """The files of one site. `identify` returns what tells its log from another site's."""

    def __init__(self, folder: Path, identify: Callable[[], str]) -> None:
        self.folder = folder
        self._identify = identify
        self._synced_at = 0.0

    def append(self, records: Sequence[Record]) -> None:
        """Append records; call it with the write lock of the database held.

        Raises:
            StoreError: The file cannot be written, so nothing may be committed.
        """
        path = self.folder / f"{datetime.now(UTC).date()}.jsonl"
        try:
            try:
                descriptor = make_private(path, os.O_WRONLY | os.O_APPEND)
                lines = records
            except FileNotFoundError:
                make_private_folder(self.folder)
                lines = [self._header(), *records]
                descriptor = make_private(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                self._adopt(descriptor)
            try:
                content = "\n" + "\n".join(map(_ENCODE, lines))
                self._write(descriptor, content.encode(), is_urgent=not all(map(_is_one_of_many, records)))
            finally:
                os.close(descriptor)
        except OSError as error:
            kind = StoreFull if error.errno in _FULL else StoreUnreachable
            hint = "free some disk space" if kind is StoreFull else "check the permissions of the folder and its files"
            raise kind(f"{path}: {error.strerror or error}", hint=hint) from error

    def _header(self) -> Record:
        """Return the first line of a file. What was before it is in the files of earlier days, if there are any."""
        now = datetime.now(UTC)
        since = now.replace(hour=0, minute=0, second=0, microsecond=0) if self.files() else now
        return {"site": self._identify(), "since": since.isoformat()}

    def _adopt(self, descriptor: int) -> None:
        """Give the file to the owner of the site, if an administrator made it by a command."""
        if sys.platform != "win32" and os.geteuid() == 0:
            owner = self.folder.parent.stat()
            for target in (descriptor, self.folder):
                os.chown(target, owner.st_uid, owner.st_gid)

    def _write(self, descriptor: int, content: bytes, *, is_urgent: bool) -> None:
        while content:
            content = content[os.write(descriptor, content) :]
        if is_urgent or time.monotonic() - self._synced_at >= _SYNC_INTERVAL_S:
            os.fsync(descriptor)
            self._synced_at = time.monotonic()

    def files(self) -> list[Path]:
        """Return the files, the oldest first."""
        return sorted(self.folder.glob("????-??-??.jsonl"))

    def since(self) -> datetime | None:
        """Return from when on the log is complete; None if there is none, or it is another site's."""
        for path in self.files():
            header = next(_records(path), {})
            if header.get("site") != self._identify():
                return None
            return datetime.fromisoformat(header["since"])
        return None

    def records(self, day: date) -> Iterator[Record]:
        """Yield what was recorded on a day (UTC) and after it, in order. What a crash cut short is left out."""
        for path in self.files():
            if path.stem >= day.isoformat():
                yield from _records(path)

    def trim(self, day: date) -> int:
        """Delete the files of days before `day`, but not the latest file; return how many there were."""
        old = [path for path in self.files()[:-1] if path.stem < day.isoformat()]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _is_one_of_many(record: Record) -> bool:
    return not _MANY.isdisjoint(record)


def _records(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        for line in file:
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                yield record
