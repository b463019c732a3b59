from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from newsletter.errors import (
    RequestError,
    StatementError,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreUnreachable,
)
from newsletter.store import open_store
from newsletter.store.postgresql import PostgreSQLDatabase, store_error
from tests.factories import NOW
from tests.postgresql import emptied_store, new_store
from tests.store.test_pruning import add, mail, pull


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("55P03", StoreLocked), ("40001", StoreLocked), ("40P01", StoreLocked), ("53100", StoreFull),
        ("53300", StoreUnreachable), ("57P01", StoreUnreachable), ("08006", StoreUnreachable),
        ("28P01", StoreUnreachable), ("3D000", StoreUnreachable), ("25006", StoreUnreachable),
        ("XX001", StoreDamaged), ("42P01", StoreDamaged), ("23505", StatementError), ("22P02", StatementError),
    ],
)  # fmt: skip
def test_an_error_of_the_server_is_one_of_ours(code: str, kind: type[StoreError]) -> None:
    error = store_error(psycopg.errors.lookup(code)("it failed"), "postgresql:///papers")
    assert type(error) is kind
    assert str(error).startswith("postgresql:///papers: it failed (")


def test_a_misuse_of_the_library_stays_as_it_is() -> None:
    error = psycopg.ProgrammingError("no results to fetch")
    assert store_error(error, "postgresql:///papers") is error


def test_a_second_writer_waits_and_then_gets_an_error() -> None:
    url = emptied_store()
    with open_store(url) as store, open_store(url) as other:
        other._db.execute("SET lock_timeout = '10ms'")
        with store.transaction(), pytest.raises(StoreLocked, match="lock timeout"), other.transaction():
            pass
        with other.transaction():
            other.set_fact("pears", "ripe")
        assert store.fact("pears") == "ripe"


def test_writers_wait_for_each_other() -> None:
    url = emptied_store()
    is_in = Event()

    def add() -> None:
        with open_store(url) as store, store.transaction():
            is_in.set()
            store.set_fact("count", str(int(store.fact("count") or 0) + 1))

    with open_store(url) as store, store.transaction():
        thread = Thread(target=add)
        thread.start()
        store.set_fact("count", "5")
    thread.join()
    with open_store(url) as store:
        assert (store.fact("count"), is_in.is_set()) == ("6", True)


@pytest.mark.usefixtures("usual_sigint")
def test_who_waits_for_another_writer_can_be_interrupted() -> None:
    url = emptied_store()

    def interrupt() -> None:
        with psycopg.connect(url.text, autocommit=True) as watching:
            while not watching.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                pass
        os.kill(os.getpid(), signal.SIGINT)

    with open_store(url) as store, open_store(url) as other:
        other._db.execute("SET lock_timeout = 0")
        with store.transaction():
            thread = Thread(target=interrupt)
            thread.start()
            with pytest.raises(KeyboardInterrupt), other.transaction():
                pass
        thread.join()
        with other.transaction():
            other.set_fact("pears", "ripe")
        assert store.fact("pears") == "ripe"


def test_what_the_server_cannot_commit_is_reported_and_not_there() -> None:
    url = emptied_store()
    with open_store(url) as store, open_store(url) as other:
        (process,) = store._db.execute("SELECT pg_backend_pid()").fetchone()

        def write() -> None:
            with store.transaction():
                store.set_fact("pears", "ripe")
                other._db.execute("SELECT pg_terminate_backend(?::int, 10000)", [process])

        with pytest.raises(StoreUnreachable):
            write()
        with pytest.raises(StoreUnreachable), store.transaction():
            pass
        assert other.fact("pears") is None


def test_a_connection_that_the_server_ends_is_reported_and_can_be_opened_again() -> None:
    url = emptied_store()
    with open_store(url) as store, open_store(url) as other:
        (process,) = store._db.execute("SELECT pg_backend_pid()").fetchone()
        other._db.execute("SELECT pg_terminate_backend(?::int)", [process])
        with pytest.raises(StoreUnreachable):
            store.papers.count()
        store.close()
        store.reopen()
        assert store.papers.count() == 0


@pytest.mark.parametrize("way", ["one by one", "many", "loaded"])
def test_what_was_planned_for_a_small_table_is_planned_anew_when_it_has_grown(way: str) -> None:
    """Nothing else would: the server keeps plans until it takes statistics, which it cannot within a transaction."""
    with open_store(new_store()) as store, store.transaction():
        db = store._db
        db.run("SET plan_cache_mode = force_generic_plan")
        db.run("PREPARE found AS SELECT at FROM looks WHERE quarter = $1")

        def plan() -> str:
            return str(db.execute("EXPLAIN EXECUTE found(1)").fetchall())

        assert "Seq Scan" in plan()
        sql, rows = "INSERT INTO looks (quarter, at) VALUES (?, ?)", [(one, NOW.isoformat()) for one in range(1500)]
        match way:
            case "one by one":
                for row in rows:
                    db.execute(sql, row)
            case "many":
                db.executemany(sql, rows)
            case _:
                db.load("looks", ("quarter", "at"), rows)
        assert "Index Scan" in plan()


def test_a_server_is_copied_by_its_own_tools(tmp_path: Path) -> None:
    with open_store(emptied_store()) as store, pytest.raises(RequestError, match="PostgreSQL") as caught:
        store.copy_to(tmp_path / "copy.db")
    assert caught.value.hint == "back it up by: pg_dump --format=custom"


def test_a_character_that_postgresql_cannot_store_is_replaced() -> None:
    with open_store(emptied_store()) as store:
        store.set_fact("pears", "a\x00b")
        assert (store.fact("pears"), store.fact("pe\x00ars")) == ("a\ufffdb", None)


def test_a_store_is_examined_and_vacuumed() -> None:
    with open_store(new_store()) as store:
        store.vacuum()
        store.empty_log()
        assert store.problems() == []
        db = store._db
        assert isinstance(db, PostgreSQLDatabase)
        db.run("CREATE FUNCTION broken() RETURNS int LANGUAGE sql AS 'SELECT 1/0'; CREATE VIEW v AS SELECT broken()")
        assert [one.partition(":")[0] for one in store.problems()] == ["v"]


def test_a_delivery_whose_digest_is_gone_is_found_by_an_examination() -> None:
    with open_store(emptied_store()) as store:
        add(store, "ada")
        pull(store, range(2), NOW)
        mail(store, NOW)
        assert store.problems() == []
        store._db.run("DELETE FROM digests")
        assert store.problems() == ["a row of deliveries names one of digests that does not exist"]


def test_a_lock_excludes_other_connections_until_it_is_given_back_or_the_connection_ends() -> None:
    url = emptied_store()
    with open_store(url) as one, open_store(url) as two:
        with one.lock("sending") as has_it, two.lock("sending") as has_it_too:
            assert (has_it, has_it_too) == (True, False)
            assert not two.try_lock("sending", is_shared=True)
            assert two.try_lock("another")
        assert two.try_lock("sending", is_shared=True)
        assert one.try_lock("sending", is_shared=True)
        one.close()
        one.reopen()
        with one.lock("sending") as has_it:
            assert not has_it
        two.close()
        two.reopen()
        with one.lock("sending") as has_it:
            assert has_it


def test_the_clock_of_the_server_is_the_one_of_this_machine() -> None:
    with open_store(emptied_store()) as store:
        assert abs(store.clock_ahead().total_seconds()) < 5
