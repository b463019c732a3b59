"""`newsletter worker`: Procrastinate hands jobs to the workers of a fleet, and defers a periodic task each minute.

    periodic task ── plan: what is due is in the ledger, its shards have jobs ── each worker: a shard, and the next

Nothing else of the package imports `procrastinate`. It is trusted with nothing but when to look: a job that is lost,
or comes twice, changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.schema import SchemaManager
from procrastinate.tasks import Task

from newsletter.models.database_url import DatabaseUrl
from newsletter.operations.fleet_worker import FleetWorker
from newsletter.operations.shutdown import Shutdown
from newsletter.pipeline.fleet_shards import QUEUE, SEND_SHARD

#: When to plan: each minute.
PLAN_CRON = "* * * * *"
_POLL_S = 0.1
#: How often a worker says that it is alive.
_HEARTBEAT_S = 10.0
#: Until the next attempt to connect to a server that is not there.
_PAUSE_S = 2.0


def serve_fleet(worker: FleetWorker, url: DatabaseUrl, shutdown: Shutdown, plan_cron: str = PLAN_CRON) -> None:
    """Work until a shutdown is requested; then finish what is in flight, and give back the rest.

    Raises:
        StoreError: The store cannot be used when the worker begins; later it waits for the server.
    """
    for name in ("procrastinate", "psycopg.pool"):  # a server that restarts is no traceback; the worker says it
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with worker.ports.open_store() as store:
        store.shard_jobs.prepare(SchemaManager.get_schema())
    try:
        asyncio.run(_serve(worker, url, shutdown, plan_cron))
    finally:
        worker.close()


async def _serve(worker: FleetWorker, url: DatabaseUrl, shutdown: Shutdown, plan_cron: str) -> None:
    heartbeats = asyncio.create_task(_send_heartbeats(worker))
    is_lost = False
    while not shutdown():
        try:
            await _work(worker, url, shutdown, plan_cron)
        except (ConnectorException, OSError) as error:
            if not is_lost:
                worker.warn(f"{url}: {' '.join(str(error).split())}; trying again")
            is_lost = True
            await _pause(shutdown, _PAUSE_S)
        else:
            is_lost = False
            await _pause(shutdown, _POLL_S)
    heartbeats.cancel()
    with suppress(asyncio.CancelledError):
        await heartbeats


async def _work(worker: FleetWorker, url: DatabaseUrl, shutdown: Shutdown, plan_cron: str) -> None:
    """Process jobs until a shutdown is requested, or the connection to the queue is lost."""
    app, plan = _make_app(worker, url, plan_cron)
    async with app.open_async():
        with suppress(AlreadyEnqueued):
            await plan.defer_async(timestamp=0)
        working = asyncio.create_task(
            app.run_worker_async(queues=[QUEUE], concurrency=1, delete_jobs="always", install_signal_handlers=False)
        )
        while not shutdown() and not working.done():
            await asyncio.wait([working], timeout=_POLL_S)
        working.cancel()  # it takes no further job, and waits for the one that runs
        with suppress(asyncio.CancelledError):
            await working


def _make_app(worker: FleetWorker, url: DatabaseUrl, plan_cron: str) -> tuple[App, Task[..., None, ...]]:
    app = App(connector=PsycopgConnector(conninfo=url.text, min_size=1, max_size=3, timeout=10.0))

    # No `lock`: the job of a dead worker would hold it. The worker takes a lock of the server that ends with it.
    @app.periodic(cron=plan_cron)
    @app.task(name="plan", queue=QUEUE, queueing_lock="plan", priority=10)
    def plan(timestamp: int) -> None:  # noqa: ARG001 - the library passes the moment that it is due
        worker.plan()

    @app.task(name=SEND_SHARD, queue=QUEUE)
    def send_shard(first: int) -> None:
        worker.send_shard(first)

    return app, plan


async def _send_heartbeats(worker: FleetWorker) -> None:
    while True:
        await asyncio.to_thread(worker.heartbeat)
        await asyncio.sleep(_HEARTBEAT_S)


async def _pause(shutdown: Shutdown, seconds: float) -> None:
    for _ in range(int(seconds / _POLL_S)):
        if shutdown():
            return
        await asyncio.sleep(_POLL_S)
