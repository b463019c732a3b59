"""What one worker does: two never plan at once, and nothing that goes wrong ends it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.operations.fleet_worker import FleetWorker
from newsletter.pipeline.ports import Ports
from newsletter.pipeline.transport import make_transport
from newsletter.rendering.environment import make_environment
from newsletter.store import open_store
from newsletter.store.workers import SILENT_AFTER, Worker
from tests.factories import NOW, make_entry, make_profile, make_topic
from tests.postgresql import new_store

procrastinate = pytest.importorskip("procrastinate")


@dataclass
class Heard:
    """What workers say."""

    reports: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def heard() -> Heard:
    """What the workers of a test say."""
    return Heard()


@pytest.fixture
def worker(tmp_path: Path, heard: Heard) -> Iterator[FleetWorker]:
    """A worker of a site whose edition is due to three subscribers, and goes into the outbox."""
    url = new_store()
    (tmp_path / "newsletter.toml").write_text(f'database.url = "{url.text}"\n', encoding="utf-8")
    config = load_config(Site(tmp_path), environ={})
    with open_store(url) as store:
        store.shard_jobs.prepare(procrastinate.schema.SchemaManager.get_schema())
        store.papers.add(make_entry(title="Pears in Winter", abstract="", arxiv_id="2605.00001"), NOW)
        for at in range(3):
            profile = make_profile(topics=(make_topic("pears", ("pears",)),))
            store.subscribers.add(f"subscriber{at}@example.org", "", profile, "cli", NOW)
    ports = Ports(
        open_store=lambda: open_store(url),
        open_transport=lambda: make_transport(config),
        make_environment=make_environment,
        clock=lambda: NOW + timedelta(minutes=1),
    )
    made = FleetWorker(config, ports, heard.reports.append, heard.complaints.append, shard_size=2)
    yield made
    made.close()


def another(worker: FleetWorker, name: str = "another") -> FleetWorker:
    return replace(worker, id=name, _sender=None)


def waiting(worker: FleetWorker) -> tuple[int, int]:
    """Return how many deliveries are queued, and how many jobs wait."""
    with worker.ports.open_store() as store:
        return store.deliveries.counts().get("queued", 0), store.shard_jobs.waiting()


def test_a_plan_is_in_the_ledger_and_each_of_its_shards_has_a_job(worker: FleetWorker, heard: Heard) -> None:
    worker.plan()
    assert waiting(worker) == (3, 2)
    worker.plan()
    assert waiting(worker) == (3, 2)
    assert heard == Heard(["2 shards to send"])


def test_two_workers_do_not_plan_at_once(worker: FleetWorker) -> None:
    with worker.ports.open_store() as store, store.lock("planning"):
        worker.plan()
        assert store.runs.latest(9) == []
    worker.plan()
    other = another(worker)
    other.plan()
    other.close()
    assert waiting(worker) == (3, 2)


def test_a_worker_that_is_suspended_while_it_plans_does_not_keep_others_from_it(worker: FleetWorker) -> None:
    suspended = another(worker)
    sender = suspended._connected()
    assert sender is not None
    assert sender.store.try_lock("planning")
    long_ago = worker.clock() - 2 * SILENT_AFTER
    with worker.ports.open_store() as store:
        store.workers.heartbeat(Worker(suspended.id, "b.example", 9, long_ago, long_ago))
        until = time.monotonic() + 60
        while not store.runs.latest(9):  # the server ends a connection a moment later
            worker.plan()
            assert time.monotonic() < until
        assert store.workers.silent(worker.clock()) == []
    suspended.send_shard(1)  # which finds its connection gone, and connects again with the next job
    suspended.send_shard(1)
    suspended.close()
    with worker.ports.open_store() as store:
        assert store.deliveries.counts() == {"sent": 2, "queued": 1}


def test_each_shard_is_sent_once_by_whichever_worker(worker: FleetWorker, heard: Heard) -> None:
    worker.plan()
    other = another(worker)
    for one in (worker, other, worker):
        one.send_shard(1)
    other.send_shard(3)
    other.close()

    assert heard.reports == ["2 shards to send", "shard 1: 2 sent", "shard 3: 1 sent"]
    with worker.ports.open_store() as store:
        assert store.deliveries.counts() == {"sent": 3}
        assert store.shards.counts() == (0, 0)
        assert sum(store.runs.totals("outcomes").values()) == 3
    assert heard.complaints == []


def test_a_worker_stands_by_while_a_single_run_sends(worker: FleetWorker, heard: Heard) -> None:
    with worker.ports.open_store() as store, store.lock("sending"):
        worker.plan()
        worker.plan()
    assert len(heard.complaints) == 1
    worker.plan()
    assert waiting(worker) == (3, 2)


def test_what_a_worker_had_when_it_lost_its_connection_is_free_when_it_connects_again(worker: FleetWorker) -> None:
    worker.plan()
    with worker.ports.open_store() as store:
        store.shards.lease(worker.id, NOW, worker.lease, 1)
        worker._disconnect()
        worker.plan()
        assert store.shards.counts() == (2, 0)


def test_a_bug_is_reported_and_the_worker_goes_on(
    worker: FleetWorker, heard: Heard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    worker.plan()
    with monkeypatch.context() as patch:
        patch.setattr("newsletter.pipeline.shard_sender.ShardSender.send", None)
        worker.send_shard(1)
    assert "bug" in heard.complaints[0]
    assert "Traceback" in capsys.readouterr().err
    worker.send_shard(1)
    assert heard.reports[-1] == "shard 1: 2 sent"
