"""Import of subscribers from CSV: rows per second, relative to `csv` and one `executemany`, and peak memory.

python -m tests.benchmarks.importing [--rows 1000000]
"""

from __future__ import annotations

import argparse
import csv
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from newsletter.models import Profile
from newsletter.store import open_store
from newsletter.subscribers.import_export import import_people
from tests.benchmarks.delivering import ROOT


class Took:
    """Seconds on the clock and of this process; others may be using the cores."""

    def __init__(self, wall: float | None = None, cpu: float | None = None) -> None:
        self.wall = time.perf_counter() if wall is None else wall
        self.cpu = time.process_time() if cpu is None else cpu

    def __sub__(self, other: Took) -> Took:
        return Took(self.wall - other.wall, self.cpu - other.cpu)


_TOPICS = ("LLM agents", "Robotics", "Reasoning")


def write_file(path: Path, rows: int) -> None:
    """Write a file of `rows` people, each with a topic."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("email", "name", "topics", "cadence"))
        for number in range(rows):
            person = f"subscriber{number}@example.org", f"Subscriber {number}"
            writer.writerow((*person, _TOPICS[number % 3], ("daily", "weekly")[number % 2]))


def plain(path: Path, folder: Path) -> Took:
    """Return the time of `csv` and one `executemany`, into a table with a unique address."""
    began = Took()
    db = sqlite3.connect(folder / "plain.db")
    db.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, topics TEXT, cadence TEXT)")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        with db:
            db.executemany("INSERT INTO people (email, name, topics, cadence) VALUES (?, ?, ?, ?)", rows)
    db.close()
    return Took() - began


def ours(path: Path, folder: Path) -> Took:
    """Return the time of an import."""
    began = Took()
    with open_store(folder / "newsletter.db") as store, path.open(encoding="utf-8", newline="") as file:
        report = import_people(store, file, path.name, datetime.now(UTC), Profile())
    assert report.added == report.read
    return Took() - began


def measure(rows: int) -> None:
    """Print both rates and the peak memory of this process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "people.csv"
        write_file(path, rows)
        took = ours(path, folder)
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        base = plain(path, folder)
    ratios = f"{base.wall / took.wall:.2f} of csv and executemany ({base.cpu / took.cpu:.2f} in CPU time)"
    print(f"{rows} rows: {rows / took.wall:.0f}/s, {ratios}; {size} MB peak memory")


def main() -> None:
    """Measure a small import and one of `--rows`, each in its own process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        measure(options.rows)
        return
    for rows in (min(10_000, options.rows), options.rows):
        command = [sys.executable, "-m", "tests.benchmarks.importing", "--child", "--rows", str(rows)]
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
