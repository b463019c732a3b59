"""A large edition of a fleet without mail servers: planned, leased and recorded by one worker on PostgreSQL.

    python -m tests.benchmarks.fleet_edition --subscribers 100000 1000000 [--file] [--group 8] [--shards 2000]

Everybody has the same topics, and the transport accepts every message at once, so that 64 share a transaction, as they
do where servers are fast; fewer do with `--group`, as where connections wait. What is measured is the ledger: the
CPU of planning and of sending, of the worker and of the server; how much of it is while the lock of writers is held
(all of the server's, and the worker's in transactions), and the longest transaction; the peak memory of the processes
that plan and send, for each size; and the bytes that a row and its indexes take. With `--file`, planning on SQLite,
too, and how much of its rate PostgreSQL has; with `--no-send`, planning alone; with `--shards`, only so many shards are
leased and recorded. "Ledger and queue" is all that the server does after planning, and what the workers do in
transactions: dividing, leasing, claiming, departures and results. At the end the ledger is counted: each delivery is
sent, has left, and departed once. The server is the tests' own: it waits for no disk (fsync = off), and never vacuums;
`--memory` says how much of its memory it shares (`shared_buffers`).
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, chdir, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from procrastinate.schema import SchemaManager

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models.addresses import email_key
from newsletter.models.database_url import DatabaseUrl
from newsletter.operations import fleet_worker
from newsletter.operations.fleet_worker import FleetWorker
from newsletter.pipeline.deliver import deliver
from newsletter.pipeline.fleet_shards import SHARD_SIZE
from newsletter.pipeline.ports import Ports
from newsletter.rendering.environment import make_environment
from newsletter.sending.smtp.group_commit import GROUP
from newsletter.store import Store, open_store
from newsletter.store.database import ALL
from newsletter.store.postgresql import PostgreSQLDatabase
from newsletter.store.sqlite import SQLiteDatabase
from tests.benchmarks.delivering import ROOT, Nowhere, cpu_of
from tests.benchmarks.planning import server_cpu_s
from tests.factories import NOW, make_entry, make_profile, make_topic
from tests.postgresql import SETTINGS, new_store, server
from tests.program import PROCESSES

_CHUNK = 20_000
#: So many are copied in one transaction.
_COPIED = 500_000
#: The tables that grow with subscribers and with deliveries.
_TABLES = ("subscribers", "deliveries")
_COPY = """
    INSERT INTO subscribers (id, email, email_key, {others})
    SELECT number + {id}, 'subscriber' || number || '@example.org', 'subscriber' || number || '@example.org', {others}
    FROM generate_series(CAST(? AS INTEGER), CAST(? AS INTEGER)) AS number, subscribers WHERE id = {id}"""
_COPY_TOPICS = """
    INSERT INTO subscriptions
    SELECT number + {id}, position, topic_id
    FROM generate_series(CAST(? AS INTEGER), CAST(? AS INTEGER)) AS number, subscriptions WHERE subscriber_id = {id}"""
_SIZES = "SELECT pg_table_size('{0}'), pg_indexes_size('{0}'), count(*) FROM {0}"
_LOG = "SELECT CAST(pg_current_wal_lsn() - '0/0' AS bigint)"


# -- a site -------------------------------------------------------------------------------------------


def make_site(root: Path, store: Store, subscribers: int) -> None:
    """Make a site with a paper, and so many subscribers to whom it is due.

    The program adds the first of them; a server copies them for the others, which for ten million takes minutes
    instead of an hour, and is no part of what is measured.
    """
    profile = make_profile(topics=(make_topic("pears", ("pears",)),))
    store.papers.add(make_entry(title="Pears in Winter", abstract="", arxiv_id="2605.00001"), NOW)
    added = min(_CHUNK, subscribers) if isinstance(store._db, PostgreSQLDatabase) else subscribers
    for first in range(0, added, _CHUNK):
        addresses = [f"subscriber{at}@example.org" for at in range(first, min(first + _CHUNK, added))]
        store.subscribers.add_many([(one, email_key(one), "", profile, None) for one in addresses], "cli", NOW)
    for first in range(added, subscribers, _COPIED):
        _copy_first(store, first, min(first + _COPIED, subscribers))
    (root / "newsletter.toml").write_text("", encoding="utf-8")


def _copy_first(store: Store, first: int, end: int) -> None:
    """Add the subscribers of these numbers, from 0, as copies of the first one with addresses of their own."""
    row = store._db.execute("SELECT to_jsonb(s) FROM subscribers s ORDER BY id LIMIT 1").fetchone()[0]
    others = ", ".join(f'"{name}"' for name in row if name not in ("id", "email", "email_key"))
    with store._db.transaction():
        for sql in (_COPY, _COPY_TOPICS):
            store._db.execute(sql.format(others=others, id=row["id"]), [first, end - 1])


# -- what a process of its own measures ---------------------------------------------------------------


@dataclass
class Lock:
    """The time of transactions, which have the lock of writers."""

    #: CPU seconds of this process, in all of them.
    cpu_s: float = 0.0
    #: Of the longest one: seconds, and CPU seconds of this process and of the server.
    longest_s: float = 0.0
    longest_cpu_s: float = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Measure the transactions of this process."""
        with (
            patch.object(PostgreSQLDatabase, "transaction", self._timed(PostgreSQLDatabase.transaction)),
            patch.object(SQLiteDatabase, "transaction", self._timed(SQLiteDatabase.transaction)),
        ):
            yield

    def _timed(self, plain: Callable[[Any], AbstractContextManager[None]]) -> Callable[[Any], Any]:
        @contextmanager
        def timed(database: PostgreSQLDatabase | SQLiteDatabase) -> Iterator[None]:
            if database.is_in_transaction:
                with plain(database):
                    yield
                return
            server_s, began, cpu_s = _server_s(database), time.perf_counter(), time.thread_time()
            with plain(database):
                yield
            used_s, took_s = time.thread_time() - cpu_s, time.perf_counter() - began
            self.cpu_s += used_s
            if took_s > self.longest_s:
                self.longest_s, self.longest_cpu_s = took_s, used_s + _server_s(database) - server_s

        return timed


