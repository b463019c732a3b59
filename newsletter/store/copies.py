"""Copies of the database that are made before something is done to it that cannot be undone; the latest few are kept.

They are in the folder of the backups, each in a folder of its own, as a backup is, and can be restored like one.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from newsletter.errors import StoreFull, StoreUnreachable
from newsletter.files.private_files import make_private_folder, touch_private
from newsletter.store.database import Database

#: The folder of backups and copies, beside the database.
FOLDER = "backups"
DATABASE = "newsletter.db"
BEFORE_UPGRADE = "before-upgrade"
BEFORE_RESTORE = "before-restore"
#: How many copies of a kind are kept.
KEPT = 3
_STAMP = "%Y-%m-%dT%H%M%SZ"


def keep_copy(db: Database, kind: str) -> Path:
    """Copy the database into a new folder, delete the oldest copies of this kind, and return the folder.

    Raises:
        StoreError: The copy cannot be written; there is none then.
    """
    parent = Path(db.path).parent / FOLDER
    try:
        folder, draft = new_folder(parent, kind)
    except OSError as error:
        raise StoreUnreachable(f"{parent}: {error.strerror or error}", hint="check its permissions") from error
    try:
        _check_room(db, parent)
        touch_private(draft / DATABASE)
        db.copy_to(draft / DATABASE)
        publish(draft, folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    for old in copies(parent, kind)[:-KEPT]:
        withdraw(old)
    return folder


def _check_room(db: Database, parent: Path) -> None:
    need, free = Path(db.path).stat().st_size, shutil.disk_usage(parent).free
    if free < need:
        hint = f"free {(need - free) // 2**20 + 1} MB of disk space, or move old folders out of it"
        raise StoreFull(f"{parent}: no room for a copy of the database", hint=hint)


def copies(parent: Path, kind: str) -> list[Path]:
    """Return the copies of a kind, the oldest first."""
    return sorted(path for path in parent.glob(f"{kind}-[0-9]*") if (path / DATABASE).is_file())


def latest_copy(database: Path, kind: str) -> Path | None:
    """Return the latest copy of a kind beside a database, or None."""
    return next(reversed(copies(database.parent / FOLDER, kind)), None)


def new_folder(parent: Path, kind: str = "", now: datetime | None = None) -> tuple[Path, Path]:
    """Return the name of a new backup, after the moment, and the hidden folder in which it is made.

    What killed processes left of such folders is deleted.

    Raises:
        OSError: The folder cannot be made.
    """
    make_private_folder(parent)
    remove_drafts(parent)
    stamp = (now or datetime.now(UTC)).strftime(_STAMP)
    name = f"{kind}-{stamp}" if kind else stamp
    taken = [int(path.name.removeprefix(name)[1:] or 1) for path in parent.glob(f"{name}*")]
    folder = parent / (f"{name}-{max(taken) + 1}" if taken else name)
    draft = parent / f".{folder.name}.{os.getpid()}.draft"
    make_private_folder(draft)
    return folder, draft


def publish(draft: Path, folder: Path) -> None:
    """Write all of a draft to the disk, and give it its name: a backup that has one is complete."""
    for path in [*draft.rglob("*"), draft]:
        _sync(path)
    draft.rename(folder)
    _sync(folder.parent)


def withdraw(folder: Path) -> None:
    """Delete a backup; what is left of it if that is interrupted is a draft, and deleted with the next one.

    Raises:
        OSError: It cannot be deleted.
    """
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.draft")
    folder.rename(draft)
    shutil.rmtree(draft)


def remove_drafts(parent: Path) -> None:
    """Delete what processes left that were killed as they made a backup."""
    for draft in parent.glob(".*.draft"):
        if not _is_alive(int(draft.name.split(".")[-2])):
            shutil.rmtree(draft, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
