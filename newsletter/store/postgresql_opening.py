"""Open a store on a PostgreSQL server: check that it is ours, make its tables, or bring them to the present schema."""

from __future__ import annotations

from newsletter import __version__
from newsletter.errors import StoreDamaged, StoreForeign
from newsletter.models.database_url import DatabaseUrl
from newsletter.store import text_index
from newsletter.store.migrations import STEPS
from newsletter.store.opening import schema_of_release
from newsletter.store.postgresql import PostgreSQLDatabase
from newsletter.store.postgresql_schema import statements, table_names

_TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"


def open_on_server(url: DatabaseUrl) -> PostgreSQLDatabase:
    """Connect to a database; make the store in it if it is empty.

    Raises:
        StoreError: The server cannot be reached, or the database is of another program or another release.
    """
    db = PostgreSQLDatabase(url)
    try:
        if not _is_ready(db):
            with db.transaction():  # if another process does it too, the second finds it done
                if not _is_ready(db):
                    _make(db)
        if text_index.is_outdated(db):
            with db.transaction():
                text_index.rebuild_outdated(db)
    except BaseException:
        db.close()
        raise
    return db


def _is_ready(db: PostgreSQLDatabase) -> bool:
    """Return whether the store is there and of the present schema; False if the database is empty.

    Raises:
        StoreError: It is of another program, or another release.
    """
    (known,) = db.execute("SELECT to_regclass('_sqlite_migrations') IS NOT NULL").fetchone()
    if not known:
        if db.execute(_TABLES).fetchone()[0]:
            raise StoreForeign(f"{db.path}: not a newsletter database", hint="create an empty one: createdb")
        return False
    sql = "SELECT name FROM _sqlite_migrations WHERE migration_set = 'newsletter'"
    applied = {str(name) for (name,) in db.execute(sql)}
    if unknown := sorted(applied.difference(STEPS)):
        names = ", ".join(unknown)
        raise StoreForeign(
            f"{db.path}: the schema is newer than this release, {__version__} ({names})", hint="upgrade newsletter"
        )
    if pending := [step for step in STEPS if step not in applied]:
        raise StoreDamaged(f"{db.path}: its list of migrations lacks {pending[0]}", hint="restore a backup")
    return True


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
