"""What a run costs on a site that is a year old.

    python -m tests.benchmarks.year [--days 365] [--papers 700] [--subscribers 10000] [--rounds 3] [--keep FOLDER]

A site of so many days is made with direct inserts: papers of each day, a daily edition of 50 digests, and a delivery to
each subscriber. Printed are its size, and the bytes that a delivery takes; the CPU time of `newsletter
run` and `send` while nothing is due, as multiples of that of `newsletter --version` (medians); and the CPU
time of planning the next day, as a multiple of the same on a site that is a few days old.
"""

from __future__ import annotations

import argparse
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from newsletter.models import Cadence, Digest, Edition, Entry, Item, Profile, Reason, ReasonKind, Section, Topic
from newsletter.pipeline.compose import ARCHIVE
from newsletter.pipeline.plan import Intent, plan_due
from newsletter.store import Store, open_store
from newsletter.store.digest_batches import Batch
from tests.benchmarks.matching import make_topics, make_words
from tests.factories import NOW, make_paper

_DIGESTS, _ITEMS = 50, 20
_PAPER = make_paper()
_WHY = (Reason(ReasonKind.TITLE, "long video"), Reason(ReasonKind.TITLE, "videos"))
_PAPERS = """
    INSERT INTO papers ({columns}) SELECT {values} FROM papers WHERE id <= :number"""
_EDITIONS = """
    WITH RECURSIVE days(n) AS (SELECT :days - 1 UNION ALL SELECT n - 1 FROM days WHERE n > 0)
    INSERT INTO editions (key, cadence, day, since, created_at, note, id)
    SELECT 'daily-' || date(:last, '-' || n || ' days'), 'daily', date(:last, '-' || n || ' days'),
        date(:last, '-' || (n + 1) || ' days') || 'T00:05:00+00:00',
        date(:last, '-' || n || ' days') || 'T00:05:00+00:00', '', :days - n
    FROM days"""
_DIGEST_ROWS = """
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :digests)
    INSERT INTO digests (edition_id, fingerprint, considered)
    SELECT editions.id, n + 1, 680 FROM editions, numbers ORDER BY day, n"""
_DELIVERIES = """
    INSERT INTO deliveries (edition_id, subscriber_id, digest_id, message_id, status, attempts, detail, updated_at,
        planned_at, left_at)
    SELECT editions.id, subscribers.id,
        (SELECT min(id) FROM digests WHERE edition_id = editions.id) + subscribers.id % :digests,
        '<' || key || '.' || printf('%020x', subscribers.id * 2654435761) || '@papers.example.org',
        CASE WHEN (subscribers.id + length(key) * 7) % 500 = 0 THEN 'failed' ELSE 'sent' END, 1, '250 2.0.0 Ok',
        unixepoch(created_at) * 1000, unixepoch(created_at) * 1000, unixepoch(created_at) * 1000
    FROM editions, subscribers ORDER BY day, subscribers.id"""


def make_site(folder: Path, *, days: int, papers: int, subscribers: int, last: datetime) -> None:
    """Make a site with so many days of papers, editions and deliveries, of which `last` is the day before now."""
    folder.mkdir(parents=True)
    settings = "[retention]\ndigests_days = 0\ndeliveries_days = 0\n"  # else the first runs delete for minutes
    (folder / "newsletter.toml").write_text(settings, encoding="utf-8")
    chance = random.Random(22)  # noqa: S311 - the same site in every run
    words = make_words(20_000)
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    topics = [Topic(f"Topic {n}", query) for n, query in enumerate(make_topics(words[40:400], 300))]
    profiles = [Profile(topics=tuple(chance.sample(topics, chance.randint(3, 6))), hour=0) for _ in range(200)]
    with open_store(folder / "newsletter.db") as store, store.transaction():
        for number in range(papers):
            text = chance.choices(words, weights, k=150)
            entry = Entry(
                source="x",
                title=" ".join(text[:10]),
                abstract=" ".join(text[10:]),
                arxiv_id=f"2605.{number:05}",
                listed=last.date(),
            )
            store.papers.add(entry, last - timedelta(days=days))
        people = (
            (f"s{n}@example.org", f"s{n}@example.org", "", profiles[n % len(profiles)], None)
            for n in range(subscribers)
        )
        store.subscribers.add_many(people, "cli", last - timedelta(days=days + 1))
    with closing(sqlite3.connect(folder / "newsletter.db", isolation_level=None)) as db:
        _fill(db, days, papers, last)
    with open_store(folder / "newsletter.db") as store:
        store.papers.add_all((), last)  # indexes the words of the copies


