"""A run over subscribers some of whom hold bad data: the good are mailed, and the bad are counted.

    python -m tests.benchmarks.spoiling [--subscribers 100000]

Every tenth row is spoiled, as no release writes it but a careless hand with `sqlite3` or a bad disk may: values that
cannot be read, and values that can be read but must not reach a header.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models import Message
from newsletter.pipeline.deliver import deliver
from newsletter.pipeline.outcomes import DeliveryReport
from newsletter.rendering.environment import make_environment
from newsletter.sending import Ledger, never
from newsletter.store import open_store
from tests.benchmarks.delivering import Nowhere
from tests.factories import NOW, make_entry, make_profile, make_topic

#: Column and value: rows that cannot be read.
UNREADABLE: tuple[tuple[str, object], ...] = (
    ("time_zone", "Atlantis/Poseidonis"),
    ("follow", '["Ada'),
    ("follow", "17"),
    ("ranking", "[]"),
    ("cadence", "hourly"),
    ("status", "joined"),
    ("subscribed_at", "yesterday"),
    ("paused_until", "31.02.2026"),
    ("style", "baroque"),
    ("language", "tlh"),
    ("CAST(x'41FF42' AS TEXT)", None),  # a name that is not UTF-8
)
#: Rows that can be read, whose values must not harm the message.
ODD: tuple[tuple[str, object], ...] = (
    ("name", "Ada\r\nBcc: victim@example.org"),
    ("name", "\x00\x07\x1b[31m"),
    ("name", "A" * 100_000),
    ("name", "\u202egro.elpmaxe@adA\ufeff\u2028"),
    ("name", "<script>alert(1)</script>{{ 7 * 7 }}"),
)


class Kept(Nowhere):
    """A transport that accepts every message, and keeps recipients and headers."""

    def __init__(self) -> None:
        super().__init__()
        self.recipients: list[str] = []
        self.headers: Counter[str] = Counter()

    def send(
        self,
        messages: Iterator[Message],
        ledger: Ledger,
        stopped: Callable[[], bool] = never,
        abandoned: Callable[[], bool] = never,
    ) -> None:
        super().send(map(self._keep, messages), ledger, stopped, abandoned)

    def _keep(self, message: Message) -> Message:
        self.recipients.append(message.recipient)
        head = message.content.partition(b"\r\n\r\n")[0]
        self.headers.update(name.casefold() for name in message_from_bytes(head + b"\r\n\r\n"))
        return message


@dataclass(frozen=True)
class Drilled:
    """What a run did, and who was good."""

    report: DeliveryReport
    transport: Kept
    good: set[str]
    seconds: float


def make_site(root: Path, subscribers: int) -> Site:
    """Make a site with a paper that everybody follows."""
    (root / "newsletter.toml").write_text("", encoding="utf-8")
    with open_store(Site(root).store) as store:
        store.papers.add(make_entry(title="Pears in Winter", abstract="", arxiv_id="2605.00001"), NOW)
        profile = make_profile(topics=(make_topic("Pears", ("pears",)),))
        emails = (f"subscriber{number}@example.org" for number in range(subscribers))
        with store.transaction():
            store.subscribers.add_many(((email, email, "", profile, None) for email in emails), "cli", NOW)
    return Site(root)


def spoil(site: Site) -> set[str]:
    """Spoil every tenth row; return the addresses of those that cannot be read."""
    unreadable = set()
    kinds = (*UNREADABLE, *ODD)
    with closing(sqlite3.connect(site.store)) as db, db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        for number, email in db.execute("SELECT id, email FROM subscribers WHERE id % 10 = 0").fetchall():
            column, value = kinds[number // 10 % len(kinds)]
            if value is None:
                db.execute(f"UPDATE subscribers SET name = {column} WHERE id = ?", [number])  # noqa: S608 - ours
            else:
                db.execute(f"UPDATE subscribers SET {column} = ? WHERE id = ?", [value, number])  # noqa: S608 - ours
            if (column, value) in UNREADABLE:
                unreadable.add(email)
    return unreadable


def drill(root: Path, subscribers: int) -> Drilled:
    """Spoil a new site, and send once."""
    site = make_site(root, subscribers)
    bad, transport, began = spoil(site), Kept(), time.perf_counter()
    with open_store(site.store) as store:
        report = deliver(store, transport, load_config(site, environ={}), make_environment(), lambda: NOW)
    good = {f"subscriber{number}@example.org" for number in range(subscribers)} - bad
    return Drilled(report, transport, good, time.perf_counter() - began)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--subscribers", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        drilled = drill(Path(name), options.subscribers)
    mailed, mib = set(drilled.transport.recipients), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{options.subscribers} subscribers in {drilled.seconds:.0f} s, peak memory {mib} MiB")
    print(f"outcomes: {dict(drilled.report.counts)}; error: {drilled.report.error}")
    print(f"good and not mailed: {len(drilled.good - mailed)}; bad and mailed: {len(mailed - drilled.good)}")
    print(f"mailed twice: {len(drilled.transport.recipients) - len(mailed)}")


if __name__ == "__main__":
    main()
