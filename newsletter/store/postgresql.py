"""The store on a PostgreSQL server: the connection, and what its errors mean.

Nothing else of the package imports `psycopg`, and nothing imports this module until a site asks for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import psycopg
from psycopg import RawCursor, adapt, generators, pq
from psycopg.adapt import Buffer, Loader
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper

from newsletter.errors import (
    RequestError,
    StatementError,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreUnreachable,
)
from newsletter.models.database_url import DatabaseUrl
from newsletter.store.database import Rows, Values
from newsletter.store.full_text import MatchExpression
from newsletter.store.postgresql_dialect import translated
from newsletter.store.postgresql_match import tsquery
from newsletter.store.postgresql_schema import GENERATED, HAS_DANGLING

if TYPE_CHECKING:
    from newsletter.store.recovery_log import Record, RecoveryLog

_LOCK_TIMEOUT_S, _CONNECT_TIMEOUT_S = 30, 10
#: Writers wait for each other, as those of SQLite do; one lock for each schema. The first number is "nwsl".
_BEGIN = "BEGIN; SELECT pg_advisory_xact_lock(1853322092, hashtext(current_schema()))"
_TRANSACTION = (_BEGIN, "COMMIT", "ROLLBACK")
_SAVEPOINT = ("SAVEPOINT nested", "RELEASE nested", "ROLLBACK TO nested; RELEASE nested")
_SESSION = (
    f"SET lock_timeout = '{_LOCK_TIMEOUT_S}s'; SET client_min_messages = warning; SET TimeZone = 'UTC'; "
    # A machine that lost its power does not hold its locks for hours.
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; "
    "SET DateStyle = 'ISO'; SET standard_conforming_strings = on; SET client_encoding = 'UTF8'"
)
_COUNT_ON = "SELECT setval(pg_get_serial_sequence('{0}', '{1}'), max({1})) FROM {0}"
#: Rows that are read at once when all are.
_STREAMED = 500
#: After so many rows that this connection inserted, statements are planned anew: the server keeps plans, and one that
#: scans a table, which was small then, would be kept while the table grows, until its statistics are next taken.
_REPLANNED_AFTER = 1000
_AGAIN = "another newsletter process is writing: try again when it is done"
_ANSWERS = "check that the server runs and that database.url is right"
#: The code of an error (PostgreSQL, appendix A), or its class → our error, and what to do.
_ERRORS: dict[str, tuple[type[StoreError], str]] = {
    "55P03": (StoreLocked, _AGAIN),
    "40": (StoreLocked, _AGAIN),
    "53100": (StoreFull, "free some disk space on the server"),
    "53": (StoreUnreachable, "the server has too little memory or too many connections"),
    "25006": (StoreUnreachable, "the server only reads: is it a standby?"),
    "28": (StoreUnreachable, "check the user and the password in database.url"),
    "3D": (StoreUnreachable, "create the database: createdb"),
    "42501": (StoreUnreachable, "the user of database.url must own the schema"),
    "57": (StoreUnreachable, _ANSWERS),
    "08": (StoreUnreachable, _ANSWERS),
    "XX001": (StoreDamaged, "restore a backup that pg_dump made"),
    "XX002": (StoreDamaged, "REINDEX DATABASE, then: newsletter doctor"),
    "58": (StoreDamaged, "check the server's disk and its log"),
    "42P01": (StoreDamaged, "restore a backup that pg_dump made"),
    "42703": (StoreDamaged, "restore a backup that pg_dump made"),
}


class _BoolLoader(Loader):
    """Read a boolean as SQLite has it: 1 or 0."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data) == b"t")


