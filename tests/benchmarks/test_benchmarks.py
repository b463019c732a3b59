"""That the benchmarks run and print what they promise. No test asserts a time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_pull_benchmark_prints_its_ratios() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.pull", "--size", "60", "--rounds", "1"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert re.search(r"first pull +\d+ papers/s +\d+\.\d\d", printed)
    assert re.search(r"second pull +\d+ papers/s +\d+\.\d\d", printed)
    assert re.search(r"most memory: \d+ MB for 60 papers, \d+ MB for 240: \d\.\d\d", printed)


def test_the_matching_benchmark_prints_its_ratios_and_the_same_hits() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.matching", "--topics", "40", "--papers", "40"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert len(re.findall(r"one FTS5 query per topic +[\d.]+ s +[\d.]+", printed)) == 2
    assert all(ours == theirs for ours, theirs in re.findall(r"hits (\d+) \(FTS5: (\d+)\)", printed))
