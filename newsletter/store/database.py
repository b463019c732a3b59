"""Open the SQLite file, check that it is ours, and run transactions."""

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
_WAL_RETRY_MS = 20
_CHECKPOINT_TIMEOUT_MS = 1_000
# An abstract fills half of SQLite's default page, and the index that a pull updates exceeds the default cache of 2 MB.
# With these values a large pull takes a tenth less time.
_PAGE_SIZE_B = 8192
_CACHE_KIB = 16_384


def open_database(path: Path) -> Database:
    """Open the database file; create it or migrate it to the present schema.

    Raises:
        StoreError: The file is not SQLite, belongs to another program, has a newer schema, or is not writable.
    """
    with _store_errors(path):
        db = Database(path, execute_plugins=False)
        db.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten, too, whatever SQLite's build says
        db.execute(f"PRAGMA cache_size = {-_CACHE_KIB}")
        db.execute(f"PRAGMA page_size = {_PAGE_SIZE_B}")  # only takes effect in a new file
        try:
            _check_ours(db, path)
            if MIGRATIONS.pending(db):
                _enable_wal(db)
                with transaction(db):  # if another process migrates too, the second finds nothing pending
                    db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                    MIGRATIONS.apply(db)
        except BaseException:
            db.close()
            raise
    return db


def _enable_wal(db: Database) -> None:
    """Switch to write-ahead logging; SQLite does not apply the busy timeout to this, so retry."""
    for _ in range(_BUSY_TIMEOUT_MS // _WAL_RETRY_MS):
        try:
            db.enable_wal()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(_WAL_RETRY_MS / 1000)
        else:
            return
    db.enable_wal()


def _check_ours(db: Database, path: Path) -> None:
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    if application_id != _APPLICATION_ID and db.table_names():
        raise StoreError(f"{path}: not a newsletter database", hint="move it away, or choose another site")
    empty = Database(memory=True, execute_plugins=False)
    known = {step.name for step in MIGRATIONS.pending(empty)}
    empty.close()
    unknown = {step.name for step in MIGRATIONS.applied(db)} - known
    if unknown:
        raise StoreError(
            f"{path}: the schema is newer than this release ({', '.join(sorted(unknown))})",
            hint=f"upgrade: pip install -U {DISTRIBUTION}",
        )


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Commit what the `with` block does, or roll it back if it raises; nested, use a savepoint.

    The write lock is taken at the beginning, so that two writers wait for each other instead of failing half-way.

    Raises:
        StoreError: The file is locked, full, corrupt or read-only.
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
        _raise_store_error(error, _file_of(db))
        raise


def empty_log(db: Database) -> None:
    """Checkpoint and truncate the write-ahead log, unless other processes read for longer than a second."""
    db.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_TIMEOUT_MS}")
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        db.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")


def _file_of(db: Database) -> str:
    return str(db.execute("PRAGMA database_list").fetchone()[2])


@contextmanager
def _store_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        _raise_store_error(error, str(path))
        raise


def _raise_store_error(error: sqlite3.DatabaseError, path: str) -> None:
    """Raise a StoreError if the cause is the file; return if it is a bug of ours (a violated constraint, wrong SQL).

    Raises:
        StoreError: The file is locked, full, corrupt or read-only.
    """
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return
    hint = _hint(str(error)) if isinstance(error, sqlite3.OperationalError) else None
    raise StoreError(f"{path}: {error}", hint=hint) from error


def _hint(message: str) -> str | None:
    if "locked" in message:
        return "another newsletter process is writing: try again when it is done"
    if "unable to open" in message:
        return "check that the folder exists and is writable"
    if "full" in message:
        return "free some disk space"
    return None
