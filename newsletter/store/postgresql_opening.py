"""Open a store on a PostgreSQL server: check that it is ours, make its tables, or bring them to the present schema."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from newsletter import __version__
from newsletter.errors import StoreDamaged, StoreForeign
from newsletter.models.database_url import DatabaseUrl
from newsletter.store import text_index
from newsletter.store.facts import set_fact
from newsletter.store.migrations import STEPS
from newsletter.store.opening import schema_of_release
from newsletter.store.postgresql import PostgreSQLDatabase
from newsletter.store.postgresql_rewrites import REWRITES
from newsletter.store.postgresql_schema import additions, statements, table_names

_logger = logging.getLogger(__name__)
#: What a step after m044 does beside adding tables, columns and indexes, which are derived: its name → statements.
CHANGES_OF_ROWS: dict[str, str] = {}
_TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"


def open_on_server(url: DatabaseUrl) -> PostgreSQLDatabase:
    """Connect to a database; make the store in it if it is empty.

    Raises:
        StoreError: The server cannot be reached, or the database is of another program or another release.
    """
    db = PostgreSQLDatabase(url)
    try:
        if _pending(db):
            with db.transaction():  # if another process does it too, the second finds nothing pending
                if pending := _pending(db):
                    _make(db) if len(pending) == len(STEPS) else _upgrade(db, pending)
        text_index.rebuild_outdated(db)
    except BaseException:
        db.close()
        raise
    return db


def _pending(db: PostgreSQLDatabase) -> list[str]:
    """Return the steps that are pending: all of them in an empty database.

    Raises:
        StoreError: It is of another program, or a newer release.
    """
    (known,) = db.execute("SELECT to_regclass('_sqlite_migrations') IS NOT NULL").fetchone()
    if not known:
        if db.execute(_TABLES).fetchone()[0]:
            raise StoreForeign(f"{db.path}: not a newsletter database", hint="create an empty one: createdb")
        return list(STEPS)
    sql = "SELECT name FROM _sqlite_migrations WHERE migration_set = 'newsletter'"
    applied = {str(name) for (name,) in db.execute(sql)}
    if unknown := sorted(applied.difference(STEPS)):
        names = ", ".join(unknown)
        raise StoreForeign(
            f"{db.path}: the schema is newer than this release, {__version__} ({names})", hint="upgrade newsletter"
        )
    pending = [step for step in STEPS if step not in applied]
    if len(pending) == len(STEPS) or tuple(pending) != STEPS[len(applied) :]:
        raise StoreDamaged(f"{db.path}: its list of migrations lacks {pending[0]}", hint="restore a backup")
    return pending


def _make(db: PostgreSQLDatabase) -> None:
    """Make the tables that the migrations make, with the rows that these put into them."""
    (encoding,) = db.execute("SHOW server_encoding").fetchone()
    if encoding != "UTF8":
        hint = "create one with UTF-8: createdb --encoding=UTF8 --template=template0"
        raise StoreForeign(f"{db.path}: the encoding of the database is {encoding}", hint=hint)
    with schema_of_release() as source:
        for statement in statements(source):
            db.run(statement)
        for table in table_names(source):
            rows = source.execute(f"SELECT * FROM {table}").fetchall()
            if rows:
                db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    db.count_on()


def _upgrade(db: PostgreSQLDatabase, pending: Sequence[str]) -> None:
    """Rewrite tables as the pending steps do, add what they add to the schema, change rows, and record the steps."""
    for step in pending:
        if step in REWRITES:
            db.run(REWRITES[step])
    sql = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
    known: defaultdict[str, set[str]] = defaultdict(set)
    for table, column in db.execute(sql):
        known[table].add(column)
    sql = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
    indexes = {str(name) for (name,) in db.execute(sql)}
    with schema_of_release() as source:
        for statement in additions(source, known, indexes):
            db.run(statement)
    for step in pending:
        if step in CHANGES_OF_ROWS:
            db.run(CHANGES_OF_ROWS[step])
        now = datetime.now(UTC).isoformat()
        db.insert("_sqlite_migrations", {"migration_set": "newsletter", "name": step, "applied_at": now})
    set_fact(db, "release", __version__)
    _logger.warning("newsletter: the database is upgraded to release %s", __version__)
