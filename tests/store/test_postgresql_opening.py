from __future__ import annotations

import re
from pathlib import Path
from threading import Thread

import pytest

from newsletter.errors import StatementError, StoreDamaged, StoreForeign, StoreUnreachable
from newsletter.models.database_url import DatabaseUrl
from newsletter.store import open_read_only, open_store, postgresql_opening
from newsletter.store.database import Database
from newsletter.store.migrations import STEPS
from newsletter.store.postgresql import PostgreSQLDatabase
from tests.factories import NOW, make_entry, make_profile, search
from tests.postgresql import new_database, new_store, run_program, server
from tests.store.test_postgresql_rewrites import WIDE_LEDGER


def test_an_empty_database_becomes_a_store_once(tmp_path: Path) -> None:
    url = new_database()
    openers = [Thread(target=lambda: open_store(url).close()) for _ in range(3)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    with open_store(url) as store, open_store(tmp_path / "newsletter.db") as file:
        assert store.versions()[1] == file.versions()[1] == max(STEPS)
        sql = "SELECT name FROM _sqlite_migrations ORDER BY id"
        assert store._db.execute(sql).fetchall() == file._db.execute(sql).fetchall()
        assert store.problems() == []


def test_what_is_stored_is_there_when_it_is_opened_again() -> None:
    url = new_store()
    with open_store(url) as store:
        store.papers.add(make_entry(), NOW)
    with open_store(url) as store:
        assert store.papers.count() == 1
        store.close()
        store.reopen()
        assert store.papers.count() == 1


def test_a_database_of_another_program_is_left_alone() -> None:
    url = new_database()
    db = PostgreSQLDatabase(url)
    db.execute("CREATE TABLE pears (id INTEGER)")
    with pytest.raises(StoreForeign, match="not a newsletter database"):
        open_store(url)
    assert db.counts(["pears"]) == {"pears": 0}
    db.close()


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ("INSERT INTO _sqlite_migrations VALUES (999, 'newsletter', 'm999_pears', '')", StoreForeign, "is newer"),
        ("DELETE FROM _sqlite_migrations WHERE name = 'm004_sources'", StoreDamaged, "lacks m004_sources"),
    ],
)
def test_a_store_of_another_release_is_left_alone(change: str, kind: type[Exception], message: str) -> None:
    url = new_store()
    db = PostgreSQLDatabase(url)
    db.execute(change)
    db.close()
    with pytest.raises(kind, match=message):
        open_store(url)


def test_who_only_reads_cannot_write() -> None:
    with open_read_only(new_store()) as store:
        assert store.papers.count() == 0
        with pytest.raises(StoreUnreachable, match="read-only"):
            store.set_fact("pears", "ripe")
        store.close()
        store.reopen()
        with pytest.raises(StoreUnreachable, match="read-only"):
            store.set_fact("pears", "ripe")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///nothing?host={folder}&user=postgres&password=s3cret",
        "postgresql://postgres:s3cret@localhost:1/store",
        "postgresql:///store?host={folder}&user=nobody_known&password=s3cret",
    ],
)
def test_a_server_that_does_not_let_us_in_is_reported_without_the_password(url: str) -> None:
    with pytest.raises(StoreUnreachable) as caught:
        open_store(DatabaseUrl(url.format(folder=server())))
    assert caught.value.hint == "check that the server runs and that database.url is right"
    assert "s3cret" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_table_that_is_gone_is_damage() -> None:
    with open_store(new_store()) as store:
        store._db.execute("DROP TABLE looks")
        with pytest.raises(StoreDamaged, match=re.escape('relation "looks" does not exist')):
            store.looks.until(NOW)
        with pytest.raises(StatementError, match="syntax error"):
            store._db.execute("SELEKT 1")


def test_a_store_of_an_older_release_gets_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As if the last steps had not been there when it was made, and deliveries had the key that they have no more."""
    monkeypatch.setitem(postgresql_opening.CHANGES_OF_ROWS, STEPS[-1], "UPDATE store_facts SET value = value || '!'")
    url = new_store()
    with open_store(url) as store:
        store.papers.add(make_entry(), NOW)
        store.set_fact("pears", "ripe")
        db = store._db
        assert isinstance(db, PostgreSQLDatabase)
        before, version = schema_of(db), store.schema_version()
        db.run(WIDE_LEDGER)
        db.run("ALTER TABLE subscribers DROP COLUMN next_due_at CASCADE; DROP TABLE shards; DROP INDEX papers_day")
        db.run("CREATE INDEX deliveries_digest ON deliveries(digest_id)")
        db.run("ALTER TABLE deliveries ADD FOREIGN KEY (digest_id) REFERENCES digests (id)")
        db.execute("DELETE FROM _sqlite_migrations WHERE name >= 'm042'")
    with open_store(url) as store:
        assert schema_of(store._db) == before
        assert (store.papers.count(), store.fact("pears"), store.versions()[1]) == (1, "ripe!", max(STEPS))
        assert store.schema_version() > version
        store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW)
    assert "the database is upgraded" in caplog.text
    open_store(url).close()


def schema_of(db: Database) -> list[set[tuple[object, ...]]]:
    columns = """
        SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
        WHERE table_schema = 'public'"""
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
    triggers = "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
    keys = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
    return [set(db.execute(sql).fetchall()) for sql in (columns, indexes, triggers, keys)]


def test_what_pg_dump_writes_is_restored(tmp_path: Path) -> None:
    url, restored, dump = new_store(), new_database(), tmp_path / "papers.dump"
    with open_store(url) as store:
        store.papers.add(make_entry(title="Clouds", categories=("cs.CL",)), NOW)
    run_program("pg_dump", "--format=custom", "--file", dump, url.text)
    run_program("pg_restore", "--exit-on-error", "--no-owner", "--dbname", restored.text, dump)
    with open_store(restored) as store:
        store.papers.add(make_entry(title="Pears", arxiv_id="2606.00001"), NOW)
        assert [[paper.title for paper in search(store, one)] for one in ("title:clouds", "title:pears")] == [
            ["Clouds"],
            ["Pears"],
        ]
        assert store.problems() == []
