"""How fast papers are pulled from a file, compared with the minimum that any program must do.

    python -m tests.benchmarks.pull [--size 10000] [--rounds 5]

The baseline is `json.loads` of each line and one `executemany` of the same facts into one table, in the same file
system and with the same durability. The ratio is what counts: machines differ, and so does one machine from hour to
hour. Every text is generated, with Zipf-distributed words.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from newsletter.pipeline.pull import pull_files
from newsletter.sources import HttpClient, find_source
from newsletter.store import open_store

NOW = datetime(2026, 5, 8, tzinfo=UTC)
_COLUMNS = ("id", "title", "summary", "authors", "categories", "comment", "abs", "pdf")


def write_rows(path: Path, size: int) -> None:
    """Write `size` invented papers as JSON lines, about 1.6 KB each, as arXiv's listings are."""
    chance = random.Random(8)  # noqa: S311 - the same papers in every run
    words = ["".join(chance.choices("abcdefghilmnoprstu", k=chance.randint(2, 11))) for _ in range(30_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(size):
            text = chance.choices(words, weights, k=190)
            identity = f"{2601 + number // 90_000}.{number % 90_000:05}"
            row = {
                "id": identity,
                "title": " ".join(text[:10]).capitalize() + f" {number}",
                "summary": " ".join(text[10:]).capitalize() + ".",
                "authors": [f"{first.title()} {last.title()}" for first, last in zip(text[:4], text[4:8], strict=True)],
                "categories": chance.sample(["cs.CL", "cs.LG", "cs.CV", "stat.ML", "math.CO"], k=2),
                "comment": None,
                "abs": f"https://arxiv.org/abs/{identity}",
                "pdf": f"https://arxiv.org/pdf/{identity}",
            }
            file.write(json.dumps(row) + "\n")


def baseline(rows: Path, folder: Path, *, searchable: bool = False) -> None:
    """Parse every line and insert its facts; with `searchable`, index the text as well."""
    db = sqlite3.connect(folder / f"baseline-{searchable}.db")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(f"CREATE TABLE papers (number INTEGER PRIMARY KEY, {', '.join(_COLUMNS)}, UNIQUE (id))")

    def values() -> Iterator[list[object]]:
        with rows.open("rb") as lines:
            for line in lines:
                row = json.loads(line)
                facts = (row[name] for name in _COLUMNS)
                yield [json.dumps(fact) if isinstance(fact, list) else fact for fact in facts]

    with db:
        db.executemany(f"INSERT INTO papers VALUES (NULL, {', '.join('?' * len(_COLUMNS))})", values())  # noqa: S608
        if searchable:
            db.execute(
                "CREATE VIRTUAL TABLE found USING fts5("
                "title, summary, content=papers, content_rowid=number, tokenize='porter unicode61')"
            )
            db.execute("INSERT INTO found(rowid, title, summary) SELECT number, title, summary FROM papers")
    db.close()


def searchable_baseline(rows: Path, folder: Path) -> None:
    """The minimum that any program with full-text search must do."""
    baseline(rows, folder, searchable=True)


def pull(rows: Path, folder: Path) -> None:
    """Pull the file as `newsletter pull file` does: parsed, cleaned, merged, indexed for search."""
    with open_store(folder / "newsletter.db") as store, HttpClient() as client:
        report = pull_files(store, find_source("file")(), [str(rows)], None, NOW, client)
    if report.refusals or not report.fetched:
        raise SystemExit(f"the file was not pulled: {report}")


def pull_again(rows: Path, folder: Path) -> None:
    """Pull the same file again."""
    pull(rows, folder)


def seconds(work: Callable[[Path, Path], None], rows: Path, folder: Path) -> float:
    """Return the seconds that some work takes."""
    begin = time.perf_counter()
    work(rows, folder)
    return time.perf_counter() - begin


_MEASURED = {
    "the same, and FTS5 on title and abstract": searchable_baseline,
    "first pull": pull,
    "second pull": pull_again,
}


def measure(size: int, rounds: int) -> None:
    """Print the rates and their ratios, the median of `rounds`, each measured side by side."""
    ratios: dict[str, list[float]] = {name: [] for name in _MEASURED}
    plain: list[float] = []
    with tempfile.TemporaryDirectory() as temporary:
        rows = Path(temporary, "rows.jsonl")
        write_rows(rows, size)
        print(f"{size} papers, {rows.stat().st_size / size / 1000:.1f} KB each, median of {rounds} rounds")
        for number in range(rounds):
            folder = Path(temporary, str(number))
            folder.mkdir()
            open_store(folder / "newsletter.db").close()  # a site has one before it pulls
            plain.append(seconds(baseline, rows, folder))
            for name, work in _MEASURED.items():
                ratios[name].append(seconds(work, rows, folder) / plain[-1])
    rate = size / statistics.median(plain)
    print(f"  {'json.loads + executemany':<42}{rate:8.0f} papers/s   1.00")
    for name, found in ratios.items():
        ratio = statistics.median(found)
        print(f"  {name:<42}{rate / ratio:8.0f} papers/s   {ratio:.2f}  ({min(found):.2f} to {max(found):.2f})")


def peak(size: int) -> float:
    """Return the peak memory (MB) of a process that pulls `size` papers."""
    with tempfile.TemporaryDirectory() as temporary:
        rows = Path(temporary, "rows.jsonl")
        write_rows(rows, size)
        command = [sys.executable, "-m", "tests.benchmarks.pull", "--pull", str(rows)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=10_000, help="papers in the file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pull", type=Path, help="only pull this file, and print the peak memory")
    options = parser.parse_args()
    if options.pull:
        with tempfile.TemporaryDirectory() as temporary:
            pull(options.pull, Path(temporary))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    measure(options.size, options.rounds)
    small, large = peak(options.size), peak(4 * options.size)
    print(
        f"  peak memory: {small:.0f} MB for {options.size} papers, "
        f"{large:.0f} MB for {4 * options.size}: {large / small:.2f}"
    )


if __name__ == "__main__":
    main()
