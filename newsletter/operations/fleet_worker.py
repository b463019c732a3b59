"""One worker of a fleet: what it does when a job tells it to look. Whatever happens, the ledger and the leases decide.

It has one connection to the store, which holds the lock that keeps single runs away, and does one thing at a time. An
error closes all connections; with the next job it connects again, and begins with what it left.
"""

from __future__ import annotations

import os
import secrets
import socket
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from newsletter.config.model import Config
from newsletter.errors import NewsletterError, StoreError
from newsletter.operations.after_run import followed_run
from newsletter.operations.retention import prune_daily
from newsletter.operations.run_record import record_totals
from newsletter.pipeline.fleet_permits import FleetPermits
from newsletter.pipeline.fleet_shards import QUEUE, SEND_SHARD, SHARD_SIZE, share_ledger
from newsletter.pipeline.ports import Ports
from newsletter.pipeline.run import RunReport, run
from newsletter.pipeline.shard_lease import LEASE
from newsletter.pipeline.shard_sender import ShardSender
from newsletter.pipeline.site_lock import SENDING_LOCK
from newsletter.pipeline.transport import make_transport
from newsletter.store import Store
from newsletter.store.workers import Worker
from newsletter.text import counted

#: One worker plans at a time.
_PLAN_LOCK = "planning"
#: A worker that is suspended within a transaction loses it, so that the others can write.
_LONGEST_IDLE = timedelta(seconds=20)


def _make_id() -> str:
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"


def _connection_of(worker_id: str) -> str:
    """Return the name of a worker's connection: PostgreSQL cuts longer ones."""
    return f"newsletter {worker_id[-48:]}"


@dataclass
class FleetWorker:
    """What one process does for a fleet."""

    config: Config
    ports: Ports
    #: Is called with a line about what was done.
    report: Callable[[str], None]
    #: Is called with a line about what is wrong.
    warn: Callable[[str], None]
    lease: timedelta = LEASE
    longest_idle: timedelta = _LONGEST_IDLE
    shard_size: int = SHARD_SIZE
    id: str = field(default_factory=_make_id)
    _sender: ShardSender | None = None
    #: How far the database's clock, which is everybody's, is ahead of this machine's.
    _ahead: timedelta = timedelta()
    _began_at: datetime | None = None
    _stands_by: bool = False

    def clock(self) -> datetime:
        """Return the present time, by the clock of the database."""
        return self.ports.clock() + self._ahead

    def plan(self) -> None:
        """Do all that `newsletter run` does but sending, which is divided among the workers; never raises.

        What dead workers left is divided, too. Where another worker plans already, nothing is done.
        """
        self._try("planning", self._plan)

    def send_shard(self, first: int) -> None:
        """Send a shard, unless somebody else has it; never raises."""
        self._try(f"shard {first}", lambda sender: self._send(sender, first))

    def heartbeat(self) -> None:
        """Store that this worker is alive; from any thread, as it has a connection of its own. Never raises."""
        now = self.clock()
        self._began_at = self._began_at or now
        with suppress(NewsletterError), self.ports.open_store() as store:
            store.end_idle_transactions(self.longest_idle)
            store.workers.heartbeat(Worker(self.id, socket.gethostname(), os.getpid(), self._began_at, now))

    def close(self) -> None:
        """End: give back what is left, and close all connections."""
        with suppress(NewsletterError), self.ports.open_store() as store, store.transaction():
            store.workers.end(self.id)
            store.shard_jobs.enqueue(QUEUE, SEND_SHARD)
        self._disconnect()

    # -- connections ----------------------------------------------------------------------------------

    def _try(self, what: str, act: Callable[[ShardSender], None]) -> None:
        try:
            sender = self._connected()
            if sender is not None:
                act(sender)
        except NewsletterError as error:
            self._disconnect()
            self.warn(f"{what}: {error}")
        except Exception as error:  # noqa: BLE001 - a bug must not end the worker: others would follow it
            self._disconnect()
            traceback.print_exc()
            self.warn(f"{what}: internal error (bug): {type(error).__name__}: {error}")

    def _connected(self) -> ShardSender | None:
        """Return the sender of shards, connected; None while a single run sends for this site.

        Raises:
            NewsletterError: The store cannot be used.
        """
        if self._sender is not None:
            return self._sender
        store = self.ports.open_store()
        try:
            if not store.try_lock(SENDING_LOCK, is_shared=True):
                store.close()
                if not self._stands_by:
                    self._stands_by = True
                    self.warn("standing by: a `newsletter run`, `send` or `serve` is sending for this site")
                return None
            self._stands_by = False
            store.end_idle_transactions(self.longest_idle)
            store.name_connection(_connection_of(self.id))
            self._ahead = store.clock_ahead()
            transport = make_transport(self.config, self._permits(store))
            ports = self.ports
            sender = ShardSender(
                self.config, store, transport, self.clock, self.id, ports.is_shutting_down, ports.is_grace_over,
                self.lease,
            )  # fmt: skip
            # What this worker had when it lost its connection: it closed those to mail servers, too.
            sender.run().take_over(self.id)
        except BaseException:
            store.close()
            raise
        self._sender = sender
        return sender

    def _disconnect(self) -> None:
        if self._sender is not None:
            sender, self._sender = self._sender, None
            sender.transport.close()
            with suppress(StoreError):
                sender.store.close()

    # -- jobs -----------------------------------------------------------------------------------------

    def _plan(self, sender: ShardSender) -> None:
        self._end_silent(sender.store)
        with sender.store.lock(_PLAN_LOCK) as has_it:
            if not has_it or self.ports.is_shutting_down():
                return
            self._share(sender)  # what is left does not wait for new papers
            ports = replace(
                self.ports,
                clock=self.clock,
                is_shared=True,
                open_transport=lambda: make_transport(self.config, self._permits(sender.store)),
            )
            followed = followed_run(self.config, ports, "worker", lambda: run(self.config, ports))
            self._share(sender)
            for problem in followed.problems:
                self.warn(problem)
            for failure in followed.report.errors:
                self.warn(f"{failure.step}: {failure.error}")
            deliveries = followed.report.deliveries
            if deliveries is not None and deliveries.error is not None:
                self.warn(f"planning: {deliveries.error}")
            prune_daily(sender.store, self.config, self.clock(), is_over=self.ports.is_shutting_down)

    def _end_silent(self, store: Store) -> None:
        """End the connections of workers that are suspended: one of them may have the lock of planning."""
        for worker_id in store.workers.silent(self.clock()):
            store.end_connections(_connection_of(worker_id))
            store.workers.end(worker_id)  # it says that it is alive again, if it is

    def _share(self, sender: ShardSender) -> None:
        with self.ports.watch_deliveries() as watch:
            made = share_ledger(sender.run(watch.report), self.shard_size)
        if made:
            self.report(f"{counted(made, 'shard')} to send")

    def _send(self, sender: ShardSender, first: int) -> None:
        if self.ports.is_shutting_down():
            return
        with self.ports.watch_deliveries() as watch:
            report = sender.send(first, watch.report)
        with sender.store.transaction():
            record_totals(sender.store, RunReport(deliveries=report), self.clock())
        if report.error is not None:
            self.warn(f"shard {first}: {report.error}")
        if report.counts:
            self.report(f"shard {first}: {report.totals()}")

    def _permits(self, store: Store) -> FleetPermits:
        return FleetPermits(self.config, lambda: store.permits, lambda: self.clock().timestamp())
