"""The SQLite file: opening, checking that it is ours, and transactions."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from newsletter import DISTRIBUTION
from newsletter.errors import StoreError
from newsletter.store.migrations import MIGRATIONS

_APPLICATION_ID = 0x6E77736C  # "nwsl"
_BUSY_TIMEOUT_MS = 30_000
_WAL_PAUSE_MS = 20
# An abstract takes half of SQLite's default page, and a pull's index more than its default cache of 2 MB: with these
# a large pull takes a tenth less time.
_PAGE_B = 8192
_CACHE_KIB = 16_384


def open_database(path: Path) -> Database:
    """Open the store's file, making it or bringing it to today's schema.

    Raises:
        StoreError: Not an SQLite file, another program's, of a newer newsletter, or not writable.
    """
    with _explained(path):
        db = Database(path, execute_plugins=False)
        db.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA cache_size = {-_CACHE_KIB}")
        db.execute(f"PRAGMA page_size = {_PAGE_B}")  # of a new file; one that is there keeps its own
        try:
            _check_ours(db, path)
            if MIGRATIONS.pending(db):
                _enable_wal(db)
                with transaction(db):  # another process may be at the same; whoever comes second finds it done
                    db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                    MIGRATIONS.apply(db)
        except BaseException:
            db.close()
            raise
    return db


def _enable_wal(db: Database) -> None:
    """Switch to write-ahead logging; SQLite waits for no other process here, so we do."""
    for _ in range(_BUSY_TIMEOUT_MS // _WAL_PAUSE_MS):
        try:
            db.enable_wal()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(_WAL_PAUSE_MS / 1000)
        else:
            return
    db.enable_wal()


def _check_ours(db: Database, path: Path) -> None:
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    if application_id != _APPLICATION_ID and db.table_names():
        raise StoreError(f"{path}: a database of another program", hint="move it away or choose another site")
    empty = Database(memory=True, execute_plugins=False)
    ours = {step.name for step in MIGRATIONS.pending(empty)}
    empty.close()
    unknown = {step.name for step in MIGRATIONS.applied(db)} - ours
    if unknown:
        raise StoreError(
            f"{path}: written by a newer newsletter ({', '.join(sorted(unknown))})",
            hint=f"upgrade: pip install -U {DISTRIBUTION}",
        )


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Do what is inside entirely or not at all; inside another transaction, as a part of it.

    It takes the write lock at once: two writers wait for each other instead of failing half-way.
    """
    if db.conn.in_transaction:
        with db.atomic():
            yield
        return
    try:
        db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.conn.commit()
        except BaseException:
            db.conn.rollback()
            raise
    except sqlite3.DatabaseError as error:
        _explain(error, _file_of(db))
        raise


def _file_of(db: Database) -> str:
    return str(db.execute("PRAGMA database_list").fetchone()[2])


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        _explain(error, str(path))
        raise


def _explain(error: sqlite3.DatabaseError, path: str) -> None:
    """Raise in our words what is the file's matter; the rest is a mistake of ours.

    Raises:
        StoreError: The file is locked, full, broken or not to be written.
    """
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return
    hint = _hint(str(error)) if isinstance(error, sqlite3.OperationalError) else None
    raise StoreError(f"{path}: {error}", hint=hint) from error


def _hint(words: str) -> str | None:
    if "locked" in words:
        return "another newsletter is writing: try again when it is done"
    if "unable to open" in words:
        return "does the folder exist, and may you write there?"
    if "full" in words:
        return "free some disk space"
    return None
