"""`newsletter serve`: real processes, signals, and a store."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from apscheduler.events import EVENT_JOB_EXECUTED, JobEvent

from newsletter.errors import NewsletterError
from newsletter.operations.jobs import Job, JobResult, every
from newsletter.operations.scheduler import JobRun, Scheduler
from newsletter.operations.shutdown import Shutdown
from newsletter.store import Store, open_store
from newsletter.store.jobs import JobOutcome, JobState
from tests.factories import NOW
from tests.stores import place_new_store

_DEADLINE_S = 60

SERVER = """
import sys, time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from newsletter.operations.jobs import Job, JobResult, every
from newsletter.operations.scheduler import Scheduler
from newsletter.operations.shutdown import handle_signals
from newsletter.store import open_store
from datetime import timedelta

path = Path(sys.argv[1])

def act():
    print("begun", flush=True)
    while not shutdown():  # the signal comes while the job runs, however busy the machine
        time.sleep(0.01)
    print("done", flush=True)
    return JobResult("done")

with handle_signals() as shutdown:
    job = Job("deliver", every(timedelta(hours=1)), act, is_mail=True)
    Scheduler(
        [job], partial(open_store, path), path, lambda: datetime.now(UTC), lambda _run: None, print, tick_s=0.01
    ).serve(shutdown)
