"""An edition whose sender is killed repeatedly: messages that are missing, and duplicates.

    python -m tests.benchmarks.crashing [--subscribers 20000] [--kills 50] [--hold] [--rude] [--senders 1]

SIGKILL is sent after a random number of messages; then the sender is restarted, half an hour later by its own clock,
until a run ends by itself. `--rude` kills and restarts the server as often. With `--hold` deliveries in doubt are held
instead of resent; with `--senders 2` two sender processes share the edition.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import time
from collections import Counter
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from newsletter.models import DeliveryStatus
from newsletter.sending.smtp.group_commit import GROUP
from newsletter.store import open_store
from tests.benchmarks.delivering import make_planned_site, send_planned
from tests.program import PROCESSES, start
from tests.sink import Sink, sinking

_LINE_B = 80  # approximate size of a line of the sink's log


def send(folder: Path, sink: Sink, options: argparse.Namespace, minutes: int) -> ForkServerProcess:
    """Start a sender."""
    process = PROCESSES.Process(
        target=send_planned, args=(folder, sink.port, (), options.senders, options.connections, minutes)
    )
    start(process)
    return process


def send_until_done(folder: Path, sink: Sink, options: argparse.Namespace) -> tuple[int, int]:
    """Send, with kills at random moments; return how often the sender and the server were killed."""
    chance = random.Random(options.seed)  # noqa: S311 - reproducible
    killed = sunk = 0
    for run in itertools.count():
        process = send(folder, sink, options, 30 * run)
        if killed < options.kills:
            more = chance.randrange(1, 2 * options.subscribers // (options.kills + 1))
            wanted = sink.log.stat().st_size + more * _LINE_B
            while sink.log.stat().st_size < wanted and process.is_alive():
                time.sleep(0.0005)
            if options.rude and process.is_alive():
                sink.kill()
                sunk += 1
                time.sleep(chance.random() / 5)
                sink.restart()
                time.sleep(chance.random() / 5)
            time.sleep(chance.random() / 500)
            process.kill()
        process.join()
        if process.exitcode == -9:
            killed += 1
        elif open_in(folder) == 0:
            return killed, sunk
    raise AssertionError


def open_in(folder: Path) -> int:
    """Return the number of open deliveries."""
    with open_store(folder / "newsletter.db") as store:
        counts = store.deliveries.counts()
    return sum(counts.get(status, 0) for status in ("queued", "sending", "deferred"))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for option, usual in (
        ("--subscribers", 20_000),
        ("--kills", 50),
        ("--connections", 4),
        ("--seed", 3),
        ("--senders", 1),
    ):
        parser.add_argument(option, type=int, default=usual)
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--rude", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_planned_site(folder, options.subscribers)
        if options.hold:
            with (folder / "newsletter.toml").open("a", encoding="utf-8") as file:
                file.write('[delivery]\nin_doubt = "hold"\n')
        began = time.perf_counter()
        with sinking(folder / "taken.log") as sink:
            killed, sunk = send_until_done(folder, sink, options)
            taken = sink.taken
        with open_store(folder / "newsletter.db") as store:
            counts = store.deliveries.counts()
            held = store.deliveries.with_status([DeliveryStatus.HELD], None, options.subscribers)
            waiting = {one.email for one in store.subscribers.get_many(it.subscriber_id for it in held).values()}
        times = Counter(recipient for recipient, _ in taken)
        wanted = {f"subscriber{number}@example.org" for number in range(options.subscribers)}
        others = len(set(taken)) - len(times)
        print(
            f"{options.subscribers} subscribers, {options.connections} connections, {time.perf_counter() - began:.0f} s"
        )
        print(f"sender killed {killed} times, server {sunk} times; ledger: {counts}")
        print(f"missed: {len(wanted - set(times) - waiting)}")
        print(f"duplicates: {len(taken) - len(times)}, of which under another Message-ID: {others}")
        # The last message of each connection, and those with results of the last ten milliseconds of each sender.
        allowed = options.connections * (killed + sunk) + GROUP * options.senders * killed
        print(f"duplicates allowed: {0 if options.hold else allowed}")


if __name__ == "__main__":
    main()
