"""The ids of tests are the same in every process; pytest-xdist refuses to start workers that collected others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: Loaded by the other process: a day in another month, whose seconds are never those of this one.
_ANOTHER_DAY = "import time\n_now = time.time\ntime.time = lambda: _now() + 40 * 24 * 3600 + 7\n"


def collecting(*options: str, **environment: str) -> subprocess.Popen[str]:
    """Start a process that collects all tests, with its own hash seed, time zone and clock."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    # No test runs, so that no assertion needs to be rewritten.
    quickly = ("--assert=plain", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *quickly, *options]
    return subprocess.Popen(command, cwd=ROOT, env=ours | environment, stdout=subprocess.PIPE, text=True)


def ids_of(process: subprocess.Popen[str]) -> list[str]:
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out[-2000:]
    return [line for line in out.splitlines() if "::" in line]


def test_another_process_collects_the_same_ids(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """This process has collected all tests already, unless it runs a few of them: then it collects them here."""
    (tmp_path / "another_day.py").write_text(_ANOTHER_DAY, encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))

    there = collecting("-p", "another_day", PYTHONHASHSEED="2", TZ="Etc/GMT+12", PYTHONPATH=path)
    others = ids_of(there)
    here = [item.nodeid for item in request.session.items]
    if len(here) < len(others):
        here = ids_of(collecting(PYTHONHASHSEED="1", TZ="Pacific/Kiritimati"))

    assert len(others) > 1000
    assert here == others