def _server_s(database: PostgreSQLDatabase | SQLiteDatabase) -> float:
    """Return the CPU seconds that the server has used for this connection; a file has no server."""
    return 0.0 if isinstance(database, SQLiteDatabase) else cpu_of(database._connection.info.backend_pid)


@dataclass(frozen=True)
class Part:
    """The figures of one part: seconds, CPU seconds of its process and of the server, peak memory, and the lock."""

    seconds: float
    cpu_s: float
    peak_mb: int
    lock: Lock
    server_s: float = 0.0
    #: What the server wrote into its log, in bytes.
    log_b: int = 0

    def show(self, name: str, number: int) -> None:
        """Print the figures for each of the `number` deliveries."""
        each = 1e6 / number
        print(
            f"  {name:22}{number / self.seconds:7.0f}/s  CPU {self.all_cpu_s * each:6.1f} µs, of it the server's "
            f"{self.server_s * each:6.1f}; lock {(self.lock.cpu_s + self.server_s) * each:6.1f}, "
            f"the longest {self.lock.longest_s:5.2f} s, {self.lock.longest_cpu_s * each:5.1f} of it CPU; "
            f"log {self.log_b / number:5.0f} B; peak memory {self.peak_mb} MB",
            flush=True,
        )

    @property
    def all_cpu_s(self) -> float:
        """CPU seconds of the process and of the server."""
        return self.cpu_s + self.server_s


def _measure(work: Callable[[Path, DatabaseUrl | Path], None], root: Path, where: DatabaseUrl | Path) -> Part:
    lock, began, cpu_s = Lock(), time.monotonic(), time.process_time()
    with lock.watched():
        work(root, where)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Part(time.monotonic() - began, time.process_time() - cpu_s, peak_mb, lock)


def plan(root: Path, where: DatabaseUrl | Path) -> None:
    """Plan the edition, as the worker does that plans."""
    config = load_config(Site(root), environ={})
    with open_store(where) as store:
        deliver(store, Nowhere(), config, make_environment(), _Clock(), is_shared=True)


def share(root: Path, where: DatabaseUrl | Path) -> None:
    """Divide what is open into shards with their jobs; nothing further is due."""
    worker = _worker(root, where)
    worker.plan()
    worker.close()


def send(root: Path, where: DatabaseUrl | Path, group: int = GROUP, shards: int = ALL) -> None:
    """Lease so many shards, send them nowhere, and record it; so many messages share a transaction."""
    with open_store(where) as store:
        firsts = [int(one) for (one,) in store._db.execute("SELECT first_id FROM shards ORDER BY 1 LIMIT ?", [shards])]
    worker = _worker(root, where)
    with patch.object(fleet_worker, "make_transport", lambda *_: Nowhere(group)):
        for first in firsts:
            worker.send_shard(first)
    worker.close()


