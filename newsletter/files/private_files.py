"""Files that only their owner may read: mode 0600, in folders of mode 0700, whatever the umask is.

The database, the outbox, the event log, keys and what is exported hold addresses or secrets. All are created here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_FILE = 0o600
_FOLDER = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private(path: str | Path, flags: int) -> int:
    """Open a file, as `os.open` does, and create it for its owner only; the `opener` of `open`.

    Raises:
        OSError: It cannot be opened.
    """
    return os.open(path, flags, _FILE)


def touch_private(path: Path) -> None:
    """Create an empty file for its owner only, unless it exists.

    One that exists is not even opened: to close it again would end all locks that this process has on it, those of
    SQLite's other connections, too, which loses what they commit (sqlite.org/howtocorrupt.html, 2.2).

    Raises:
        OSError: It cannot be created.
    """
    with suppress(FileExistsError):
        os.close(make_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))


def write_private(path: Path, content: bytes, *, is_new: bool = False) -> None:
    """Write a file for its owner only; with `is_new`, never over one that exists.

    Raises:
        FileExistsError: It exists, and had to be new.
        OSError: It cannot be written.
    """
    with open(path, "xb" if is_new else "wb", opener=make_private) as file:
        file.write(content)


def replace_private(path: Path, content: bytes, mode: int = _FILE) -> None:
    """Write a file at once, so that it holds either all of the new content or still the former.

    Raises:
        OSError: It cannot be written.
    """
    draft = path.with_name(f".{path.name}.new")
    try:
        write_private(draft, content)
        draft.chmod(mode)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def make_private_folder(path: Path) -> None:
    """Create a folder for its owner only, unless it exists; parents that are missing, too.

    Raises:
        OSError: It cannot be created.
    """
    for folder in reversed([path, *path.parents]):
        if not folder.is_dir():
            folder.mkdir(mode=_FOLDER, exist_ok=True)


def open_to_others(paths: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    """Yield those of these files and folders that others than their owner may read or write, with their mode."""
    for path in paths:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue
        if mode & _OTHERS:
            yield path, mode


def private_mode(path: Path) -> int:
    """Return the mode that a file or folder should have."""
    return _FOLDER if path.is_dir() else _FILE