def _fill(db: sqlite3.Connection, days: int, papers: int, last: datetime) -> None:
    """Copy the papers of the first day for each later one, and write the ledger."""
    for pragma in ("synchronous = OFF", "cache_size = -200000", "temp_store = MEMORY"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("BEGIN")
    columns = [row[1] for row in db.execute("PRAGMA table_info(papers)")]
    for day in range(1, days):
        at = (last - timedelta(days=days - day)).isoformat()
        own = {
            "id": f"id + {day * papers}", "key": f"'arxiv:{day}.' || id", "arxiv_id": f"'{day}.' || id",
            "title": f"title || ' {day}'", "listed": f"'{at[:10]}'", "seen_at": f"'{at}'",
        }  # fmt: skip
        values = ", ".join(own.get(column, column) for column in columns)
        db.execute(_PAPERS.format(columns=", ".join(columns), values=values), {"number": papers})
        db.execute("INSERT INTO paper_names SELECT key, id FROM papers WHERE id > ?", [day * papers])
        db.execute("INSERT INTO mentions SELECT id, 'x', '', seen_at FROM papers WHERE id > ?", [day * papers])
    numbers = {"days": days, "last": last.date().isoformat(), "digests": _DIGESTS, "items": _ITEMS, "papers": papers}
    for sql in (_EDITIONS, _DIGEST_ROWS, _DELIVERIES):
        db.execute(sql, numbers)
    _fill_digests(db, papers)
    db.execute("COMMIT")


def _fill_digests(db: sqlite3.Connection, papers: int) -> None:
    """Write the contents of all digests: the papers of each are some of those of its day."""
    rows = db.execute("SELECT digests.id, key, day FROM digests JOIN editions ON editions.id = edition_id").fetchall()
    for number, key, day in rows:
        first, own = 1 + (number - 1) // _DIGESTS * papers, (number - 1) % _DIGESTS * 31
        ids = [first + (own + place * 13) % papers for place in range(_ITEMS)]
        items = tuple(Item(replace(_PAPER, id=one), 2.5, _WHY) for one in ids)
        edition = Edition(key=key, cadence=Cadence.DAILY, day=date.fromisoformat(day), since=NOW, created_at=NOW)
        batch = Batch()
        content = batch.add(Digest(edition=edition, sections=(Section("Topic", items, 30),), considered=680))
        shared = db.execute("INSERT INTO digest_texts (edition_key, texts) VALUES (?, ?)", [key, batch.shared()])
        db.execute("UPDATE digests SET content = ?, texts_id = ? WHERE id = ?", [content, shared.lastrowid, number])
        db.executemany("INSERT OR IGNORE INTO edition_papers VALUES (?, ?)", [(one, key) for one in ids])


def add_day(store: Store, papers: int, now: datetime) -> None:
    """Add the papers of a new day."""
    chance, words = random.Random(23), make_words(20_000)  # noqa: S311
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    with store.transaction():
        for number in range(papers):
            text = chance.choices(words, weights, k=150)
            store.papers.add(
                Entry(
                    source="x", title=" ".join(text[:10]), abstract=" ".join(text[10:]), arxiv_id=f"2705.{number:05}"
                ),
                now,
            )


def ledger_bytes(folder: Path) -> int:
    """Return the bytes of the tables and indexes of deliveries and digests."""
    with closing(sqlite3.connect(folder / "newsletter.db")) as db:
        sql = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name GLOB '*deliveries*' OR name GLOB '*digest*'"
        return int(db.execute(sql).fetchone()[0])


def cpu_of(folder: Path, *command: str) -> float:
    """Return the CPU seconds of a command of the program on a site, children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "newsletter", *command], cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def planning(folder: Path, papers: int, now: datetime) -> tuple[float, int]:
    """Return the CPU seconds of planning the next day, and how many digests it has."""
    with open_store(folder / "newsletter.db") as store:
        add_day(store, papers, now - timedelta(hours=2))
        began = time.process_time()
        planned = sum(isinstance(one, Intent) for one in plan_due(store, now))
        return time.process_time() - began, planned


def report(folder: Path, options: argparse.Namespace) -> None:
    """Make both sites, and print what they cost."""
    last = datetime.now(UTC).replace(hour=0, minute=4, second=0, microsecond=0)
    began = time.perf_counter()
    # So that an edition is chosen from as many papers (nine days), and word frequencies are of as many.
    few = max(9, 3 + ARCHIVE // options.papers)
    for name, days in (("year", options.days), ("young", min(few, options.days))):
        make_site(folder / name, days=days, papers=options.papers, subscribers=options.subscribers, last=last)
    deliveries = options.days * options.subscribers
    size = (folder / "year" / "newsletter.db").stat().st_size
    print(
        f"{options.days} days, {options.days * options.papers} papers, {deliveries} deliveries in "
        f"{time.perf_counter() - began:.0f} s: {size / 1e6:.0f} MB, "
        f"{ledger_bytes(folder / 'year') / deliveries:.0f} B a delivery"
    )
    version = statistics.median(cpu_of(folder / "year", "--version") for _ in range(options.rounds))
    first = cpu_of(folder / "year", "send")
    print(f"  newsletter --version                 {version * 1e3:8.0f} ms")
    print(f"  send, the first after an upgrade     {first * 1e3:8.0f} ms {first / version:8.1f}")
    cpu_of(folder / "year", "run")  # learns the topics
    for command in ("send", "run"):
        found = statistics.median(cpu_of(folder / "year", command) for _ in range(options.rounds))
        print(f"  {command}, nothing due                 {found * 1e3:12.0f} ms {found / version:8.1f}")
    now = last + timedelta(days=1)
    (old, number), (young, same) = (planning(folder / name, options.papers, now) for name in ("year", "young"))
    print(f"  planning {number} digests            {old * 1e3:10.0f} ms {old / young:8.2f} of {same} on day {few}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--papers", type=int, default=700)
    parser.add_argument("--subscribers", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="Make the sites here, and keep them.")
    options = parser.parse_args()
    if options.keep:
        report(options.keep, options)
    else:
        with tempfile.TemporaryDirectory() as folder:
            report(Path(folder), options)


if __name__ == "__main__":
    main()
