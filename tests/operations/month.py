"""A site whose clock is a file: processes that schedule for it, and are killed, through weeks that take seconds.

The processes are real, and so are their store, threads, lease and signals. What is not real is the time: they, and
APScheduler in them, read it from a file, which the driver sets forward when nothing is due any more.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, ClassVar

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.config.timing import SourceTiming
from newsletter.errors import AlreadySending
from newsletter.files.site import Site
from newsletter.models import Cadence, Entry
from newsletter.operations.job_names import MODELS
from newsletter.operations.jobs import make_jobs
from newsletter.operations.scheduler import Scheduler
from newsletter.operations.shutdown import Shutdown, handle_signals
from newsletter.pipeline.ports import Ports
from newsletter.pipeline.pull_due import pull_sources
from newsletter.pipeline.run import run as run_once
from newsletter.pipeline.transport import make_transport
from newsletter.rendering.environment import make_environment
from newsletter.sources import Document, HttpClient, Span
from newsletter.store import open_store
from tests.factories import make_profile, make_topic
from tests.program import PROCESSES, start
from tests.stores import open_new_store

#: A Monday. The pulls are at half past, and the hours of subscribers on the hour, so that their order is known.
FIRST = datetime(2026, 5, 4, tzinfo=UTC)
#: Hours, in UTC, that are all hours of subscribers, or when their slots close.
STEP_HOURS = 3
PULLS = "30 */6 * * *"
#: A killed process's lease is over then.
LEASE_IS_OVER = timedelta(seconds=30)
_DEADLINE_S = 300.0

SUBSCRIBERS = (
    ("ada", Cadence.DAILY, 8, "Europe/Berlin"),
    ("ben", Cadence.DAILY, 9, "Asia/Tokyo"),
    ("cem", Cadence.WEEKDAYS, 8, "America/New_York"),
    ("dee", Cadence.WEEKDAYS, 21, "Pacific/Auckland"),
    ("eve", Cadence.WEEKLY, 12, "UTC"),
    ("fay", Cadence.MONTHLY, 8, "Asia/Tashkent"),
    ("gus", Cadence.DAILY, 2, "Pacific/Honolulu"),
)


@dataclass(frozen=True)
class Almanac:
    """A source that lists two papers on each day, always the same."""

    name: ClassVar[str] = "almanac"
    summary: ClassVar[str] = "Papers about clouds"
    follows: ClassVar[str] = ""
    example: ClassVar[str] = ""
    suffixes: ClassVar[tuple[str, ...]] = ()

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield a document for each day."""
        for back in range((span.last - span.first).days + 1):
            day = span.first + timedelta(days=back)
            yield Document(f"almanac of {day}", b"", day)

    def parse(self, document: Document, today: date) -> Iterator[Entry]:
        """Yield the papers of a day."""
        day = document.day or today
        for number in range(2):
            yield Entry(source=self.name, title=f"Clouds of {day}, part {number}", listed=day)


