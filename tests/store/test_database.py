from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.store import Store, open_store
from tests.factories import NOW, make_entry


def add_two_and_fail(store: Store) -> None:
    store.papers.add(make_entry(), NOW)
    store.papers.add(make_entry(title="Another", arxiv_id="2605.00002"), NOW)
    raise ValueError("stop")


def test_a_transaction_is_committed_entirely_or_not_at_all(store: Store) -> None:
    with pytest.raises(ValueError, match="stop"), store.transaction():
        add_two_and_fail(store)
    assert store.papers.count() == 0


def test_a_nested_transaction_that_fails_is_rolled_back_alone(store: Store) -> None:
    with store.transaction():
        store.topics.remove("nothing")
        with pytest.raises(ValueError, match="stop"), store.transaction():
            add_two_and_fail(store)
        store.papers.add(make_entry(), NOW)
    assert store.papers.count() == 1


def test_other_connections_see_only_committed_rows(store: Store, tmp_path: Path) -> None:
    with open_store(tmp_path / "newsletter.db") as other:
        with store.transaction():
            store.papers.add(make_entry(), NOW)
            assert other.papers.count() == 0
        assert other.papers.count() == 1


def test_a_second_writer_waits_and_then_gets_an_error(store: Store, tmp_path: Path) -> None:
    with open_store(tmp_path / "newsletter.db") as other:
        other._db.execute("PRAGMA busy_timeout = 10")
        with store.transaction(), pytest.raises(StoreError) as caught, other.transaction():
            pass
    assert caught.value.message == f"{(tmp_path / 'newsletter.db').resolve()}: database is locked"
    assert caught.value.hint == "another newsletter process is writing: try again when it is done"


def test_several_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from newsletter.store import open_store; "
        "store = open_store(Path(sys.argv[1])); store.secret(); store.close()"
    )
    for attempt in range(3):
        command = [sys.executable, "-c", program, str(tmp_path / f"{attempt}.db")]
        openers = [subprocess.Popen(command) for _ in range(4)]
        assert [opener.wait(60) for opener in openers] == [0, 0, 0, 0]
