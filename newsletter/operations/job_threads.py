"""The executor of the scheduler's jobs: a thread for each that runs, so that none waits for another."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from threading import Event, Thread
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job


class JobThreads(BaseExecutor):  # type: ignore[misc]  # APScheduler 3 has no types
    """Runs each job in a thread that does not keep the process from ending."""

    def __init__(self) -> None:
        super().__init__()
        self._threads: dict[str, Thread] = {}

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        is_registered = Event()  # else a short job could end before it counts as running

        def run() -> None:
            is_registered.wait()
            try:
                events = run_job(job, "default", run_times, self._logger.name)
            except BaseException:  # noqa: BLE001 - the executor has to learn that the job ended
                self._run_job_error(job.id, *sys.exc_info()[1:])
            else:
                self._run_job_success(job.id, events)

        thread = Thread(target=run, name=f"job {job.id}", daemon=True)
        self._threads[job.id] = thread
        thread.start()
        is_registered.set()

    def wait_for(self, names: set[str], timeout_s: float) -> None:
        """Wait until the jobs with these names have ended, for so long at most."""
        until = time.monotonic() + timeout_s
        for name in names & self._threads.keys():
            self._threads[name].join(max(0.0, until - time.monotonic()))