@dataclass
class Month:
    """A site, its processes, and its clock."""

    folder: Path
    processes: list[BaseProcess] = field(default_factory=list)

    @property
    def site(self) -> Site:
        """The files of the site."""
        return Site(self.folder)

    @property
    def _clock(self) -> Path:
        return self.folder / "clock"

    def create(self) -> None:
        """Make the site, with its subscribers."""
        self.folder.mkdir(exist_ok=True)
        self.site.config.write_text("[schedule]\nwait_minutes = 0\n", encoding="utf-8")
        self.set(FIRST)
        with open_new_store(self.site.store) as store, store.transaction():
            topic = make_topic("Clouds", ("clouds",))
            for name, cadence, hour, zone in SUBSCRIBERS:
                profile = make_profile(topics=(topic,), cadence=cadence, hour=hour, time_zone=zone)
                store.subscribers.add(f"{name}@example.org", "", profile, "cli", FIRST)
        # The first pull of all is due at the start, as are deliveries; here, it is over by then.
        config = self.config()
        ports = replace(self.ports(config, Shutdown()), clock=lambda: FIRST - timedelta(hours=1))
        pull_sources(config, ports, config.sources)

    # -- the clock ------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the present time."""
        return datetime.fromisoformat(self._clock.read_text(encoding="ascii"))

    def set(self, moment: datetime) -> None:
        """Set the clock."""
        new = self._clock.with_name("clock.new")
        new.write_text(moment.isoformat(), encoding="ascii")
        new.replace(self._clock)

    def settle(self) -> None:
        """Wait until nothing is due and nothing runs: the clock stands still meanwhile."""
        until = time.monotonic() + _DEADLINE_S
        with open_store(self.site.store) as store:
            while time.monotonic() < until:
                now = self.now()
                states = store.jobs.all().values()
                is_looked_at = bool(store.looks.until(now))
                if is_looked_at and all(
                    one.next_at and one.next_at > now for one in states
                ):  # that of one that runs is past
                    return
                time.sleep(0.02)  # between two looks: the processes need the processor
        raise TimeoutError(f"something is due for {_DEADLINE_S:.0f} s at {now}: {list(states)}; {self.spoken()}")

    def spoken(self) -> str:
        """Return what the processes said."""
        path = self.folder / "lines"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def note(self, line: str) -> None:
        """Keep what a process says."""
        with (self.folder / "lines").open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {line}\n")

    # -- the processes --------------------------------------------------------------------------------

    def config(self) -> Config:
        """Return the settings."""
        timing = SourceTiming(cron=PULLS, jitter_minutes=0)
        config = load_config(self.site, {})
        return replace(config, sources=(Almanac(),), timings={"almanac": timing})

    def ports(self, config: Config, shutdown: Shutdown) -> Ports:
        """Return the ports of a process."""
        return Ports(
            open_store=partial(open_store, self.site.store),
            open_transport=partial(make_transport, config),
            make_environment=make_environment,
            clock=self.now,
            is_shutting_down=shutdown,
            is_grace_over=shutdown.is_grace_over,
        )

    def start(self, work: Callable[[Path], None]) -> BaseProcess:
        """Start a process; a server that has imported everything forks it, and never had a database open."""
        process = PROCESSES.Process(target=work, args=(self.folder,))
        start(process)
        self.processes.append(process)
        return process

    def leader(self) -> BaseProcess | None:
        """Return the process that has the lease, if it lives."""
        with open_store(self.site.store) as store:
            lease = store.leases.find("scheduler")
        holders = [one for one in self.processes if lease and f"process {one.pid} " in lease.holder and one.is_alive()]
        return holders[0] if holders else None

    def stop(self) -> None:
        """End all processes in good order."""
        for process in self.processes:
            if process.is_alive():
                os.kill(process.pid or 0, signal.SIGTERM)
        for process in self.processes:
            process.join(_DEADLINE_S)

    # -- what came of it ------------------------------------------------------------------------------

    def end_state(self) -> list[tuple[str, str, str, tuple[str, ...]]]:
        """Return the ledger: subscriber, edition, status and papers of each delivery."""
        with open_store(self.site.store) as store:
            rows = []
            for subscriber in store.subscribers.each():
                for delivery in store.deliveries.of_subscriber(subscriber.id):
                    digest = store.editions.get_digest(delivery.digest_id)
                    papers = tuple(sorted(item.paper.title for item in digest.items))
                    rows.append((subscriber.email, delivery.edition_key, delivery.status.value, papers))
        return sorted(rows)

    def outbox(self) -> int:
        """Return how many messages are in the outbox."""
        return sum(1 for folder in ("new", "cur") for _ in (self.folder / "outbox" / folder).glob("*"))


def serve(folder: Path) -> None:
    """Schedule, in a process of its own."""
    from apscheduler.schedulers import base

    class Clock(datetime):
        """APScheduler's clock."""

        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # noqa: ARG003
            return month.now()

    base.datetime = Clock
    month = Month(folder)
    config = month.config()
    with handle_signals() as shutdown:
        Scheduler(
            [job for job in make_jobs(config, month.ports(config, shutdown)) if job.name != MODELS],  # it takes long
            partial(open_store, month.site.store),
            month.site.store,
            month.now,
            report=lambda _run: None,
            say=month.note,
            tick_s=0.05,
        ).serve(shutdown)


def run(folder: Path) -> None:
    """Do what a crontab line does, in a process of its own."""
    month = Month(folder)
    config = month.config()
    with handle_signals() as shutdown, suppress(AlreadySending):
        run_once(config, month.ports(config, shutdown))


def moments(days: int) -> Iterator[datetime]:
    """Yield the hours of subscribers, and when the source is pulled."""
    for hours in range(0, days * 24, STEP_HOURS):
        yield FIRST + timedelta(hours=hours)
        if hours % 6 == 0:
            yield FIRST + timedelta(hours=hours, minutes=30)


def undisturbed(folder: Path, days: int) -> Month:
    """Return a site for which one process scheduled all the time."""
    month = Month(folder)
    month.create()
    month.start(serve)
    try:
        for moment in moments(days):
            month.set(moment)
            month.settle()
    finally:
        month.stop()
    return month


def disturbed(folder: Path, days: int, chance: random.Random, every: int) -> tuple[Month, Counter[str]]:
    """Return a site for which two processes and a crontab line worked, and what was done to them.

    At about every `every`-th moment, the process that schedules is killed, soon after something became due.
    """
    month, done = Month(folder), Counter[str]()
    month.create()
    month.start(serve)
    month.start(serve)
    try:
        for moment in moments(days):
            month.set(moment)
            beside = month.start(run) if chance.randrange(every) == 0 else None
            if chance.randrange(every) == 0:
                time.sleep(chance.random() * 0.08)  # not to wait for anything: where in its work it dies is to differ
                if leader := month.leader():
                    leader.kill()
                    leader.join()
                    done["kill"] += 1
                    month.start(serve)
                    month.set(moment + LEASE_IS_OVER)
            if beside is not None:
                beside.join(_DEADLINE_S)
                done["run"] += 1
            month.settle()
    finally:
        month.stop()
    return month, done
