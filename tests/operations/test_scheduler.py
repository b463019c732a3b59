from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from newsletter.errors import ConfigError
from newsletter.pipeline.schedule import next_run


def test_the_next_run_is_told_in_utc() -> None:
    now = datetime(2026, 5, 8, 9, 30, tzinfo=UTC)

    assert next_run("5 * * * *", now) == datetime(2026, 5, 8, 10, 5, tzinfo=UTC)
    assert next_run("0 6 * * mon", now) == datetime(2026, 5, 11, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("cron", ["", "hourly", "99 * * * *", "* * * *"])
def test_what_is_not_a_crontab_line_is_an_error(cron: str) -> None:
    with pytest.raises(ConfigError, match=r"schedule\.cron"):
        next_run(cron, datetime.now(UTC))


SERVER = """
import sys, time
from newsletter.operations import scheduler
from newsletter.operations.shutdown import handle_signals
from apscheduler.triggers.interval import IntervalTrigger
from apscheduler.triggers.cron import CronTrigger

CronTrigger.from_crontab = classmethod(lambda cls, line, timezone: IntervalTrigger(seconds=1))  # a faster clock
scheduler.next_run = lambda cron, after: after

def job():
    print("begun", flush=True)
    time.sleep(0.5)
    print("done", flush=True)

with handle_signals() as stop:
    scheduler.serve("* * * * *", job, stop)
print("stopped", flush=True)
"""


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_job_under_way_finish(stop: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline() == "begun\n"
        serving.send_signal(stop)
        rest = serving.stdout.read()

    assert (serving.returncode, rest) == (0, "done\nstopped\n")


def test_a_day_that_never_comes_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"schedule\.cron: '0 0 30 2 \*' never comes"):
        next_run("0 0 30 2 *", datetime.now(UTC))
