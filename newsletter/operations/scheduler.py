"""`newsletter serve`: APScheduler fires the jobs; the store says when each is due, and what was done.

Nothing is remembered but in the store: what is due is computed from it again whenever it changes, so that a restart,
sleep, a step of the clock, and what other processes did, need no care of their own. Of several processes the one that
has the lease runs jobs; the others stand by.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from newsletter.errors import NewsletterError, StoreError
from newsletter.operations.due_jobs import due_moments
from newsletter.operations.jobs import Job, JobResult
from newsletter.operations.leadership import Leadership
from newsletter.operations.shutdown import GRACE_S, Shutdown
from newsletter.store import Store
from newsletter.store.jobs import JobOutcome

if TYPE_CHECKING:
    from apscheduler.events import JobEvent
    from apscheduler.schedulers.background import BackgroundScheduler

    from newsletter.operations.job_threads import JobThreads

#: The wall clock is looked at so often: a sleep or a step of the clock delays a job by no more.
TICK_S = 1.0
#: What is due is computed anew at least so often, and after a change; where that takes long, this part of the time.
_REFRESH_AFTER = timedelta(minutes=1)
_REFRESH_SHARE = 0.05
_FREE_S, _MAX_PAUSE_S = 0.1, 10.0
#: How late a job may begin, and a look at the clock may be, before the scheduler counts as stalled.
_LATEST = timedelta(minutes=15)
_LATEST_TICK_S = 120.0


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run of a job that ended, or one that was missed."""

    job: Job
    due_at: datetime
    began_at: datetime
    outcome: JobOutcome
    result: JobResult
    seconds: float = 0.0


