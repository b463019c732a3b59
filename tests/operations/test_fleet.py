"""A fleet on a real PostgreSQL: nobody is missed, whatever dies, and nobody is mailed twice but who was in doubt."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from newsletter.errors import AlreadySending
from newsletter.models import DeliveryStatus
from newsletter.pipeline.site_lock import SENDING_LOCK
from tests.postgresql import restart
from tests.sink import Sink, sinking

pytest.importorskip("procrastinate")

from procrastinate.periodic import PeriodicDeferrer
from procrastinate.schema import SchemaManager

from newsletter.operations.fleet import _make_app
from tests.operations.fleet_site import CONNECTIONS, FleetSite

MANY = 300

MakeSite = Callable[..., FleetSite]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    """A server that takes a while for each message."""
    with sinking(tmp_path / "taken.log", "--pause", "0.01") as opened:
        yield opened


@pytest.fixture
def make_site(tmp_path: Path, sink: Sink) -> Iterator[MakeSite]:
    """Make a site to whose subscribers an edition is due."""
    made: list[FleetSite] = []

    def make(number: int = MANY, **options: object) -> FleetSite:
        site = FleetSite(tmp_path, sink, **options)  # type: ignore[arg-type]
        site.add_subscribers(number)
        made.append(site)
        return site

    yield make
    for site in made:
        site.end()


def check_sent(site: FleetSite, number: int = MANY, in_doubt: int = 0) -> None:
    """Check that everybody was mailed, at most `in_doubt` of them twice, under the same Message-ID."""
    assert site.statuses() == {"sent": number}
    sent_to = site.sent_to()
    assert len(sent_to) == number
    assert sent_to.total() - number <= in_doubt
    assert len(set(site.sink.taken)) == number


def is_busy(site: FleetSite, process: ForkServerProcess, taken: int) -> bool:
    """Whether a worker sends, and so many messages were taken."""
    return len(site.sink.taken) > taken and site.has_shard(process)


def is_sent(site: FleetSite, number: int = MANY) -> bool:
    return site.statuses().get("sent") == number


def test_two_workers_share_an_edition_and_plan_it_once(make_site: MakeSite) -> None:
    site = make_site()

    site.begin(2)
    site.wait_until(lambda: is_sent(site))

    check_sent(site)
    with site.store() as store:
        assert store.shards.counts() == (0, 0)
        (edition,) = store.editions.latest(9)
        workers = store.workers.alive(site.now())
    assert edition.key == "daily-2026-05-08"
    assert {worker.pid for worker in workers} == {process.pid for process in site.workers}


def test_a_worker_that_is_killed_is_replaced(make_site: MakeSite) -> None:
    site = make_site()
    first, _ = site.begin(2)

    site.wait_until(partial(is_busy, site, first, 40))
    first.kill()
    site.wait_until(lambda: is_sent(site))

    check_sent(site, in_doubt=CONNECTIONS)


def test_a_worker_that_is_suspended_lets_nothing_go_that_others_took_over(make_site: MakeSite) -> None:
    site = make_site()
    first, _ = site.begin(2)

    site.wait_until(partial(is_busy, site, first, 40))
    os.kill(first.pid or 0, signal.SIGSTOP)
    site.wait_until(lambda: is_sent(site))
    os.kill(first.pid or 0, signal.SIGCONT)
    site.begin()
    os.kill(first.pid or 0, signal.SIGTERM)
    first.join(60)

    check_sent(site, in_doubt=CONNECTIONS)


def test_what_a_killed_worker_had_in_flight_is_held_if_so_configured(make_site: MakeSite) -> None:
    site = make_site(in_doubt="hold")
    first, _ = site.begin(2)

    site.wait_until(partial(is_busy, site, first, 40))
    first.kill()
    site.wait_until(lambda: sum(site.statuses().get(name, 0) for name in ("sent", "held")) == MANY)

    assert site.statuses().get("held", 0) <= CONNECTIONS
    assert set(site.sent_to().values()) == {1}


def test_workers_that_are_stopped_and_started_one_after_the_other_lose_nothing(make_site: MakeSite) -> None:
    site = make_site()
    for process in site.begin(2):
        site.wait_until(partial(is_busy, site, process, len(site.sink.taken) + 30))
        os.kill(process.pid or 0, signal.SIGTERM)
        process.join(60)
        assert process.exitcode == 0
        site.begin()

    site.wait_until(lambda: is_sent(site))

    check_sent(site)


def test_a_server_that_restarts_in_the_middle_is_waited_for(make_site: MakeSite) -> None:
    site = make_site()
    site.begin(2)

    site.wait_until(lambda: len(site.sink.taken) > 40)
    restart()
    site.wait_until(lambda: is_sent(site))

    check_sent(site, in_doubt=2 * CONNECTIONS)


def test_who_unsubscribes_in_the_middle_is_not_mailed(make_site: MakeSite) -> None:
    site = make_site(per_second=40)
    site.begin(2)

    site.wait_until(lambda: len(site.sink.taken) > 10)
    with site.store() as store, store.transaction():
        waiting = store.deliveries.with_status([DeliveryStatus.QUEUED], None, 5)
        left = [store.subscribers.get_many([one.subscriber_id], lambda *_: None)[one.subscriber_id] for one in waiting]
        for subscriber in left:
            store.suppressions.suppress(subscriber.email, "asked to", site.now())
        before = site.sent_to()
    site.wait_until(lambda: is_sent(site, MANY - len(left)) and "queued" not in site.statuses())

    assert site.statuses() == {"sent": MANY - len(left), "skipped": len(left)}
    assert not any(subscriber.email in site.sent_to() - before for subscriber in left)


def test_a_single_run_and_workers_exclude_each_other(make_site: MakeSite) -> None:
    site = make_site(4)
    with site.store() as store, store.lock(SENDING_LOCK) as has_it:
        assert has_it
        site.begin()
        site.wait_until(site.alive)
        assert site.statuses() == {}
    site.wait_until(lambda: is_sent(site, 4))

    with pytest.raises(AlreadySending):
        site.run_alone()


def test_of_two_schedulers_only_one_defers_the_periodic_task(make_site: MakeSite) -> None:
    site = make_site(1)
    with site.store() as store:
        store.shard_jobs.prepare(SchemaManager.get_schema())

    async def defer() -> None:
        app, _ = _make_app(None, site.url, "* * * * *")  # type: ignore[arg-type]  # no job runs
        async with app.open_async():
            deferrer = PeriodicDeferrer(app.periodic_registry)
            ((task, _),) = deferrer.get_previous_tasks(at=1_778_000_000.0)
            await deferrer.defer_jobs([(task, 1_777_999_980), (task, 1_777_999_980)])

    async def defer_twice() -> None:
        await asyncio.gather(defer(), defer())

    asyncio.run(defer_twice())
    with site.store() as store:
        assert store.shard_jobs.waiting() == 1
