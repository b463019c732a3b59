"""Two processes that schedule and a crontab line, killed now and then, end where one undisturbed process does."""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.operations.month import SUBSCRIBERS, disturbed, undisturbed

#: A month is simulated by `python -m tests.benchmarks.scheduling`.
DAYS = 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no forkserver")
def test_nothing_is_sent_twice_or_missed_whoever_schedules_and_dies(tmp_path: Path) -> None:
    expected = undisturbed(tmp_path / "undisturbed", DAYS)
    month, done = disturbed(tmp_path / "disturbed", DAYS, random.Random(3), every=4)  # noqa: S311

    assert done["kill"] >= 1
    assert done["run"] >= 1
    assert month.end_state() == expected.end_state()
    assert month.outbox() == expected.outbox() == len(expected.end_state())
    by_day = Counter((email, edition[-10:]) for email, edition, _, _ in month.end_state())
    assert max(by_day.values()) == 1
    assert {email for email, *_ in month.end_state()} == {f"{name}@example.org" for name, *_ in SUBSCRIBERS}
