"""The one door to the database: every statement goes through a `Database`, and every error of it ends behind that.

There are two: `store.sqlite`, one file, and `store.postgresql`, a server. What the rest of the store relies on is
small: `execute`, `executemany`, `insert`, `update`, `transaction`. Statements are in the SQL that both understand, as
`store.postgresql_dialect` says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from newsletter.errors import RowDamaged, StoreDamaged

if TYPE_CHECKING:
    from newsletter.store.recovery_log import Record, RecoveryLog

#: Doctor says it as well, so it does not advise doctor.
DAMAGED = (
    "restore a backup: newsletter restore latest; "
    "without one, sqlite3 OLD .recover | sqlite3 NEW saves what is readable"
)
#: The limit of a list that has none.
ALL = 2**63 - 1
#: What a converter of rows raises if a value is not what the schema says.
_UNEXPECTED_VALUE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)

T = TypeVar("T")
Values = Sequence[Any] | Mapping[str, Any]


class Rows(ABC):
    """The result of a statement. Errors that occur while rows are read are ours, too."""

    @property
    @abstractmethod
    def rowcount(self) -> int:
        """How many rows the statement changed."""

    @property
    @abstractmethod
    def path(self) -> str:
        """What errors call the database."""

    @abstractmethod
    def fetchone(self) -> Any:
        """Return the next row, or None; raise as `fetchall`."""

    @abstractmethod
    def fetchall(self) -> list[Any]:
        """Return the rows that are left.

        Raises:
            StoreError: A row cannot be read.
        """

    def __iter__(self) -> Iterator[Any]:
        """Read all rows at once, so that no read transaction stays open; raise as `fetchall`."""
        return iter(self.fetchall())

    def into(self, make: Callable[[Any], T]) -> list[T]:
        """Return what `make` makes of each row.

        Raises:
            StoreDamaged: `make` cannot read a row: a value is not what the schema says.
            StoreError: A row cannot be read.
        """
        return self.whole(lambda rows: [make(row) for row in rows])

    def whole(self, make: Callable[[list[Any]], T]) -> T:
        """Return what `make` makes of all rows; raise as `into`."""
        rows = self.fetchall()
        try:
            return make(rows)
        except _UNEXPECTED_VALUE as error:
            raise self._unexpected(error) from error

    def one(self, make: Callable[[Any], T]) -> T | None:
        """Return what `make` makes of the next row, or None if there is none; raise as `into`."""
        row = self.fetchone()
        try:
            return None if row is None else make(row)
        except _UNEXPECTED_VALUE as error:
            raise self._unexpected(error) from error

    def _unexpected(self, error: Exception) -> RowDamaged:
        found = damaged(self.path, f"a value is not valid: {type(error).__name__}: {error}")
        return RowDamaged(found.message, hint=found.hint)


class Database(Protocol):
    """One connection to the database; it belongs to the thread that opened it, unless it is lent."""

    #: The file, or what errors call the database.
    path: str
    #: What must outlive the database is appended here before it is committed; None for none.
    recovery_log: RecoveryLog | None

    def connect(self) -> None:
        """Connect; after `close`, connect again.

        Raises:
            StoreError: The database cannot be used.
        """

    def execute(self, sql: str, values: Values = (), /) -> Rows:
        """Execute a statement; outside of a transaction it is committed at once.

        Raises:
            StoreError: The database cannot be used, or the statement cannot be executed.
        """

    def executemany(self, sql: str, rows: Iterable[Values], /) -> int:
        """Execute a statement for each row, all in one transaction; return how many rows it changed.

        Raises:
            StoreError: As for `execute`.
        """

    def insert(self, table: str, row: Mapping[str, Any], *, ignore: bool = False) -> int:
        """Insert a row and return its id; with `ignore`, a row that is there already stays as it is."""

    def update(self, table: str, number: int, row: Mapping[str, Any]) -> None:
        """Replace columns of the row with this id."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit what the `with` block does, or roll it back if it raises; nested, use a savepoint.

        The write lock is taken at the beginning, so that two writers wait for each other instead of failing half-way.

        Raises:
            StoreError: The database cannot be written.
        """

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction is open; one statement in it needs no savepoint, which costs more than itself."""

    def note(self, record: Record) -> None:
        """Add a record to the recovery log when the present transaction is committed, or at once if there is none."""

    def run(self, statements: str) -> None:
        """Execute statements as they are, without values."""

    def try_lock(self, name: str, *, is_shared: bool = False) -> bool:
        """Take a lock that the server has until this connection ends; return False if another connection has it.

        One that is shared excludes only those that are not. A file has no such locks, and gives them to everybody: the
        operating system locks files of the site.
        """

    def unlock(self, name: str, *, is_shared: bool = False) -> None:
        """Give back such a lock."""

    def clock_ahead(self) -> timedelta:
        """Return how far the database's clock is ahead of this machine's."""

    def only_read(self) -> None:
        """Refuse to write from now on."""

    def schema_version(self) -> int:
        """Return a number that changes with the schema, and when all content is replaced."""

    def library_version(self) -> str:
        """Return the name and version of the database's program."""

    def size_b(self) -> int:
        """Return the size of the database, in bytes."""

    def quoted(self, text: str) -> str:
        """Return a text as a literal of SQL."""

    def counts(self, tables: Iterable[str]) -> dict[str, int]:
        """Count the rows of tables."""

    def without_foreign_keys(self) -> AbstractContextManager[None]:
        """Delete rows in the `with` block to which nothing refers, without a search for it. Not in a transaction."""

    def problems(self, limit: int = 10) -> list[str]:
        """Examine the whole database; return what is damaged, as far as it can tell, or []."""

    def copy_to(self, path: Path, counted: Iterable[str] = ()) -> dict[str, int]:
        """Copy the database as it is now into a new file, while others use it; return the rows by table.

        Raises:
            StoreError: The copy cannot be written, or the database is not a file.
        """

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all that is read in the `with` block be of one moment."""

    def stream(self, sql: str, /) -> Iterator[Sequence[Any]]:
        """Yield the rows of a statement, of which few are in memory at once; in a snapshot or a transaction.

        Raises:
            StoreError: A row cannot be read.
        """

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert very many rows; in a transaction.

        Raises:
            StoreError: The database cannot be written.
        """

    def without_triggers(self) -> AbstractContextManager[None]:
        """Let nothing happen by itself when rows are written in the `with` block; in a transaction."""

    def count_on(self) -> None:
        """Let the ids that the database gives go on behind those that are there."""

    def vacuum(self) -> None:
        """Give back what nothing uses any more."""

    def empty_log(self) -> None:
        """Empty the log of changes, if there is one that the program can empty."""

    def close(self) -> None:
        """Close the connection."""


def moment_of(row: tuple[str | None]) -> datetime | None:
    """Return the moment in a row's only column, or None if it is NULL."""
    return datetime.fromisoformat(row[0]) if row[0] else None


def damaged(path: str, what: str) -> StoreDamaged:
    """Return the error that a file is damaged, in one line."""
    return StoreDamaged(f"{path}: {' '.join(what.split())[:200]}", hint=DAMAGED)
