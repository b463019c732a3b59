from __future__ import annotations

import signal
import subprocess
import sys

import pytest

SERVER = """
import sys, time
from newsletter.operations import scheduler
from newsletter.operations.shutdown import handle_signals
from apscheduler.triggers.interval import IntervalTrigger

scheduler.cron_trigger = lambda cron: IntervalTrigger(seconds=1)  # every second
scheduler.next_run = lambda cron, after: after

def job():
    print("begun", flush=True)
    while not shutdown():  # the signal comes while the job runs, however busy the machine
        time.sleep(0.01)
    print("done", flush=True)

with handle_signals() as shutdown:
    scheduler.serve("* * * * *", job, shutdown)
print("stopped", flush=True)
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_running_job_finish(sent: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        assert serving.stdout.readline() == "begun\n"
        serving.send_signal(sent)
        rest = serving.stdout.read()

    assert (serving.returncode, rest) == (0, "done\nstopped\n")
