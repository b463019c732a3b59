"""Subscribers from a CSV file: rows a second beside `csv` and one `executemany`, and how large the process gets.

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

_TOPICS = ("LLM agents", "Robotics", "Reasoning")


def write_file(path: Path, rows: int) -> None:
    """Write a file of so many people, with a topic each."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("email", "name", "topics", "cadence"))
        for number in range(rows):
            person = f"subscriber{number}@example.org", f"Subscriber {number}"
            writer.writerow((*person, _TOPICS[number % 3], ("daily", "weekly")[number % 2]))


def plain(path: Path, folder: Path) -> float:
    """Return the seconds that `csv` and one `executemany` take, into a table with a unique address."""
    began = time.perf_counter()
    db = sqlite3.connect(folder / "plain.db")
    db.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, topics TEXT, cadence TEXT)")
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        with db:
            db.executemany("INSERT INTO people (email, name, topics, cadence) VALUES (?, ?, ?, ?)", rows)
    db.close()
    return time.perf_counter() - began


def ours(path: Path, folder: Path) -> float:
    """Return the seconds that an import takes."""
    began = time.perf_counter()
    with open_store(folder / "newsletter.db") as store, path.open(encoding="utf-8", newline="") as file:
        report = import_people(store, file, path.name, datetime.now(UTC), Profile())
    assert report.added == report.read
    return time.perf_counter() - began


def measure(rows: int) -> None:
    """Print what both take, and the size of this process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "people.csv"
        write_file(path, rows)
        took = ours(path, folder)
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        base = plain(path, folder)
    print(f"{rows} rows: {rows / took:.0f}/s, {base / took:.2f} of csv and executemany; {size} MB at most")


def main() -> None:
    """Measure a small import and the one that the command line asks for, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        measure(asked.rows)
        return
    for rows in (min(10_000, asked.rows), asked.rows):
        command = [sys.executable, "-m", "tests.benchmarks.importing", "--child", "--rows", str(rows)]
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
