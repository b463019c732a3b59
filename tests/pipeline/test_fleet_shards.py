"""What workers share: tests/operations/test_fleet_worker drives it; here, what becomes of dead workers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.files.site import Site
from newsletter.models import DeliveryStatus
from newsletter.pipeline.fleet_shards import share_ledger
from newsletter.pipeline.shard_sender import ShardSender
from newsletter.sending.maildir import MaildirTransport
from newsletter.store import Store, open_store
from tests.factories import NOW
from tests.pipeline.conftest import SendingSite
from tests.postgresql import new_store

procrastinate = pytest.importorskip("procrastinate")

HOUR = timedelta(hours=1)


@pytest.fixture
def store() -> Iterator[Store]:
    """A store on a server, with the tables of the queue."""
    with open_store(new_store()) as opened:
        opened.shard_jobs.prepare(procrastinate.schema.SchemaManager.get_schema())
        yield opened


def make_sender(store: Store, root: Path, settings: str = "") -> ShardSender:
    (root / "newsletter.toml").write_text(settings, encoding="utf-8")
    config: Config = load_config(Site(root), environ={})
    site = SendingSite(store, config)
    site.add_paper("Pears in Winter", 1)
    for at in range(6):
        site.add_subscriber(f"s{at}@example.org", "pears")
    site.send(MaildirTransport(root / "outbox"), is_shared=True)
    return ShardSender(
        config, store, MaildirTransport(root / "outbox"), lambda: NOW, "one", lambda: False, lambda: False
    )


def statuses(store: Store) -> dict[str, int]:
    return store.deliveries.counts()


def test_what_is_shared_is_queued_and_not_sent(store: Store, tmp_path: Path) -> None:
    sender = make_sender(store, tmp_path)
    assert statuses(store) == {"queued": 6}
    assert share_ledger(sender.run(), 4) == 2
    assert share_ledger(sender.run(), 4) == 0


def test_the_shards_of_a_dead_worker_are_given_to_others(store: Store, tmp_path: Path) -> None:
    sender = make_sender(store, tmp_path)
    share_ledger(sender.run(), 4)
    store._db.execute("DELETE FROM procrastinate_jobs")  # that of the dead worker
    store.shards.lease("dead", NOW - HOUR, timedelta(minutes=3), 1)
    store.shards.lease("alive", NOW, timedelta(minutes=3), 5)
    for number in (2, 6):
        store.deliveries.move(number, DeliveryStatus.SENDING, NOW)

    assert share_ledger(sender.run(), 4) == 1

    assert sender.send(1, lambda _outcome: None).in_doubt == 1
    assert statuses(store) == {"queued": 1, "sending": 1, "sent": 4}


def test_what_dead_workers_had_in_flight_is_held_if_so_configured(store: Store, tmp_path: Path) -> None:
    sender = make_sender(store, tmp_path, 'delivery.in_doubt = "hold"\n')
    share_ledger(sender.run(), 2)
    store.shards.lease("dead", NOW - HOUR, timedelta(minutes=3), 1)
    store.shards.lease("alive", NOW, timedelta(minutes=3), 3)
    store._db.execute("DELETE FROM shards WHERE first_id = 5")  # as a run that was killed leaves it
    for number in (2, 4, 6):
        store.deliveries.move(number, DeliveryStatus.SENDING, NOW)

    share_ledger(sender.run(), 2)

    held = store.deliveries.with_status([DeliveryStatus.HELD], None, 9)
    assert {one.id for one in held} == {2, 6}
    assert statuses(store)["sending"] == 1
