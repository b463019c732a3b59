from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from newsletter.operations.due_jobs import due_moments
from newsletter.operations.jobs import Job, JobResult, by_cron, every
from newsletter.store import Store
from newsletter.store.jobs import JobOutcome, JobState
from tests.factories import NOW

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HOURLY = Job("deliver", every(HOUR), lambda: JobResult(""), retry=5 * MINUTE)


def due(store: Store, state: JobState, job: Job = HOURLY, *, woken: bool = False) -> datetime | None:
    return due_moments(store, [job], {"deliver": state}, NOW, {"deliver"} if woken else set())["deliver"]


@pytest.mark.parametrize(
    ("began", "finished", "outcome", "expected"),
    [
        (None, None, None, NOW),
        (NOW - MINUTE, NOW - MINUTE, JobOutcome.OK, NOW + 59 * MINUTE),
        (NOW - 3 * HOUR, NOW - 3 * HOUR, JobOutcome.OK, NOW - 2 * HOUR),  # it has passed
        (NOW - HOUR, NOW - MINUTE, JobOutcome.FAILED, NOW + 4 * MINUTE),  # not before its retry
        (NOW - MINUTE, NOW - HOUR, JobOutcome.OK, NOW + 4 * MINUTE),  # it was interrupted
        (NOW - MINUTE, None, None, NOW + 4 * MINUTE),
        (NOW + 9 * HOUR, NOW + 9 * HOUR, JobOutcome.OK, NOW + HOUR),  # the clock was ahead
    ],
)
def test_when_a_job_is_due(
    store: Store, began: datetime | None, finished: datetime | None, outcome: JobOutcome | None, expected: datetime
) -> None:
    assert due(store, JobState("deliver", began, finished, outcome)) == expected


def test_who_is_woken_waits_for_no_retry(store: Store) -> None:
    failed = JobState("deliver", NOW - HOUR, NOW - MINUTE, JobOutcome.FAILED)
    assert due(store, failed, woken=True) == NOW
    assert due(store, JobState("deliver", NOW - MINUTE), woken=True) == NOW
    assert due(store, JobState("deliver", NOW, NOW, JobOutcome.OK), woken=True) == NOW + timedelta(seconds=2)


def test_a_crontab_line_is_for_the_times_after_the_last_run(store: Store) -> None:
    job = Job("deliver", by_cron("0 6 * * *"), lambda: JobResult(""))
    at_six = NOW.replace(hour=6, minute=0)
    assert due(store, JobState("deliver"), job) == at_six + timedelta(days=1)
    yesterday = JobState("deliver", at_six - timedelta(days=1), at_six - timedelta(days=1), JobOutcome.OK)
    assert due(store, yesterday, job) == at_six
