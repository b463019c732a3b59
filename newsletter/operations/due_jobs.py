"""When jobs are due, by the store: their own times, and what became of the last run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from newsletter.operations.jobs import Job
from newsletter.store import Store
from newsletter.store.jobs import JobOutcome, JobState

#: A job that ran rests for so long, whatever its times.
_REST = timedelta(seconds=2)
_NONE: frozenset[str] = frozenset()


def due_moments(
    store: Store,
    jobs: Sequence[Job],
    states: Mapping[str, JobState],
    now: datetime,
    woken: AbstractSet[str] = _NONE,
) -> dict[str, datetime | None]:
    """Return by name when each job is due, which may be in the past; those in `woken` are due now.

    A job that failed waits for its `retry`, and one that was interrupted by the end of the process, too.
    """
    return {
        job.name: _due(store, job, states.get(job.name, JobState(job.name)), now, job.name in woken) for job in jobs
    }


def _due(store: Store, job: Job, state: JobState, now: datetime, is_woken: bool) -> datetime | None:
    moment = now if is_woken else job.next_at(store, state, now)
    if is_woken and state.is_interrupted:
        return now
    if state.began_at is not None and state.is_interrupted:
        again = min(state.began_at, now) + job.retry
        return again if moment is None else min(moment, again)
    if moment is None or state.finished_at is None:
        return moment
    has_failed = state.outcome is JobOutcome.FAILED and not is_woken
    return max(moment, min(state.finished_at, now) + (job.retry if has_failed else _REST))
