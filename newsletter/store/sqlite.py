"""The store in one SQLite file: the connection, and what SQLite's errors mean.

Nothing else of the package imports `sqlite3`, but the migrations.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsletter.errors import (
    RowDamaged,
    StatementError,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreUnreachable,
)
from newsletter.store.database import DAMAGED, Rows, Values, damaged

if TYPE_CHECKING:
    from newsletter.store.recovery_log import Record, RecoveryLog

_BUSY_TIMEOUT_MS = 30_000
_CHECKPOINT_TIMEOUT_MS = 1_000
# An abstract fills half of SQLite's default page, and the index that a pull updates exceeds the default cache of 2 MB.
# With these values a large pull takes a tenth less time.
_PAGE_SIZE_B = 8192
_CACHE_KIB = 16_384
#: Of a connection that only reads, of which a process keeps several.
_READ_ONLY_CACHE_KIB = 8_192

_WRITABLE = "check that the folder exists and is writable"
#: Primary or extended result code (sqlite.org/rescode.html) → the error, and what to do.
_ERRORS: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreLocked, "another newsletter process is writing: try again when it is done"),
    sqlite3.SQLITE_LOCKED: (StoreLocked, "another newsletter process is writing: try again when it is done"),
    sqlite3.SQLITE_PROTOCOL: (StoreLocked, "other newsletter processes use it: try again"),
    sqlite3.SQLITE_FULL: (StoreFull, "free some disk space"),
    sqlite3.SQLITE_CANTOPEN: (StoreUnreachable, _WRITABLE),
    sqlite3.SQLITE_PERM: (StoreUnreachable, _WRITABLE),
    sqlite3.SQLITE_READONLY: (StoreUnreachable, "check the permissions of the file and its folder"),
    sqlite3.SQLITE_IOERR_SHMSIZE: (StoreFull, "free some disk space"),  # the index of the log cannot grow
    sqlite3.SQLITE_IOERR: (StoreUnreachable, "check the disk, then: newsletter doctor"),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, DAMAGED),
    sqlite3.SQLITE_FORMAT: (StoreDamaged, DAMAGED),
    sqlite3.SQLITE_INTERNAL: (StoreDamaged, DAMAGED),
    sqlite3.SQLITE_NOTADB: (StoreDamaged, "restore a backup; or move the file away, if it is not the newsletter's"),
}
#: SQLite reports these of a damaged file under its general code.
_DAMAGE = ("malformed", "no such table", "no such column", "vtable constructor", "already exists", "invalid rootpage")
#: A message of SQLite may quote a damaged schema that is not UTF-8; Python then fails to make its error.
_FAILURES = (sqlite3.Error, UnicodeDecodeError)


class _Connection(sqlite3.Connection):
    """A connection that knows the file that errors name."""

    path: str


class SQLiteRows(sqlite3.Cursor, Rows):
    """The result of a statement. Errors that occur while rows are read are ours, too."""

    connection: _Connection

    def fetchone(self) -> Any:
        """Return the next row, or None.

        Raises:
            StoreError: The row cannot be read.
        """
        try:
            return super().fetchone()
        except _FAILURES as error:
            raise store_error(error, self.connection.path) from error

    def fetchall(self) -> list[Any]:
        """Return the rows that are left.

        Raises:
            StoreError: A row cannot be read.
        """
        try:
            return super().fetchall()
        except _FAILURES as error:
            raise store_error(error, self.connection.path) from error

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        """Read all rows at once, so that no read transaction stays open; raise as `fetchall`."""
        return iter(self.fetchall())

    @property
    def path(self) -> str:
        """The file."""
        return self.connection.path


class SQLiteDatabase:
    """One connection to the database file; it belongs to the thread that opened it."""

    def __init__(self, path: Path, *, is_lent: bool = False) -> None:
        """Open the file, or create it; a connection that is lent may go from one thread to another.

        Raises:
            StoreError: The file cannot be opened, or is not SQLite.
        """
        self.path = str(path)
        #: What must outlive the database is appended here before it is committed; None for a copy.
        self.recovery_log: RecoveryLog | None = None
        self._noted: list[Record] = []
        self._is_lent = is_lent
        self.connect()

    def connect(self) -> None:
        """Open the file, or create it; after `close`, open it again.

        Raises:
            StoreError: The file cannot be opened, or is not SQLite.
        """
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=_BUSY_TIMEOUT_MS / 1000, isolation_level=None, factory=_Connection,
                check_same_thread=not self._is_lent,
            )  # fmt: skip
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error
        self._connection.path = self.path
        try:
            self.execute("PRAGMA foreign_keys = ON")
            self.execute("PRAGMA synchronous = FULL")
            self.execute(
                "PRAGMA secure_delete = ON"
            )  # what is erased is overwritten, too, whatever SQLite's build says
            self.execute(f"PRAGMA cache_size = {-_CACHE_KIB}")
            self.execute(f"PRAGMA page_size = {_PAGE_SIZE_B}")  # only takes effect in a new file
        except BaseException:
            self.close()
            raise

    def execute(self, sql: str, values: Values = ()) -> SQLiteRows:
        """Execute a statement; outside of a transaction it is committed at once.

        Raises:
            StoreError: The database cannot be used, or the statement cannot be executed.
        """
        try:
            # Not `SQLiteRows(…)`: a connection forgets the cursors that are gone only when it makes one itself.
            return self._connection.cursor(SQLiteRows).execute(sql, values)
        except _FAILURES as error:
            raise store_error(error, self.path) from error

    def executemany(self, sql: str, rows: Iterable[Values]) -> int:
        """Execute a statement for each row, all in one transaction; return how many rows it changed.

        Raises:
            StoreError: As for `execute`.
        """
        if not self._connection.in_transaction:
            with self.transaction():
                return self.executemany(sql, rows)
        try:
            return self._connection.executemany(sql, rows).rowcount
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error

    def insert(self, table: str, row: Mapping[str, Any], *, ignore: bool = False) -> int:
        """Insert a row and return its id; with `ignore`, a row that is there already stays as it is."""
        marks = ", ".join(f":{name}" for name in row)
        verb = "INSERT OR IGNORE" if ignore else "INSERT"
        return self.execute(f"{verb} INTO {table} ({', '.join(row)}) VALUES ({marks})", row).lastrowid or 0

    def update(self, table: str, number: int, row: Mapping[str, Any]) -> None:
        """Replace columns of the row with this id."""
        columns = ", ".join(f"{name} = :{name}" for name in row)
        self.execute(f"UPDATE {table} SET {columns} WHERE id = :id", {**row, "id": number})

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the `with` block does, or roll it back if it raises; nested, use a savepoint.

        The write lock is taken at the beginning, so that two writers wait for each other instead of failing half-way.

        Raises:
            StoreError: The database cannot be written.
        """
        is_nested = self._connection.in_transaction
        begin, commit, roll_back = _SAVEPOINT if is_nested else _TRANSACTION
        noted = len(self._noted)
        self.execute(begin)
        try:
            yield
            if not is_nested:
                self._write_notes()
            self.execute(commit)
        except BaseException:
            del self._noted[noted:]
            if self._connection.in_transaction:  # SQLite rolls back by itself when the disk is full, for example
                with suppress(StoreError):  # what made it fail is the error to report
                    for statement in roll_back:
                        self.execute(statement)
            raise

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction is open; one statement in it needs no savepoint, which costs more than itself."""
        return self._connection.in_transaction

    def note(self, record: Record) -> None:
        """Add a record to the recovery log when the present transaction is committed, or at once if there is none."""
        if self._connection.in_transaction:
            self._noted.append(record)
        else:
            with self.transaction():
                self._noted.append(record)

    def _write_notes(self) -> None:
        """Append what the transaction noted; if its commit fails after that, the log knows too much, which is safe.

        Raises:
            StoreError: The recovery log cannot be written.
        """
        if self._noted and self.recovery_log is not None:
            self.recovery_log.append(self._noted)
        self._noted.clear()

    def empty_log(self) -> None:
        """Checkpoint and truncate the write-ahead log, unless other processes read for longer than a second."""
        self.execute(f"PRAGMA busy_timeout = {_CHECKPOINT_TIMEOUT_MS}")
        try:
            self.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")

    def copy_to(self, path: Path, counted: Iterable[str] = ()) -> dict[str, int]:
        """Copy the database as it is now into a new file, while others read and write it; return the rows by table.

        No write lock is held: what is written meanwhile is not in the copy (sqlite.org/backup.html).

        Raises:
            StoreError: The file exists, or the database cannot be read or the copy not written.
        """
        with store_errors(str(path)):
            target = sqlite3.connect(path)
            try:
                self.execute("BEGIN")  # the counts and the copy are of one moment
                try:
                    (_,) = self.execute("SELECT count(*) FROM sqlite_master").fetchone()
                    counts = self.counts(counted)
                    self._connection.backup(target)
                    target.execute("PRAGMA journal_mode = DELETE")  # one file, which can be read where none is written
                finally:
                    self.execute("COMMIT")
            finally:
                target.close()
        return counts

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that is read in the `with` block be of one moment."""
        self.execute("BEGIN")
        try:
            yield
        finally:
            self.execute("COMMIT")

    def stream(self, sql: str, /) -> Iterator[Sequence[Any]]:
        """Yield the rows of a statement, of which few are in memory at once; in a snapshot or a transaction.

        Raises:
            StoreError: A row cannot be read.
        """
        with store_errors(self.path):
            yield from self._connection.execute(sql)

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert very many rows; in a transaction.

        Raises:
            StoreError: The database cannot be written.
        """
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        self.executemany(sql, rows)

    @contextmanager
    def without_triggers(self) -> Iterator[None]:
        """Let nothing happen by itself when rows are written in the `with` block; in a transaction."""
        triggers = self.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            self.execute(f"DROP TRIGGER {name}")
        yield
        for _, sql in triggers:
            self.execute(sql)

    def count_on(self) -> None:
        """Do nothing: the next id is the one behind the highest."""

    def replace_by(self, other: SQLiteDatabase) -> None:
        """Replace all content by that of another database, in one transaction: others see the one or the other.

        Raises:
            StoreError: A database cannot be read or written, or another process is writing.
        """
        with store_errors(self.path):
            other.raw.backup(self._connection)

    def run(self, statements: str) -> None:
        """Execute statements as they are, without values; not in a transaction."""
        with store_errors(self.path):
            self._connection.executescript(statements)

    def try_lock(self, _name: str, *, is_shared: bool = False) -> bool:
        """Return True: the operating system locks files of the site."""
        return True

    def unlock(self, name: str, *, is_shared: bool = False) -> None:
        """Do nothing."""

    def clock_ahead(self) -> timedelta:
        """Return 0: the database is on this machine."""
        return timedelta()

    def only_read(self) -> None:
        """Refuse to write from now on."""
        self.execute("PRAGMA query_only = ON")
        self.execute(f"PRAGMA cache_size = {-_READ_ONLY_CACHE_KIB}")

    def schema_version(self) -> int:
        """Return a number that changes with the schema, and when all content is replaced."""
        return int(self.execute("PRAGMA schema_version").fetchone()[0])

    def library_version(self) -> str:
        """Return the name and version of SQLite."""
        return f"SQLite {self.execute('SELECT sqlite_version()').fetchone()[0]}"

    def size_b(self) -> int:
        """Return the size of the file, in bytes."""
        return Path(self.path).stat().st_size

    def quoted(self, text: str) -> str:
        """Return a text as a literal of SQL."""
        return str(self.execute("SELECT quote(?)", [text]).fetchone()[0])

    def page_size(self) -> int:
        """Return the size of a page, in bytes."""
        return int(self.execute("PRAGMA page_size").fetchone()[0])

    def change_page_size(self, size_b: int) -> None:
        """Rewrite the database with another size of its pages; nobody else may use it."""
        for statement in ("journal_mode = DELETE", f"page_size = {size_b}"):
            self.execute(f"PRAGMA {statement}").fetchall()
        self.vacuum()
        self.execute("PRAGMA journal_mode = WAL").fetchall()

    def vacuum(self) -> None:
        """Rewrite the file without the pages that nothing uses any more; others can read, and wait to write."""
        self.execute("VACUUM")

    def counts(self, tables: Iterable[str]) -> dict[str, int]:
        """Count the rows of tables."""
        return {table: int(self.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables}

    @contextmanager
    def without_foreign_keys(self) -> Iterator[None]:
        """Delete rows in the `with` block to which nothing refers, without a search for it. Not in a transaction."""
        self.execute("PRAGMA foreign_keys = OFF")
        try:
            yield
        finally:
            self.execute("PRAGMA foreign_keys = ON")

    def problems(self, limit: int = 10) -> list[str]:
        """Examine the whole file; return what is damaged, as far as SQLite can tell, or []."""
        found: list[str] = []
        try:
            for (line,) in self.execute(f"PRAGMA integrity_check({limit})"):
                found += [one for one in str(line).splitlines() if one != "ok" and not self._is_mistaken(one)]
            for table, _, parent, _ in self.execute("PRAGMA foreign_key_check"):
                found.append(f"a row of {table} names one of {parent} that does not exist")
        except StoreError as error:
            found.append(error.message)
        return found[:limit]

    def _is_mistaken(self, problem: str) -> bool:
        """Return whether SQLite only thinks that a column is NULL.

        SQLite 3.40 does of tables WITHOUT ROWID whose primary key is not their first columns, as `former_addresses`.
        """
        match = re.fullmatch(r"NULL value in (\w+)\.(\w+)", problem)
        if match is None:
            return False
        (is_null,) = self.execute(f"SELECT EXISTS (SELECT 1 FROM {match[1]} WHERE {match[2]} IS NULL)").fetchone()
        return not is_null

    @property
    def raw(self) -> sqlite3.Connection:
        """SQLite's own connection, for this module and `newsletter.store.migrations` alone."""
        return self._connection

    def close(self) -> None:
        """Close the connection."""
        with suppress(sqlite3.Error):  # nothing is written by closing that was not committed
            self._connection.close()


