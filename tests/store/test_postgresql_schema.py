"""A new store on PostgreSQL has the tables, columns, keys and indexes of a new store in a file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from newsletter.store import Store, open_store
from newsletter.store.database import Database
from newsletter.store.opening import schema_of_release
from newsletter.store.postgresql_schema import GENERATED, WITHOUT_KEY, table_names
from tests.postgresql import new_store

_KINDS = {"bigint": "INTEGER", "text": "TEXT", "double precision": "REAL", "bytea": "BLOB"}
_ACTIONS = {"a": "NO ACTION", "c": "CASCADE", "n": "SET NULL"}
#: What only PostgreSQL has.
_OWN_INDEXES = {"papers_fts_words"}


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with open_store(new_store()) as store:
        yield store


@pytest.fixture(scope="module")
def source() -> Iterator[Database]:
    with schema_of_release() as db:
        yield db


def rows(db: Database, sql: str) -> list[tuple[str, ...]]:
    return [tuple(row) for row in db.execute(sql).fetchall()]


def test_the_tables_have_the_same_columns_in_the_same_order(server: Store, source: Database) -> None:
    ours: defaultdict[str, list[tuple[object, ...]]] = defaultdict(list)
    for table in table_names(source):
        for _, name, kind, is_required, default, place in source.execute(f"PRAGMA table_info({table})"):
            ours[table].append((name, kind, bool(is_required or place), default))
    theirs: defaultdict[str, list[tuple[object, ...]]] = defaultdict(list)
    sql = """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, l.collname,
            pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
        LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
        LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND c.relname <> 'papers_fts'
        ORDER BY c.relname, a.attnum"""
    for table, name, kind, is_required, collation, default in rows(server._db, sql):
        assert (kind == "text") is (collation == "C"), (table, name)
        plain = default and re.sub(r"::(text|bigint)$", "", default)
        theirs[table].append((name, _KINDS[kind], bool(is_required), plain))
    assert theirs == ours


def test_the_keys_are_the_same(server: Store, source: Database) -> None:
    ours: set[tuple[object, ...]] = set()
    for table in table_names(source):
        key = sorted((row[5], row[1]) for row in source.execute(f"PRAGMA table_info({table})") if row[5])
        ours |= {("p", table, ",".join(name for _, name in key))} if key else set()
        for _, index, _, origin, _ in source.execute(f"PRAGMA index_list({table})"):
            if origin == "u":
                names = ",".join(row[2] for row in source.execute(f"PRAGMA index_info({index})"))
                ours.add(("u", table, names))
        for _, _, parent, column, other, _, action, _ in source.execute(f"PRAGMA foreign_key_list({table})"):
            if (table, column) not in WITHOUT_KEY:
                ours.add(("f", table, column, parent, other, action))
    sql = """
        SELECT contype, conrelid::regclass::text, confrelid::regclass::text, confdeltype, (
            SELECT string_agg(attname::text, ',' ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS one(num, place)
            JOIN pg_attribute ON attrelid = conrelid AND attnum = num), (
            SELECT string_agg(attname::text, ',') FROM pg_attribute
            WHERE attrelid = confrelid AND attnum = ANY(confkey))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace"""
    theirs = {
        ("f", table, columns, parent, others, _ACTIONS[action]) if kind == "f" else (kind, table, columns)
        for kind, table, parent, action, columns, others in rows(server._db, sql)
        if table != "papers_fts"
    }
    assert theirs == ours


def test_the_indexes_are_the_same(server: Store, source: Database) -> None:
    sql = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ours = {
        name.strip('"'): (table, "UNIQUE" in text, "WHERE" in text, " DESC" in text)
        for name, table, text in source.execute(sql)
    }
    sql = """
        SELECT c.relname, i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid)
        FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
        WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid AND contype <> 'f')"""
    theirs = {
        name: (table, "UNIQUE" in text, "WHERE" in text, " DESC" in text) for name, table, text in rows(server._db, sql)
    }
    assert {name: one for name, one in theirs.items() if name not in _OWN_INDEXES} == ours
    assert set(theirs) >= _OWN_INDEXES


def test_every_table_in_which_the_store_leaves_the_id_to_the_database_counts_up(server: Store) -> None:
    sql = """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND is_identity = 'YES'"""
    assert set(rows(server._db, sql)) == set(GENERATED.items())


def test_each_trigger_has_its_twin(server: Store, source: Database) -> None:
    ours = {name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    theirs = {name for (name,) in rows(server._db, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")}
    assert theirs == ours
