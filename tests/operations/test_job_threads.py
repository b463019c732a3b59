"""Jobs have threads of their own, in APScheduler itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from queue import SimpleQueue

import pytest
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED
from apscheduler.schedulers.background import BackgroundScheduler

from newsletter.operations.job_threads import JobThreads

_DEADLINE_S = 60


@pytest.fixture
def threads() -> JobThreads:
    return JobThreads()


@pytest.fixture
def scheduler(threads: JobThreads) -> Iterator[BackgroundScheduler]:
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": threads})
    scheduler.start()
    yield scheduler
    scheduler.shutdown(wait=False)


def test_a_job_that_hangs_keeps_no_other_from_running(scheduler: BackgroundScheduler, threads: JobThreads) -> None:
    is_over, ran = threading.Event(), SimpleQueue[str]()
    scheduler.add_job(lambda: is_over.wait(_DEADLINE_S), id="hanging", next_run_time=datetime.now(UTC))
    for number in range(20):
        scheduler.add_job(ran.put, args=[str(number)], id=str(number), next_run_time=datetime.now(UTC))
    assert {ran.get(timeout=_DEADLINE_S) for _ in range(20)} == {str(number) for number in range(20)}
    threads.wait_for({"hanging", "unknown"}, 0.0)
    assert not is_over.is_set()
    is_over.set()
    threads.wait_for({"hanging"}, _DEADLINE_S)


def test_a_job_that_fails_counts_as_ended(scheduler: BackgroundScheduler) -> None:
    ended: SimpleQueue[str] = SimpleQueue()
    scheduler.add_listener(lambda event: ended.put(event.job_id), EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
    for _ in range(2):
        scheduler.add_job(lambda: 1 // 0, id="failing", next_run_time=datetime.now(UTC), replace_existing=True)
        assert ended.get(timeout=_DEADLINE_S) == "failing"