_TRANSACTION = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_SAVEPOINT = ("SAVEPOINT nested", "RELEASE nested", ("ROLLBACK TO nested", "RELEASE nested"))


@contextmanager
def store_errors(path: str) -> Iterator[None]:
    """Translate the errors of SQLite that the `with` block raises."""
    try:
        yield
    except _FAILURES as error:
        raise store_error(error, path) from error


def store_error(error: sqlite3.Error | UnicodeDecodeError, path: str) -> Exception:
    """Return our error for an error of SQLite; a misuse of its interface is a bug, and stays as it is."""
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError | sqlite3.NotSupportedError):
        return error
    text = str(error)
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # of Python's module itself; the text that is not UTF-8 is part of the message
        found = damaged(path, "a text is not UTF-8" if "decode" in text else text)
        return RowDamaged(found.message, hint=found.hint) if "decode" in text else found
    known = _ERRORS.get(code) or _ERRORS.get(code & 0xFF)
    if known is not None:
        return known[0](f"{path}: {' '.join(text.split())}", hint=known[1])
    if code & 0xFF == sqlite3.SQLITE_ERROR and any(sign in text for sign in _DAMAGE):
        return damaged(path, text)
    return StatementError(f"{path}: {' '.join(text.split())}", hint="newsletter doctor examines the database")
