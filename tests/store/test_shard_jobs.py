"""The jobs of a fleet: one for each free shard, made in the transaction that makes the shards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from newsletter.store import Store, open_store
from tests.factories import NOW
from tests.postgresql import new_store

procrastinate = pytest.importorskip("procrastinate")


@pytest.fixture
def store() -> Iterator[Store]:
    """A store on a server, with the tables of the queue and three shards."""
    with open_store(new_store()) as opened:
        schema = procrastinate.schema.SchemaManager.get_schema()
        opened.shard_jobs.prepare(schema)
        opened.shard_jobs.prepare(schema)  # as another worker does
        opened._db.execute("INSERT INTO shards (first_id, last_id) VALUES (1, 10), (11, 20), (21, 30)")
        yield opened


def jobs(store: Store) -> list[tuple[str, str, int]]:
    sql = "SELECT queue_name, task_name, CAST(args ->> 'first' AS bigint) FROM procrastinate_jobs ORDER BY id"
    return [tuple(row) for row in store._db.execute(sql)]


def enqueue(store: Store) -> int:
    with store.transaction():
        return store.shard_jobs.enqueue("shards", "send_shard")


def test_each_free_shard_gets_one_job(store: Store) -> None:
    store.shards.lease("one", NOW, timedelta(minutes=3), 11)

    assert enqueue(store) == 2
    assert enqueue(store) == 0
    assert jobs(store) == [("shards", "send_shard", 1), ("shards", "send_shard", 21)]
    store.shards.release("one")
    assert enqueue(store) == 1
    assert store.shard_jobs.waiting() == 3


def test_what_is_rolled_back_leaves_no_job(store: Store) -> None:
    with store.dry_run():
        store.shard_jobs.enqueue("shards", "send_shard")
    assert jobs(store) == []


def test_the_jobs_of_dead_processes_are_dropped(store: Store) -> None:
    enqueue(store)
    (dead,) = store._db.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') "
                                "RETURNING id").fetchone()  # fmt: skip
    (alive,) = store._db.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id").fetchone()
    for worker in (dead, alive):
        store._db.execute("SELECT procrastinate_fetch_job_v2(NULL, ?)", [worker]).fetchone()

    assert store.shard_jobs.drop_stalled(30) == 1
    assert jobs(store) == [("shards", "send_shard", 11), ("shards", "send_shard", 21)]
    assert enqueue(store) == 2  # the other may be about to end without having sent its shard