class _NumericLoader(Loader):
    """Read a number that SQLite would have as an integer or a float."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text or b"N" in text else int(text)


class _BoolDumper(Int8Dumper):
    """Write a boolean as SQLite has it."""

    def dump(self, obj: Any) -> Buffer | None:
        return super().dump(int(obj))


class _TextDumper(StrDumper):
    """Write a text; PostgreSQL has no NUL in texts, and gets what stands for a character that cannot be shown."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class _MatchDumper(StrDumper):
    """Write a match expression of FTS5 as PostgreSQL's."""

    def dump(self, obj: Any) -> Buffer | None:
        return super().dump(tsquery(obj))


class PostgreSQLRows(Rows):
    """The result of a statement."""

    def __init__(self, cursor: psycopg.Cursor[Any], path: str) -> None:
        self._cursor = cursor
        self._path = path

    @property
    def path(self) -> str:
        """What errors call the database."""
        return self._path

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed."""
        return self._cursor.rowcount

    def fetchone(self) -> Any:
        """Return the next row, or None; raise as `fetchall`."""
        with store_errors(self._path):
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        """Return the rows that are left.

        Raises:
            StoreError: A row cannot be read.
        """
        with store_errors(self._path):
            return self._cursor.fetchall()


class PostgreSQLDatabase:
    """One connection to a PostgreSQL server."""

    def __init__(self, url: DatabaseUrl) -> None:
        """Connect.

        Raises:
            StoreError: The server cannot be reached, or does not let us in.
        """
        self.path = str(url)
        #: There is none: `pg_dump` and the server's own log are what a restore starts from.
        self.recovery_log: RecoveryLog | None = None
        self.url = url
        self._is_read_only = False
        self._inserted = 0
        self.connect()

    def connect(self) -> None:
        """Connect; after `close`, connect again.

        Raises:
            StoreError: The server cannot be reached, or does not let us in.
        """
        with store_errors(self.path):
            self._connection = psycopg.connect(
                self.url.text, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, application_name="newsletter",
                cursor_factory=RawCursor,
            )  # fmt: skip
        _adapt(self._connection.adapters)
        try:
            self.run(_SESSION)
            if self._is_read_only:
                self.only_read()
        except BaseException:
            self.close()
            raise

    def run(self, statements: str) -> None:
        """Execute statements as they are, without values."""
        with store_errors(self.path):
            self._connection.execute(statements, prepare=False)

    def execute(self, sql: str, values: Values = (), /) -> PostgreSQLRows:
        """Execute a statement; outside of a transaction it is committed at once.

        Raises:
            StoreError: The database cannot be used, or the statement cannot be executed.
        """
        statement = translated(sql)
        with store_errors(self.path):
            cursor = self._connection.cursor()
            cursor.execute(statement.text, statement.values(values))
        if statement.inserts:
            self._count_inserted(cursor.rowcount)
        return PostgreSQLRows(cursor, self.path)

    def executemany(self, sql: str, rows: Iterable[Values], /) -> int:
        """Execute a statement for each row, all in one transaction; return how many rows it changed.

        Raises:
            StoreError: As for `execute`.
        """
        if not self.is_in_transaction:
            with self.transaction():
                return self.executemany(sql, rows)
        statement = translated(sql)
        with store_errors(self.path):
            cursor = self._connection.cursor()
            cursor.executemany(statement.text, [statement.values(row) for row in rows])
        if statement.inserts:
            self._count_inserted(cursor.rowcount)
        return max(0, cursor.rowcount)

    def _count_inserted(self, rows: int) -> None:
        """Let statements be planned anew once many rows were inserted since they were."""
        self._inserted += rows
        if self._inserted >= _REPLANNED_AFTER:
            self._inserted = 0
            self.run("DISCARD PLANS")

    def insert(self, table: str, row: Mapping[str, Any], *, ignore: bool = False) -> int:
        """Insert a row and return its id; with `ignore`, a row that is there already stays as it is."""
        own = GENERATED.get(table)
        known = {name: value for name, value in row.items() if name != own or value is not None}
        marks = ", ".join(f":{name}" for name in known)
        sql = f"INSERT INTO {table} ({', '.join(known)}) VALUES ({marks}){' ON CONFLICT DO NOTHING' if ignore else ''}"
        if own is None:
            self.execute(sql, known)
            return int(row.get("id") or 0)
        found = self.execute(f"{sql} RETURNING {own}", known).fetchone()
        if own in known:  # what the database counts up goes on behind it
            self.execute(_COUNT_ON.format(table, own))
        return int(found[0]) if found else 0

    def update(self, table: str, number: int, row: Mapping[str, Any]) -> None:
        """Replace columns of the row with this id."""
        columns = ", ".join(f"{name} = :{name}" for name in row)
        self.execute(f"UPDATE {table} SET {columns} WHERE id = :id", {**row, "id": number})

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the `with` block does, or roll it back if it raises; nested, use a savepoint.

        Raises:
            StoreError: The database cannot be written.
        """
        begin, commit, roll_back = _SAVEPOINT if self.is_in_transaction else _TRANSACTION
        try:
            self._control(begin)
            yield
            self._control(commit)
        except BaseException:
            if self.is_in_transaction:
                with suppress(StoreError):  # what made it fail is the error to report
                    self.run(roll_back)
            raise

    def _control(self, command: str) -> None:
        """Begin a transaction or commit it without a cursor, which takes four times as much of the processor."""
        connection = self._connection.pgconn
        with store_errors(self.path), self._connection.lock:
            connection.send_query(command.encode())
            *_, last = self._connection.wait(generators.execute(connection))
            if last.status == pq.ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(last)

    @property
    def is_in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.info.transaction_status not in (pq.TransactionStatus.IDLE, pq.TransactionStatus.UNKNOWN)

    def note(self, record: Record) -> None:
        """Do nothing: there is no recovery log."""

    def try_lock(self, name: str, *, is_shared: bool = False) -> bool:
        """Take a lock that the server has until this connection ends; see `Database.try_lock`."""
        return bool(self._lock(f"pg_try_advisory_lock{'_shared' if is_shared else ''}", name))

    def unlock(self, name: str, *, is_shared: bool = False) -> None:
        """Give back such a lock."""
        self._lock(f"pg_advisory_unlock{'_shared' if is_shared else ''}", name)

    def _lock(self, function: str, name: str) -> int:
        sql = f"SELECT {function}(1853322093, hashtext(current_schema() || ' ' || CAST(? AS text)))"
        return int(self.execute(sql, [name]).fetchone()[0])

    def clock_ahead(self) -> timedelta:
        """Return how far the server's clock is ahead of this machine's."""
        (server_s,) = self.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()
        return timedelta(seconds=float(server_s) - time.time())

    def only_read(self) -> None:
        """Refuse to write from now on."""
        self._is_read_only = True
        self.run("SET default_transaction_read_only = on")

    def schema_version(self) -> int:
        """Return the number of steps that made the schema."""
        return int(self.execute("SELECT max(id) FROM _sqlite_migrations").fetchone()[0])

    def library_version(self) -> str:
        """Return the name and version of the server."""
        return f"PostgreSQL {self.execute('SHOW server_version').fetchone()[0]}"

    def size_b(self) -> int:
        """Return the size of the database, in bytes, of all schemas."""
        return int(self.execute("SELECT pg_database_size(current_database())").fetchone()[0])

    def quoted(self, text: str) -> str:
        """Return a text as a literal of SQL."""
        return "'{}'".format(text.replace("'", "''"))

    def counts(self, tables: Iterable[str]) -> dict[str, int]:
        """Count the rows of tables."""
        return {table: int(self.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables}

    @contextmanager
    def without_foreign_keys(self) -> Iterator[None]:
        """Do nothing: nothing is searched for, since the foreign key is not made (`postgresql_schema`)."""
        yield

    def problems(self, limit: int = 10) -> list[str]:
        """Read every row of every table; return which cannot be read, and what a foreign key would not allow."""
        sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"
        found: list[str] = []
        try:
            for (table,) in self.execute(sql):
                try:
                    self.execute(f"SELECT sum(length(CAST(one.* AS TEXT))) FROM {table} AS one").fetchone()
                except StoreError as error:
                    found.append(f"{table}: {error.message}")
            if self.execute(HAS_DANGLING).fetchone()[0]:
                found.append("a row of deliveries names one of digests that does not exist")
        except StoreError as error:
            found.append(error.message)
        return found[:limit]

    def copy_to(self, path: Path, counted: Iterable[str] = ()) -> NoReturn:
        """Refuse: a server is backed up by its own tools.

        Raises:
            RequestError: Always.
        """
        hint = "back it up by: pg_dump --format=custom"
        raise RequestError(f"{self.path}: the database is on a PostgreSQL server", hint=hint)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that is read in the `with` block be of one moment."""
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            self.run("ROLLBACK")

    def stream(self, sql: str, /) -> Iterator[Sequence[Any]]:
        """Yield the rows of a statement, of which few are in memory at once; in a snapshot or a transaction.

        Raises:
            StoreError: A row cannot be read.
        """
        with store_errors(self.path), self._connection.cursor("stream") as cursor:
            cursor.itersize = _STREAMED
            yield from cursor.execute(sql)

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Insert very many rows; in a transaction.

        Raises:
            StoreError: The database cannot be written.
        """
        sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        number = 0
        with store_errors(self.path), self._connection.cursor() as cursor, cursor.copy(sql) as copy:
            for number, row in enumerate(rows, 1):  # noqa: B007 - how many there were
                copy.write_row(row)
        self._count_inserted(number)

    @contextmanager
    def without_triggers(self) -> Iterator[None]:
        """Let nothing happen by itself when rows are written in the `with` block; in a transaction."""
        sql = """
            SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
            WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace"""
        tables = [str(table) for (table,) in self.execute(sql)]
        for table in tables:
            self.run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        self.run("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            self.run(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    def count_on(self) -> None:
        """Let the ids that the database gives go on behind those that are there."""
        self.run("ANALYZE")  # very much has changed at once
        for table, column in GENERATED.items():
            self.execute(_COUNT_ON.format(table, column))

    def vacuum(self) -> None:
        """Let the server use again what nothing uses any more."""
        self.run("VACUUM (ANALYZE)")

    def empty_log(self) -> None:
        """Do nothing: the server reuses its log by itself."""

    def close(self) -> None:
        """Close the connection."""
        with suppress(psycopg.Error):
            self._connection.close()


def _adapt(adapters: adapt.AdaptersMap) -> None:
    """Let values be of the types that SQLite has, both ways."""
    adapters.register_dumper(str, _TextDumper)
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_dumper(bool, _BoolDumper)
    adapters.register_dumper(MatchExpression, _MatchDumper)
    adapters.register_loader("bool", _BoolLoader)
    adapters.register_loader("numeric", _NumericLoader)


@contextmanager
def store_errors(path: str) -> Iterator[None]:
    """Translate the errors of psycopg that the `with` block raises."""
    try:
        yield
    except psycopg.Error as error:
        raise store_error(error, path) from error


def store_error(error: psycopg.Error, path: str) -> Exception:
    """Return our error for one of psycopg; a misuse of its interface is a bug, and stays as it is."""
    code = error.sqlstate or ""
    text = " ".join((error.diag.message_primary or str(error)).split())
    known = _ERRORS.get(code) or _ERRORS.get(code[:2])
    if known is None and not code:
        if isinstance(error, psycopg.ProgrammingError | psycopg.InterfaceError | psycopg.NotSupportedError):
            return error
        if isinstance(error, psycopg.OperationalError):
            known = (StoreUnreachable, _ANSWERS)
    if known is not None:
        return known[0](f"{path}: {text}", hint=known[1])
    return StatementError(f"{path}: {text}", hint="newsletter doctor examines the database")
