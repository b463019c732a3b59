"""Back up a site while it runs: a folder with the database, as of one moment, and the files that people edit.

A backup appears under its name when it is complete and was verified; one that was interrupted leaves none. Its mode is
0700, its files' is 0600: the database holds addresses, and the keys that sign links unless these are kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from newsletter import __version__
from newsletter.config.model import Config
from newsletter.errors import RequestError, StoreError
from newsletter.files.private_files import make_private_folder, touch_private, write_private
from newsletter.store import Store, open_copy
from newsletter.store.copies import (
    BEFORE_RESTORE,
    BEFORE_UPGRADE,
    DATABASE,
    FOLDER,
    copies,
    new_folder,
    publish,
    withdraw,
)

MANIFEST = "backup.json"
#: The fact of a store, when its last backup was made.
BACKUP_AT = "backup_at"
#: The folders of a site that people edit.
_FOLDERS = ("subscribers", "templates", "notes")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that is complete."""

    path: Path
    #: None for a copy that was made otherwise.
    made_at: datetime | None = None
    release: str = ""
    size_b: int = 0
    #: Rows by table.
    counts: Mapping[str, int] = field(default_factory=dict)
    #: SHA-256 of each file, by its path in the backup.
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The database in it."""
        return self.path if self.path.is_file() else self.path / DATABASE


def make_backup(
    config: Config, store: Store, now: datetime, *, folder: Path | None = None, with_keys: bool = False
) -> Backup:
    """Make a backup in `folder`, or where the settings say, and verify it.

    Args:
        with_keys: Whether the private keys of the settings are copied as well, as far as they are in the site.

    Raises:
        RequestError: It cannot be written, or what was written is damaged; there is no new backup then.
        StoreError: The database cannot be read, or the disk is full.
    """
    config.store_file()
    parent = folder or config.backup.folder
    store.suppression_key()  # the recovery log is read by it
    with store.transaction():  # a restore asks what knows the backup, and so what came after it
        store.set_fact(BACKUP_AT, now.isoformat())
        store.record(backup=now.isoformat())
    try:
        final, draft = new_folder(parent, now=now)
    except OSError as error:
        raise RequestError(
            f"{parent}: {error.strerror or error}", hint="check its permissions, or backup.path"
        ) from error
    try:
        touch_private(draft / DATABASE)
        counts = store.copy_to(draft / DATABASE)
        for name, source in sorted(_files(config, with_keys=with_keys)):
            make_private_folder((draft / name).parent)
            write_private(draft / name, source.read_bytes())
        _check(draft / DATABASE, counts)
        manifest = _manifest(draft, now, counts, store.identity())
        write_private(draft / MANIFEST, json.dumps(manifest, indent=1).encode())
        publish(draft, final)
    except OSError as error:
        raise RequestError(f"no backup was made: {error}", hint="check permissions and disk space") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return read_backup(final)


def rotate(parent: Path, keep: int) -> list[Path]:
    """Delete all backups but the `keep` latest, and return the folders that are gone; other files stay.

    Raises:
        RequestError: One cannot be deleted.
    """
    old = [backup.path for backup in list_backups(parent)[: -max(keep, 1)]]
    try:
        for path in old:
            withdraw(path)
    except OSError as error:
        raise RequestError(f"{parent}: an old backup cannot be deleted: {error.strerror or error}") from error
    return old


def list_backups(parent: Path) -> list[Backup]:
    """Return the backups in a folder, the oldest first; copies that upgrades made are not among them."""
    found = [path.parent for path in parent.glob(f"[0-9]*/{MANIFEST}")]
    return [read_backup(path) for path in sorted(found)]


def all_copies(config: Config) -> list[Backup]:
    """Return the backups of a site, and the copies that upgrades and restores made, by their names."""
    kinds = (BEFORE_UPGRADE, BEFORE_RESTORE)
    made = [read_backup(path) for kind in kinds for path in copies(config.site.root / FOLDER, kind)]
    return sorted([*list_backups(config.backup.folder), *made], key=lambda one: one.path.name)


def find_backup(config: Config, name: str) -> Backup:
    """Return the backup of a name, as `newsletter backup list` shows it, or at a path; "latest" is the latest.

    Raises:
        RequestError: There is none.
    """
    folder = config.backup.folder
    if name == "latest":
        if known := list_backups(folder):
            return known[-1]
        raise RequestError(f"{folder}: no backups", hint="make one with: newsletter backup")
    for path in (folder / name, config.site.root / FOLDER / name):
        if (path / DATABASE).is_file():
            return read_backup(path)
    return backup_at(Path(name))


def backup_at(path: Path) -> Backup:
    """Return the backup at a path: its folder, or a copy of a database.

    Raises:
        RequestError: There is none.
    """
    if (path / DATABASE).is_file() or path.is_file():
        return read_backup(path.resolve())
    raise RequestError(f"no such backup: {path}", hint="see: newsletter backup list")


def read_backup(path: Path) -> Backup:
    """Return what a backup says of itself; of a copy of a database alone, that is nothing.

    Raises:
        RequestError: Its list of files is damaged.
    """
    file = path / MANIFEST
    if not file.is_file():
        database = path if path.is_file() else path / DATABASE
        return Backup(path, size_b=database.stat().st_size)
    try:
        manifest = json.loads(file.read_bytes())
        size = sum((path / name).stat().st_size for name in manifest["files"] if (path / name).is_file())
        made_at = datetime.fromisoformat(manifest["made_at"])
        return Backup(path, made_at, str(manifest["release"]), size, dict(manifest["counts"]), dict(manifest["files"]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise RequestError(f"{file}: damaged: {error}", hint="use another backup") from error


def problems_of(backup: Backup) -> list[str]:
    """Verify a backup: the checksums of its files, the database, and its numbers of rows; return what is wrong."""
    found = []
    for name, expected in backup.files.items():
        file = backup.path / name
        if not file.is_file():
            found.append(f"{name} is missing")
        elif _sha256(file) != expected:
            found.append(f"{name} was changed")
    try:
        with open_copy(backup.database) as copy:
            found += copy.problems()
            if backup.counts and not found:
                found += _differences(backup.counts, copy.row_counts())
    except StoreError as error:
        found.append(error.message)
    return found


def kind_of(path: Path) -> str:
    """Return what a copy was made for."""
    kinds = {BEFORE_UPGRADE: "before an upgrade", BEFORE_RESTORE: "before a restore"}
    return next((text for kind, text in kinds.items() if path.name.startswith(kind)), "backup")


def _check(database: Path, counts: Mapping[str, int]) -> None:
    with open_copy(database) as copy:
        wrong = copy.problems() or _differences(counts, copy.row_counts())
    if wrong:
        hint = "examine the database: newsletter doctor"
        raise RequestError(f"no backup was made: the copy is damaged: {wrong[0]}", hint=hint)


def _differences(expected: Mapping[str, int], found: Mapping[str, int]) -> list[str]:
    pairs = ((table, number, found.get(table)) for table, number in expected.items())
    return [f"{table}: {number} rows expected, {other} found" for table, number, other in pairs if number != other]


def _files(config: Config, *, with_keys: bool) -> Iterator[tuple[str, Path]]:
    """Yield the files of a site that belong into a backup, with their paths in it."""
    root = config.site.root
    yield config.site.config.name, config.site.config
    for folder in _FOLDERS:
        yield from ((str(path.relative_to(root)), path) for path in (root / folder).rglob("*") if path.is_file())
    if with_keys:
        keys = [path for _, path in config.dkim.keys]
        keys += [config.signing_key_file] if config.signing_key_file else []
        inside = (path for path in keys if path.is_file() and path.is_relative_to(root))
        yield from ((str(path.relative_to(root)), path) for path in inside)


def _manifest(draft: Path, now: datetime, counts: Mapping[str, int], identity: str) -> dict[str, Any]:
    files = _checksums(draft, (path for path in sorted(draft.rglob("*")) if path.is_file()))
    return {
        "made_at": now.isoformat(), "release": __version__, "site": identity, "counts": dict(counts), "files": files,
    }  # fmt: skip


def _checksums(root: Path, files: Iterable[Path]) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
