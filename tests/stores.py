"""New stores by copying one, since the migrations take longer than what most tests do with a store."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.store import Store, open_store
from newsletter.store.sqlite import SQLiteDatabase


@cache
def _new_file() -> bytes:
    """Return the content of a new store's file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "newsletter.db"
        open_store(path).close()
        return path.read_bytes()


def place_new_store(path: Path) -> None:
    """Put the file of a new store here, for what opens it later."""
    path.write_bytes(_new_file())


def open_again(store: Store) -> Store:
    """Open another connection to the database of a store."""
    if isinstance(store._db, SQLiteDatabase):
        return open_store(Path(store._db.path))
    from newsletter.store.postgresql import PostgreSQLDatabase

    assert isinstance(store._db, PostgreSQLDatabase)
    return open_store(store._db.url)


def connection_of(store: Store) -> sqlite3.Connection:
    """Return the connection of a store in a file."""
    assert isinstance(store._db, SQLiteDatabase)
    return store._db.raw


def open_new_store(path: Path) -> Store:
    """Open a new store here."""
    place_new_store(path)
    return open_store(path)
