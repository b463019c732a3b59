"""A site that a fleet sends for: workers are processes, whose clocks begin when its edition is due."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models.addresses import email_key
from newsletter.models.database_url import DatabaseUrl
from newsletter.operations.fleet import serve_fleet
from newsletter.operations.fleet_worker import FleetWorker
from newsletter.operations.shutdown import handle_signals
from newsletter.pipeline.deliver import deliver
from newsletter.pipeline.ports import Ports
from newsletter.pipeline.transport import make_transport
from newsletter.rendering.environment import make_environment
from newsletter.store import Store, open_store
from newsletter.store.workers import Worker
from tests.factories import NOW, make_entry, make_profile, make_topic
from tests.postgresql import new_store
from tests.program import PROCESSES, start
from tests.sink import Sink

#: Of each worker: so many messages may be in doubt when it dies.
CONNECTIONS = 2
#: So many subscribers are added one by one, and all others at once.
_ONE_BY_ONE = 1000
#: Workers look so often whether something is due, in seconds.
PLAN_S = 2
_SETTINGS = """
delivery.in_doubt = "{in_doubt}"
[database]
url = "{url}"
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
connections = {connections}
max_per_second = {per_second}
"""


@dataclass
class FleetSite:
    """The site, its sink, and its workers."""

    root: Path
    sink: Sink
    per_second: int = 0
    in_doubt: str = "resend"
    shard_size: int = 25
    url: DatabaseUrl = field(default_factory=new_store)
    workers: list[ForkServerProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ahead = NOW - datetime.now(UTC)
        self.write_settings()

    def write_settings(self) -> None:
        """Write the settings, which each worker reads when it begins."""
        text = _SETTINGS.format(
            url=self.url.text, port=self.sink.port, connections=CONNECTIONS, per_second=self.per_second,
            in_doubt=self.in_doubt,
        )  # fmt: skip
        (self.root / "newsletter.toml").write_text(text, encoding="utf-8")

    def store(self) -> Store:
        """Open the store."""
        return open_store(self.url)

    def add_subscribers(self, number: int, other: Store | None = None) -> None:
        """Add a paper, and subscribers to whom it is due, to the site's store or another one."""
        moment = self.now()
        with nullcontext(other) if other else self.store() as store, store.transaction():
            entry = replace(make_entry(title="Pears in Winter", abstract="", arxiv_id="2605.00001"))
            store.papers.add(entry, moment)
            profile = make_profile(topics=(make_topic("pears", ("pears",)),))
            addresses = [f"subscriber{at}@example.org" for at in range(number)]
            for address in addresses[:_ONE_BY_ONE]:
                store.subscribers.add(address, "", profile, "cli", moment)
            rest = ((one, email_key(one), "", profile, None) for one in addresses[_ONE_BY_ONE:])
            store.subscribers.add_many(rest, "cli", moment)

    def begin(self, number: int = 1) -> list[ForkServerProcess]:
        """Start workers."""
        begun = [PROCESSES.Process(target=_work, args=(self.root, self.ahead, self.shard_size)) for _ in range(number)]
        for process in begun:
            start(process)
        self.workers += begun
        return begun

    def now(self) -> datetime:
        """Return the present time of the site."""
        return datetime.now(UTC) + self.ahead

    def alive(self) -> list[Worker]:
        """Return the workers that say they are alive."""
        with self.store() as store:
            return store.workers.alive(self.now())

    def has_shard(self, process: ForkServerProcess) -> bool:
        """Whether a worker sends a shard now."""
        return any(worker.pid == process.pid and worker.shard is not None for worker in self.alive())

    def run_alone(self) -> None:
        """Send what is due, as `newsletter send` does."""
        config = load_config(Site(self.root), environ={})
        with self.store() as store:
            transport = make_transport(config)
            deliver(store, transport, config, make_environment(), self.now)

    def end(self) -> None:
        """Kill those that are still there."""
        for process in self.workers:
            process.kill()
            process.join()

    def statuses(self) -> dict[str, int]:
        """Count the deliveries by status."""
        with self.store() as store:
            return store.deliveries.counts()

    def sent_to(self) -> Counter[str]:
        """Count the accepted messages by recipient."""
        return Counter(recipient for recipient, _ in self.sink.taken)

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until something holds; fail after five minutes, since a machine may have much else to do."""
        until = time.monotonic() + 300
        while not condition():
            assert time.monotonic() < until, f"it never happened: {self.statuses()}, {len(self.sink.taken)} taken"
            time.sleep(0.05)


def _work(root: Path, ahead: timedelta, shard_size: int) -> None:
    """Be a worker that looks every other second, and whose leases end soon."""
    site = Site(root)
    config = load_config(site, environ={})
    with handle_signals() as shutdown:
        ports = Ports(
            open_store=lambda: open_store(config.store),
            open_transport=lambda: make_transport(config),
            make_environment=make_environment,
            clock=lambda: datetime.now(UTC) + ahead,
            is_shutting_down=shutdown,
            is_grace_over=shutdown.is_grace_over,
        )
        worker = FleetWorker(
            config,
            ports,
            _say,
            _say,
            lease=timedelta(seconds=6),
            longest_idle=timedelta(seconds=2),
            shard_size=shard_size,
        )
        assert config.database is not None
        serve_fleet(worker, config.database, shutdown, plan_cron=f"* * * * * */{PLAN_S}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