print("stopped", flush=True)
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_mail_in_flight_finish(tmp_path: Path, sent: signal.Signals) -> None:
    path = tmp_path / "newsletter.db"
    place_new_store(path)
    command = [sys.executable, "-c", SERVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline() == "begun\n"
        serving.send_signal(sent)
        rest = serving.stdout.read()

    assert (serving.returncode, rest) == (0, "done\nstopped\n")
    with open_store(path) as store:
        assert store.jobs.all()["deliver"].outcome is JobOutcome.OK
        assert store.leases.find("scheduler") is None


# -- a scheduler in a thread, whose jobs need no clock ------------------------------------------------


class Running:
    """A scheduler in a thread, and what it reports."""

    def __init__(self, path: Path, jobs: list[Job]) -> None:
        self.runs: SimpleQueue[JobRun] = SimpleQueue()
        self.lines: SimpleQueue[str] = SimpleQueue()
        self.now = NOW
        #: What the thread is to do, as `serve` does when the settings change.
        self.todo: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.shutdown = Shutdown()
        self.path = path
        self.scheduler = Scheduler(
            jobs, partial(open_store, path), path, lambda: self.now, self.runs.put, self.lines.put, tick_s=0.01
        )

    def __enter__(self) -> Running:
        self.thread = threading.Thread(target=self.scheduler.serve, args=(self.shutdown, self._tick))
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown.request(signal.SIGTERM)
        self.thread.join(_DEADLINE_S)

    def _tick(self) -> None:
        with suppress(Empty):
            self.todo.get_nowait()()

    def run(self) -> JobRun:
        return self.runs.get(timeout=_DEADLINE_S)

    def line(self) -> str:
        return self.lines.get(timeout=_DEADLINE_S)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place_new_store(tmp_path / "newsletter.db")
    return tmp_path / "newsletter.db"


def once(_store: Store, state: object, now: object) -> object:
    """A time that comes once."""
    return None if getattr(state, "began_at", None) else now


def test_what_a_job_did_is_stored_and_reported(path: Path) -> None:
    def fail() -> JobResult:
        raise NewsletterError("no pears", hint="buy some")

    def break_down() -> JobResult:
        raise ZeroDivisionError

    jobs = [
        Job("good", once, lambda: JobResult("two pears")),  # type: ignore[arg-type]
        Job("bad", once, fail),  # type: ignore[arg-type]
        Job("ugly", once, break_down),  # type: ignore[arg-type]
    ]
    with Running(path, jobs) as running:
        outcomes = {run.job.name: (run.outcome, run.result.detail) for run in (running.run() for _ in jobs)}
    assert outcomes == {
        "good": (JobOutcome.OK, "two pears"),
        "bad": (JobOutcome.FAILED, "no pears (buy some)"),
        "ugly": (JobOutcome.FAILED, "internal error (bug): ZeroDivisionError: "),
    }
    with open_store(path) as store:
        states = store.jobs.all()
    assert {name: (state.outcome, state.detail) for name, state in states.items()} == outcomes
    assert [name for name, state in states.items() if state.succeeded_at] == ["good"]


def test_a_job_wakes_others_and_one_that_hangs_delays_none(path: Path) -> None:
    is_over = threading.Event()

    def hang() -> JobResult:
        is_over.wait(_DEADLINE_S)
        return JobResult("at last")

    jobs = [
        Job("summaries", once, hang),  # type: ignore[arg-type]
        Job("pull", once, lambda: JobResult("news", wakes=("deliver",))),  # type: ignore[arg-type]
        Job("deliver", lambda _store, _state, _now: None, lambda: JobResult("sent")),
    ]
    try:
        with Running(path, jobs) as running:
            assert [running.run().job.name for _ in range(2)] == ["pull", "deliver"]
            is_over.set()
            assert running.run().result.detail == "at last"
    finally:
        is_over.set()


def test_what_is_missed_runs_once_within_its_grace_and_else_says_so(path: Path) -> None:
    with open_store(path) as store, store.transaction():
        for name in ("late", "too late"):
            store.jobs.begin(name, NOW - timedelta(days=3))
            store.jobs.finish(name, JobOutcome.OK, "", NOW - timedelta(days=3))
    daily = every(timedelta(days=1))
    jobs = [
        Job("late", daily, lambda: JobResult("made up for"), grace=timedelta(days=7)),
        Job("too late", daily, lambda: pytest.fail("it ran"), grace=timedelta(hours=1)),
    ]
    with Running(path, jobs) as running:
        outcomes = {run.job.name: run for run in (running.run() for _ in jobs)}
        with pytest.raises(Empty):  # three days were missed, and one run replaces them
            running.runs.get_nowait()
        wait_for_next(path, "too late", NOW + timedelta(days=1))
    assert outcomes["late"].outcome is JobOutcome.OK
    assert outcomes["too late"].outcome is JobOutcome.MISSED
    assert outcomes["too late"].result.detail == "missed: it was due at 2026-05-06 09:30 UTC"


def wait_for_next(path: Path, name: str, expected: datetime) -> None:
    """Wait until the scheduler has computed anew when a job is due, which it does after it has reported a run."""
    deadline, next_at = time.monotonic() + _DEADLINE_S, None
    while next_at != expected and time.monotonic() < deadline:
        time.sleep(0.01)
        with open_store(path) as store:
            next_at = store.jobs.all()[name].next_at
    assert next_at == expected


def test_a_run_that_ends_while_what_is_due_is_computed_is_not_repeated(path: Path) -> None:
    ran: list[datetime] = []

    def due(_store: Store, state: JobState, now: datetime) -> datetime:
        if state.began_at is None and not ran:  # it was read, and then the job runs
            scheduler._next["pull"] = now
            scheduler._run(job)
            scheduler._ended(JobEvent(EVENT_JOB_EXECUTED, "pull", "default"))
        return now

    def act() -> JobResult:
        ran.append(NOW)
        return JobResult("pulled")

    job = Job("pull", due, act)
    scheduler = Running(path, [job]).scheduler
    scheduler._start()
    try:
        scheduler.tick()
        assert (len(ran), scheduler._next) == (1, {"pull": None})
    finally:
        scheduler._stop()


def test_what_was_planned_anew_for_later_does_not_run_before(path: Path) -> None:
    job = Job("pull", once, lambda: pytest.fail("it ran"))  # type: ignore[arg-type]
    scheduler = Running(path, [job]).scheduler
    scheduler.tick()
    scheduler._next["pull"] = NOW + timedelta(seconds=1)
    scheduler._run(job)
    assert scheduler._has_changed


def test_what_runs_at_the_start_does_so_whatever_its_time(path: Path) -> None:
    with open_store(path) as store, store.transaction():
        store.jobs.begin("deliver", NOW - timedelta(minutes=1))
        store.jobs.finish("deliver", JobOutcome.FAILED, "the server is away", NOW - timedelta(minutes=1))
    job = Job("deliver", every(timedelta(days=1)), lambda: JobResult("resumed"), at_start=True)
    with Running(path, [job]) as running:
        assert running.run().result.detail == "resumed"


def test_a_second_scheduler_stands_by_until_the_first_ends(path: Path) -> None:
    jobs = [Job("deliver", once, lambda: JobResult("sent"), at_start=True)]  # type: ignore[arg-type]
    with Running(path, jobs) as first:
        first.run()
        with Running(path, jobs) as second:
            assert "standing by: process" in second.line()
            assert second.runs.empty()
            first.__exit__()
            second.now += timedelta(seconds=6)  # it asks again
            assert "does not schedule any more" in second.line()
            assert second.run().job.name == "deliver"


def test_jobs_are_replaced(path: Path) -> None:
    with Running(path, [Job("old", once, lambda: JobResult("old"))]) as running:  # type: ignore[arg-type]
        running.run()
        new = [Job("new", once, lambda: JobResult("new"))]  # type: ignore[arg-type]
        running.todo.put(lambda: running.scheduler.replace_jobs(new))
        assert running.run().job.name == "new"
    with open_store(path) as store:
        assert list(store.jobs.all()) == ["new"]


def test_a_scheduler_is_stalled_if_a_job_does_not_begin_or_nothing_looks_at_the_clock(path: Path) -> None:
    scheduler = Running(path, []).scheduler
    assert not scheduler.is_stalled()  # it was not started
    scheduler.tick()
    scheduler._next["pears"] = NOW - timedelta(minutes=15)
    assert not scheduler.is_stalled()
    scheduler._next["pears"] = NOW - timedelta(minutes=16)
    assert scheduler.is_stalled()
    scheduler._running.add("pears")
    assert not scheduler.is_stalled()
    scheduler._ticked_at = time.monotonic() - 121
    assert scheduler.is_stalled()