@dataclass(frozen=True)
class _Clock:
    """The time of the site: its edition is due when a process begins."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return NOW + timedelta(minutes=1, seconds=time.monotonic() - self.began)


def _worker(root: Path, where: DatabaseUrl | Path) -> FleetWorker:
    ports = Ports(
        open_store=partial(open_store, where), open_transport=Nowhere, make_environment=make_environment, clock=_Clock()
    )
    return FleetWorker(load_config(Site(root), environ={}), ports, lambda _line: None, _fail)


def _fail(complaint: str) -> None:
    raise AssertionError(complaint)


# -- what is printed ----------------------------------------------------------------------------------


def measured(work: Callable[[Path, DatabaseUrl | Path], None], root: Path, where: DatabaseUrl | Path) -> Part:
    """Do a part in a process of its own."""
    server_s, log_b = server_cpu_s(), _log_b(where)
    with chdir(ROOT), ProcessPoolExecutor(1, PROCESSES) as process:
        part = process.submit(_measure, work, root, where).result()
    return replace(part, server_s=server_cpu_s() - server_s, log_b=_log_b(where) - log_b)


def _log_b(where: DatabaseUrl | Path) -> int:
    if isinstance(where, Path):
        return 0
    with open_store(where) as store:
        return int(store._db.execute(_LOG).fetchone()[0])


def show_sizes(where: DatabaseUrl, when: str) -> None:
    """Print the bytes of a row and of its indexes."""
    with open_store(where) as store:
        for table in _TABLES:
            rows_b, indexes_b, number = store._db.execute(_SIZES.format(table)).fetchone()
            print(f"  {when}, {table}: {rows_b / number:.0f} B a row and {indexes_b / number:.0f} B of indexes")


def check(store: Store, subscribers: int, shards: int) -> int:
    """Count the ledger: all of so many shards left once, and of each other one nothing; return how many were sent."""
    sent = min(subscribers, shards * SHARD_SIZE)
    sql = "SELECT attempts, left_at IS NOT NULL, count(*) FROM deliveries WHERE status = '{}' GROUP BY 1, 2"
    assert store._db.execute(sql.format("sent")).fetchall() == [(1, 1, sent)]
    if sent < subscribers:
        assert store._db.execute(sql.format("queued")).fetchall() == [(0, 0, subscribers - sent)]
    assert store.deliveries.counts().get("sent") == sent
    assert sum(store.deliveries.counts().values()) == subscribers
    (mailed,) = store._db.execute("SELECT count(DISTINCT subscriber_id) FROM deliveries").fetchone()
    assert mailed == subscribers
    assert store.shards.count() == ceil(subscribers / SHARD_SIZE) - ceil(sent / SHARD_SIZE)
    return sent


def run(root: Path, subscribers: int, group: int, shards: int, *, has_file: bool) -> None:
    """Measure an edition of so many."""
    print(f"{subscribers} subscribers", flush=True)
    where = new_store()
    with open_store(where) as store:
        store.shard_jobs.prepare(SchemaManager.get_schema())
        make_site(root, store, subscribers)
        store._db.run("ANALYZE")  # as a server does by itself
    planned = measured(plan, root, where)
    planned.show("planning", subscribers)
    show_sizes(where, "planned")
    shared = measured(share, root, where)
    shared.show("shards and jobs", subscribers)
    if shards:
        recorded = measured(partial(send, group=group, shards=shards), root, where)
        with open_store(where) as store:
            sent = check(store, subscribers, shards)
        recorded.show("sending", sent)
        each = (shared.server_s + shared.lock.cpu_s) / subscribers + (recorded.server_s + recorded.lock.cpu_s) / sent
        print(f"  ledger and queue: CPU {each * 1e6:.1f} µs; {sent} sent, each once")
        show_sizes(where, "sent")
    if has_file:
        with open_store(root / "newsletter.db") as store:
            make_site(root, store, subscribers)
        in_file = measured(plan, root, root / "newsletter.db")
        in_file.show("planning on SQLite", subscribers)
        by_cpu, by_clock = in_file.all_cpu_s / planned.all_cpu_s, in_file.seconds / planned.seconds
        print(f"  planning: PostgreSQL has {by_cpu:.2f} of SQLite's rate by CPU, {by_clock:.2f} by elapsed time")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--file", action="store_true", help="plan on SQLite, too")
    parser.add_argument("--group", type=int, default=GROUP, help="so many messages share a transaction")
    parser.add_argument("--no-send", dest="shards", action="store_const", const=0, default=ALL, help="only plan")
    parser.add_argument("--shards", type=int, help="so many shards are sent")
    parser.add_argument("--memory", default="32MB", help="what the server shares (32MB)")
    arguments = parser.parse_args()
    with patch.dict(SETTINGS, shared_buffers=arguments.memory, max_wal_size="1GB"):
        server()
    for number in arguments.subscribers:
        with TemporaryDirectory() as folder:
            run(Path(folder), number, arguments.group, arguments.shards, has_file=arguments.file)


if __name__ == "__main__":
    main()