@dataclass
class Scheduler:
    """Runs the jobs of a site while it has the lease."""

    jobs: Sequence[Job]
    open_store: Callable[[], Store]
    #: The file of the store, whose changes are watched.
    store_file: Path
    clock: Callable[[], datetime]
    #: Is called with each run that ended, from the thread of the job.
    report: Callable[[JobRun], None]
    #: Is called with a line for the operator.
    say: Callable[[str], None]
    #: Is called with the first moment at which a job is due, when it changes.
    announce: Callable[[datetime], None] = lambda _moment: None
    tick_s: float = TICK_S

    def __post_init__(self) -> None:
        self._leadership = Leadership(self.open_store, self.clock, self.say)
        self._lock = Lock()
        # These belong to all threads, under the lock:
        self._next: dict[str, datetime | None] = {}
        self._running: set[str] = set()
        #: Those that began or ended since the states of the jobs were last read.
        self._moved: set[str] = set()
        self._woken: set[str] = set()
        self._has_changed = True
        # And these to the one that serves:
        self._scheduler: BackgroundScheduler | None = None
        self._threads: JobThreads | None = None
        self._leads = False
        self._stamp: object = None
        self._refreshed_at: datetime | None = None
        self._no_refresh_before = 0.0
        self._announced: datetime | None = None
        self._said = ""
        self._ticked_at: float | None = None

    def is_stalled(self) -> bool:
        """Whether a job that is due does not begin, or nothing looks at the clock. Any thread may ask."""
        if self._ticked_at is None:  # it was not started yet
            return False
        if time.monotonic() - self._ticked_at > _LATEST_TICK_S:
            return True
        with self._lock:
            waiting = [moment for name, moment in self._next.items() if moment and name not in self._running]
        return self._leads and any(self.clock() - moment > _LATEST for moment in waiting)

    def serve(self, shutdown: Shutdown, on_tick: Callable[[], None] = lambda: None) -> None:
        """Run jobs when they are due, until a shutdown; mail in flight is finished first, within its grace.

        `on_tick` is called about once a second.

        Raises:
            StoreError: The store cannot be used when this begins; later on, it is tried again.
        """
        with self.open_store():
            pass
        self._start()
        try:
            while not shutdown.wait(self.tick_s):
                on_tick()
                self.tick()
        finally:
            self._stop()

    def replace_jobs(self, jobs: Sequence[Job]) -> None:
        """Replace the jobs, after a change of the settings; what runs is finished with the former ones."""
        with self._lock:
            self.jobs = jobs
            self._next = {}
            self._has_changed = True
        if self._scheduler is not None:
            self._scheduler.remove_all_jobs()
            self._add_jobs()

    def tick(self) -> None:
        """Keep the lease, compute what is due if anything changed, and let APScheduler look at the clock."""
        self._ticked_at = time.monotonic()
        try:
            leads = self._leadership.keep()
            if leads and not self._leads:
                with self._lock:
                    self._woken |= {job.name for job in self.jobs if job.at_start}
                    self._has_changed = True
            elif self._leads and not leads:
                self._pause_all()
            self._leads = leads
            if leads and self._is_stale():
                self._refresh()
        except StoreError as error:  # locked for long, or the disk is full: the next tick tries again
            self._say_once(f"scheduler: {error}")
        if self._leads and self._scheduler is not None:
            self._scheduler.wakeup()  # it waits by a clock that stands still while the machine sleeps

    # -- what is due ----------------------------------------------------------------------------------

    def _is_stale(self) -> bool:
        if time.monotonic() < self._no_refresh_before:
            return False
        stamp = _stamp_of(self.store_file)
        if stamp != self._stamp:
            self._stamp, self._has_changed = stamp, True
        now = self.clock()
        is_old = self._refreshed_at is None or not timedelta(0) <= now - self._refreshed_at < _REFRESH_AFTER
        return self._has_changed or is_old

    def _refresh(self) -> None:
        """Compute when each job is due, tell APScheduler, and store it for whoever asks."""
        began = time.monotonic()
        self._has_changed, self._refreshed_at = False, self.clock()
        with self.open_store() as store:
            with self._lock:  # before the states: what begins or ends from now on is not planned by them
                self._moved.clear()
                woken, running = set(self._woken), set(self._running)
            states = store.jobs.all()
            names = {job.name for job in self.jobs}
            moments = due_moments(
                store, [job for job in self.jobs if job.name not in running], states, self.clock(), woken
            )
            changed = {
                name: moment for name, moment in moments.items() if name not in states or states[name].next_at != moment
            }
            if changed or states.keys() - names:
                with store.transaction():
                    store.jobs.keep_only(names)
                    store.jobs.set_next(changed)
        self._plan(moments)
        took = time.monotonic() - began
        self._no_refresh_before = time.monotonic() + min(max(0.0, took - _FREE_S) / _REFRESH_SHARE, _MAX_PAUSE_S)

    def _plan(self, moments: dict[str, datetime | None]) -> None:
        scheduler = self._scheduler
        if scheduler is None:
            return
        for name, moment in moments.items():
            with self._lock:
                if name in self._running or name in self._moved:
                    continue
                self._next[name] = moment
                scheduler.modify_job(name, next_run_time=moment)
        first = min((moment for moment in moments.values() if moment is not None), default=None)
        if first is not None and first != self._announced:
            self._announced = first
            self.announce(first)

    # -- APScheduler ----------------------------------------------------------------------------------

    def _start(self) -> None:
        from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED  # noqa: PLC0415 - slow to import
        from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415 - the same

        from newsletter.operations.job_threads import JobThreads  # noqa: PLC0415 - the same

        # That a job is still running when it is due again is no news: what is due is computed again when it ends.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
        self._threads = JobThreads()
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": self._threads})
        self._scheduler.add_listener(self._ended, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
        self._add_jobs()
        self._scheduler.start()

    def _add_jobs(self) -> None:
        from newsletter.operations.asked_trigger import AskedTrigger  # noqa: PLC0415 - slow to import

        assert self._scheduler is not None  # noqa: S101 - it was started
        for job in self.jobs:
            self._scheduler.add_job(
                partial(self._run, job),
                AskedTrigger(),
                id=job.name,
                name=job.name,
                next_run_time=None,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,  # the job's own grace decides, and says so
            )

    def _pause_all(self) -> None:
        for job in self.jobs:
            if self._scheduler is not None:
                self._scheduler.modify_job(job.name, next_run_time=None)

    def _stop(self) -> None:
        scheduler, threads = self._scheduler, self._threads
        self._scheduler = None
        if scheduler is not None and threads is not None:
            scheduler.shutdown(wait=False)
            threads.wait_for({job.name for job in self.jobs if job.is_mail}, 1.5 * GRACE_S)
        self._leadership.release()

    # -- one job --------------------------------------------------------------------------------------

    def _run(self, job: Job) -> None:
        """Run a job that APScheduler fired, in a thread of its own."""
        with self._lock:
            due_at = self._next.get(job.name)
            # What APScheduler fired may have been planned anew since, for later.
            if due_at is None or due_at > self.clock() or job.name in self._running or not self._leadership.has_it():
                self._has_changed = True
                return
            self._running.add(job.name)
            self._moved.add(job.name)
            self._woken.discard(job.name)
        try:
            run = self._do(job, due_at)
            self.report(run)
            with self._lock:
                self._woken.update(run.result.wakes)
        except StoreError as error:
            self._say_once(f"{job.name}: {error}")

    def _ended(self, event: JobEvent) -> None:
        """Learn that APScheduler counts a job as ended, so that it would fire it again."""
        with self._lock:
            self._running.discard(event.job_id)
            self._moved.add(event.job_id)
            self._next[event.job_id] = None
            self._has_changed = True

    def _do(self, job: Job, due_at: datetime) -> JobRun:
        now, began = self.clock(), time.monotonic()
        if job.grace is not None and now - due_at > job.grace:
            result = JobResult(f"missed: it was due at {due_at:%Y-%m-%d %H:%M} UTC", is_clean=False)
            run = JobRun(job, due_at, now, JobOutcome.MISSED, result)
            self._record(run, begins=True)
            return run
        with self.open_store() as store:
            store.jobs.begin(job.name, now)
        try:
            result = job.act()
            outcome = JobOutcome.OK if result.is_clean else JobOutcome.FAILED
        except NewsletterError as error:
            result, outcome = JobResult(str(error), is_clean=False), JobOutcome.FAILED
        except Exception as error:  # noqa: BLE001 - a bug in one job must not end the others
            traceback.print_exc()
            result = JobResult(f"internal error (bug): {type(error).__name__}: {error}", is_clean=False)
            outcome = JobOutcome.FAILED
        run = JobRun(job, due_at, now, outcome, result, time.monotonic() - began)
        self._record(run)
        return run

    def _record(self, run: JobRun, *, begins: bool = False) -> None:
        with self.open_store() as store, store.transaction():
            if begins:
                store.jobs.begin(run.job.name, run.began_at)
            store.jobs.finish(run.job.name, run.outcome, run.result.detail, self.clock())

    def _say_once(self, line: str) -> None:
        if line != self._said:
            self._said = line
            self.say(line)


def _stamp_of(store_file: Path) -> object:
    """Return what changes whenever any process writes into the store."""
    stamps: list[tuple[int, int] | None] = []
    for path in (store_file, store_file.with_name(f"{store_file.name}-wal")):
        try:
            stat = path.stat()
        except OSError:
            stamps.append(None)
        else:
            stamps.append((stat.st_mtime_ns, stat.st_size))
    return stamps
