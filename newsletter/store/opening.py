"""Open the database of a site: check that it is ours, create it, or migrate it to the present schema."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from newsletter import __version__
from newsletter.errors import StatementError, StoreDamaged, StoreForeign, StoreLocked
from newsletter.errors.installation import installation
from newsletter.files.private_files import touch_private
from newsletter.store import text_index
from newsletter.store.copies import BEFORE_UPGRADE, keep_copy, latest_copy
from newsletter.store.database import damaged
from newsletter.store.facts import set_fact
from newsletter.store.migrations import STEPS
from newsletter.store.recovery_log import folder_of
from newsletter.store.sqlite import SQLiteDatabase, store_errors

_APPLICATION_ID = 0x6E77736C  # "nwsl"
_logger = logging.getLogger(__name__)
_RETRIES = 100
_RETRY_MS = 20


def open_database(path: Path, *, is_copy: bool = False, is_lent: bool = False) -> SQLiteDatabase:
    """Open the database file; create it or migrate it to the present schema, and keep a copy of what it was before.

    Of a copy (`is_copy`) none is kept. A connection that is lent may go from one thread to another.

    Raises:
        StoreError: The file is empty or lost, not SQLite, damaged, of another program or a newer release, or read-only.
    """
    _refuse_empty(path)
    if not is_copy:
        _refuse_lost(path)
    with suppress(OSError):  # which SQLite will report
        touch_private(path)  # it gives its log and its index of the log the same permissions
    db = SQLiteDatabase(path, is_lent=is_lent)
    try:
        if is_copy or _pending(db):
            _enable_wal(db)
            with db.transaction():  # if another process migrates too, the second finds nothing pending
                if _pending(db):
                    if not is_copy:
                        _keep_copy(db)
                    db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                    _migrate(db)
        text_index.rebuild_outdated(db)
    except BaseException:
        db.close()
        raise
    return db


def _refuse_lost(path: Path) -> None:
    """Refuse to create a database beside the recovery log of another: it would mail people who unsubscribed."""
    folder = folder_of(path)
    if not path.exists() and any(folder.glob("*.jsonl")) and not path.exists():
        hint = "restore a backup: newsletter restore latest; or, to begin anew, delete that folder"
        raise StoreDamaged(f"{path}: the file is gone, and {folder.name} is there", hint=hint)


def _refuse_empty(path: Path) -> None:
    """Refuse a file of no bytes, after a moment in which another process may be creating it.

    It is what a full disk leaves of a copy. To begin anew in it would look as if there had never been subscribers.
    """
    for _ in range(_RETRIES):
        if not path.is_file() or path.stat().st_size:
            return
        time.sleep(_RETRY_MS / 1000)
    raise StoreDamaged(f"{path}: the file is empty", hint="restore a backup; or delete the file, to begin anew")


def _pending(db: SQLiteDatabase) -> bool:
    """Return whether steps are pending.

    Raises:
        StoreError: The database is damaged, of another program or of a newer release.
    """
    tables = {str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    if application_id != _APPLICATION_ID:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        if tables or pages > 1:
            raise StoreForeign(f"{db.path}: not a newsletter database", hint="move it away, or choose another site")
        return True
    sql = "SELECT name FROM _sqlite_migrations WHERE migration_set = 'newsletter'"
    applied = {str(name) for (name,) in db.execute(sql)} if "_sqlite_migrations" in tables else set()
    unknown, pending = applied.difference(STEPS), set(STEPS) - applied
    if not applied:  # a new file gets its tables in the transaction that makes it ours
        raise damaged(db.path, "its list of tables is gone")
    if unknown and pending:  # a newer release has all our steps, too
        raise damaged(db.path, "its list of migrations is not one of ours")
    if unknown:
        raise _too_new(db, sorted(unknown), has_facts="store_facts" in tables)
    return bool(pending)


def _too_new(db: SQLiteDatabase, unknown: list[str], *, has_facts: bool) -> StoreForeign:
    """Return the error that a newer release made this database: which one, and what to do."""
    row = db.execute("SELECT value FROM store_facts WHERE name = 'release'").fetchone() if has_facts else None
    release, names = f"release {row[0]}" if row else "a later one", ", ".join(unknown)
    copy = latest_copy(Path(db.path), BEFORE_UPGRADE)
    hint = f"upgrade: {installation().upgrade_command()}"
    if copy is not None:
        hint += f"; or go back to the copy from before the upgrade: newsletter restore {copy}"
    return StoreForeign(
        f"{db.path}: the schema is newer than this release, {__version__}: {release} upgraded it ({names})",
        hint=hint,
    )


def _keep_copy(db: SQLiteDatabase) -> None:
    """Copy a database of an older release before it is migrated, and report where in one line.

    Raises:
        StoreError: There is no room for the copy, for example; nothing was migrated.
    """
    if db.execute("SELECT EXISTS (SELECT 1 FROM sqlite_master)").fetchone()[0]:
        other = SQLiteDatabase(Path(db.path))  # the connection that migrates is in a transaction
        try:
            copy = keep_copy(other, BEFORE_UPGRADE)
        finally:
            other.close()
        _logger.warning("newsletter: the database is upgraded to release %s; a copy of it is in %s", __version__, copy)


def _enable_wal(db: SQLiteDatabase) -> None:
    """Switch to write-ahead logging; SQLite does not apply the busy timeout to this, so retry."""
    for remaining in reversed(range(_RETRIES * 15)):
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchall()
        except StoreLocked:
            if not remaining:
                raise
            time.sleep(_RETRY_MS / 1000)
        else:
            return


@contextmanager
def schema_of_release() -> Iterator[SQLiteDatabase]:
    """Lend a database in memory that has the present schema, and the rows of an empty store."""
    db = SQLiteDatabase(Path(":memory:"))
    try:
        with db.transaction():
            _migrate(db)
        yield db
    finally:
        db.close()


def _migrate(db: SQLiteDatabase) -> None:
    import sqlite_utils  # noqa: PLC0415 - not before a step is pending: it takes a tenth of a second

    from newsletter.store.migrations.steps import MIGRATIONS  # noqa: PLC0415 - the same

    try:
        with store_errors(db.path):
            MIGRATIONS.apply(sqlite_utils.Database(db.raw, execute_plugins=False))
    except StatementError as error:
        dangling = db.execute("PRAGMA foreign_key_check").fetchone()
        if dangling is None:
            raise
        raise damaged(db.path, f"a row of {dangling[0]} names one of {dangling[2]} that does not exist") from error
    set_fact(db, "release", __version__)
