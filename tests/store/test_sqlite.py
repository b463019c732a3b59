from __future__ import annotations

import gc
import sqlite3
import weakref
from pathlib import Path

import pytest

from newsletter.errors import StatementError, StoreDamaged, StoreError, StoreFull, StoreUnreachable
from newsletter.models import Topic
from newsletter.store import Store, open_store
from newsletter.store.sqlite import store_error
from tests.factories import NOW, make_entry
from tests.program import PROCESSES, start

pytestmark = pytest.mark.sqlite_only("its errors, and its file")


def test_a_second_writer_waits_and_then_gets_an_error(store: Store, tmp_path: Path) -> None:
    with open_store(tmp_path / "newsletter.db") as other:
        other._db.execute("PRAGMA busy_timeout = 10")
        with store.transaction(), pytest.raises(StoreError) as caught, other.transaction():
            pass
    assert caught.value.message == f"{(tmp_path / 'newsletter.db').resolve()}: database is locked"
    assert caught.value.hint == "another newsletter process is writing: try again when it is done"


def test_several_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    for attempt in range(3):
        openers = [PROCESSES.Process(target=open_and_close, args=(tmp_path / f"{attempt}.db",)) for _ in range(4)]
        for opener in openers:
            start(opener)
        for opener in openers:
            opener.join(60)
        assert [opener.exitcode for opener in openers] == [0, 0, 0, 0]


def open_and_close(path: Path) -> None:
    with open_store(path) as store:
        store.secret()


@pytest.mark.parametrize(
    ("pragma", "kind", "hint"),
    [
        ("max_page_count = 1", StoreFull, "free some disk space"),
        ("query_only = ON", StoreUnreachable, "check the permissions of the file and its folder"),
    ],
)
def test_a_full_disk_and_a_read_only_file_are_reported_and_lose_nothing(
    pragma: str, kind: type[StoreError], hint: str, store: Store
) -> None:
    store.papers.add(make_entry(), NOW)
    store._db.execute(f"PRAGMA {pragma}")
    long = make_entry(title="Long", arxiv_id="2605.00009", abstract="word " * 40_000)
    with pytest.raises(kind) as caught, store.transaction():
        store.papers.add(long, NOW)
    assert caught.value.hint == hint
    assert store.papers.count() == 1
    assert store.problems() == []


def test_errors_while_rows_are_read_are_translated(store: Store) -> None:
    store.topics.put(Topic("Pears", "pear"))
    store._db.execute("UPDATE topics SET query = cast(x'70FF' AS TEXT)")
    rows = store._db.execute("SELECT query FROM topics")
    for read in (rows.fetchone, lambda: list(store._db.execute("SELECT query FROM topics")), store.topics.catalogue):
        with pytest.raises(StoreDamaged, match="a text is not UTF-8"):
            read()


def test_a_statement_that_is_wrong_or_violates_a_constraint_is_reported(store: Store) -> None:
    with pytest.raises(StatementError, match="syntax error"):
        store._db.execute("SELEKT 1")
    store._db.insert("papers_unindexed", {"id": 1})
    with pytest.raises(StatementError, match="UNIQUE constraint failed"):
        store._db.insert("papers_unindexed", {"id": 1})
    with pytest.raises(StoreDamaged, match="malformed JSON"):
        store._db.execute("SELECT value FROM json_each('[1')").fetchall()


def test_a_full_disk_is_one_if_the_index_of_the_log_cannot_grow() -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    assert str(store_error(error, "newsletter.db")) == "newsletter.db: disk I/O error (free some disk space)"


def test_statements_that_are_done_leave_nothing_behind(store: Store) -> None:
    def count() -> int:
        return sum(type(one) is weakref.ReferenceType for one in gc.get_objects())

    before = count()
    for number in range(2000):
        store.set_fact("fact", str(number))
    assert count() - before < 1000
