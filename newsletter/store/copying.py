"""Copy a whole store into an empty one, from either database to either: in a stream, all or nothing, and verified.

Triggers are off meanwhile: what they keep is copied like the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from newsletter.errors import RequestError, StoreDamaged
from newsletter.store.database import Database
from newsletter.store.opening import schema_of_release

#: Tables with rows in an empty store. These are replaced.
_NEVER_EMPTY = ("erased_subscribers", "full_text_version", "store_facts")
#: How the schema was made is not copied: each database knows that of itself.
_LEFT_OUT = "_sqlite_migrations"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the schema."""

    name: str
    columns: tuple[str, ...]
    #: The columns by which its rows are in order.
    key: tuple[str, ...]

    @property
    def all_rows(self) -> str:
        """The statement that reads it."""
        return f"SELECT {', '.join(self.columns)} FROM {self.name} ORDER BY {', '.join(self.key)}"


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied of a table."""

    table: str
    rows: int
    #: SHA-256 of the rows in the order of their key.
    checksum: str


def copy_store(source: Database, target: Database, report: Callable[[Copied], object] = id) -> list[Copied]:
    """Copy all rows; `report` is called for each table when the target has what the source has.

    Raises:
        RequestError: The target is not empty.
        StoreError: A database cannot be read or written, or the target does not have what was written.
    """
    tables = tables_in_order()
    for table in tables:
        if table.name not in _NEVER_EMPTY and target.execute(f"SELECT 1 FROM {table.name} LIMIT 1").fetchone():
            raise RequestError(f"{target.path}: not empty, it has {table.name}", hint="copy into a new database")
    copied = []
    with source.snapshot(), target.transaction(), target.without_triggers():
        for name in _NEVER_EMPTY:
            target.execute(f"DELETE FROM {name}")
        for table in tables:
            read = _Sum(source.stream(table.all_rows))
            target.load(table.name, table.columns, read)
            written = _Sum(target.stream(table.all_rows))
            for _ in written:
                pass
            if (read.rows, read.checksum) != (written.rows, written.checksum):
                raise StoreDamaged(f"{target.path}: {table.name} is not what was written", hint="nothing was copied")
            copied.append(Copied(table.name, read.rows, read.checksum))
            report(copied[-1])
        target.count_on()
    return copied


def tables_in_order() -> list[Table]:
    """Return the tables, each behind those that its rows refer to."""
    with schema_of_release() as schema:
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'papers_fts%' ORDER BY name"
        found = {str(name): _table(schema, name) for (name,) in schema.execute(names) if name != _LEFT_OUT}
        parents = {
            name: sorted(row[2].strip('"') for row in schema.execute(f"PRAGMA foreign_key_list({name})"))
            for name in found
        }
    order = [found[name] for name in TopologicalSorter(parents).static_order()]
    words = ("rowid", "title", "keywords", "abstract", "authors", "organization")
    return [*order, Table("papers_fts", words, ("rowid",))]


def _table(schema: Database, name: str) -> Table:
    rows = schema.execute(f"PRAGMA table_info({name})").fetchall()
    columns = tuple(str(row[1]) for row in rows)
    key = tuple(str(row[1]) for row in sorted(rows, key=lambda row: int(row[5])) if row[5])
    return Table(name, columns, key or columns)


class _Sum:
    """Passes rows on, and sums them up."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self.rows = 0
        self._of = rows
        self._hash = hashlib.sha256()

    @property
    def checksum(self) -> str:
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._of:
            self.rows += 1
            # PostgreSQL has no NUL in texts; see `store.postgresql`.
            self._hash.update(repr(tuple(row)).replace("\\x00", "\ufffd").encode("utf-8", "surrogatepass"))
            yield row
