"""An edition whose sender is killed again and again: who was missed, who got it twice.

    python -m tests.benchmarks.crashing [--subscribers 20000] [--kills 50] [--hold] [--rude] [--workers 1]

SIGKILL comes at random moments, a random number of messages after the last one; then it is started again, half an
hour later by its own clock, until a run ends by itself. `--rude` kills the server as often, in between, and starts it
again. With `--hold` what is in doubt waits for a person instead of being sent again; with `--workers 2` other processes
write what it sends.
"""

from __future__ import annotations

import argparse
import itertools
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from newsletter.models import DeliveryStatus
from newsletter.store import open_store
from tests.benchmarks.delivering import ROOT, make_planned_site
from tests.sink import Sink, sinking

_LINE_B = 80  # of the sink's log, about


def send(folder: Path, sink: Sink, asked: argparse.Namespace, minutes: int) -> subprocess.Popen[bytes]:
    """Begin to send."""
    command = [
        sys.executable, "-m", "tests.benchmarks.delivering", "--child", str(folder), "--port", str(sink.port),
        "--connections", str(asked.connections), "--workers", str(asked.workers), "--minutes", str(minutes),
    ]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def send_until_done(folder: Path, sink: Sink, asked: argparse.Namespace) -> tuple[int, int]:
    """Send, with kills at random moments; return how often the sender and the server were killed."""
    chance = random.Random(asked.seed)  # noqa: S311 - dice
    killed = sunk = 0
    for run in itertools.count():
        process = send(folder, sink, asked, 30 * run)
        if killed < asked.kills:
            more = chance.randrange(1, 2 * asked.subscribers // (asked.kills + 1))
            wanted = sink.log.stat().st_size + more * _LINE_B
            while sink.log.stat().st_size < wanted and process.poll() is None:
                time.sleep(0.0005)
            if asked.rude and process.poll() is None:
                sink.kill()
                sunk += 1
                time.sleep(chance.random() / 5)
                sink.restart()
                time.sleep(chance.random() / 5)
            time.sleep(chance.random() / 500)
            process.kill()
        if process.wait() == -9:
            killed += 1
        elif open_in(folder) == 0:
            return killed, sunk
    raise AssertionError


def open_in(folder: Path) -> int:
    """Return how many deliveries are not at their end."""
    with open_store(folder / "newsletter.db") as store:
        counts = store.deliveries.counts()
    return sum(counts.get(status, 0) for status in ("queued", "sending", "deferred"))


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for option, usual in (
        ("--subscribers", 20_000),
        ("--kills", 50),
        ("--connections", 4),
        ("--seed", 3),
        ("--workers", 1),
    ):
        parser.add_argument(option, type=int, default=usual)
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--rude", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_planned_site(folder, asked.subscribers)
        if asked.hold:
            with (folder / "newsletter.toml").open("a", encoding="utf-8") as file:
                file.write('[delivery]\nin_doubt = "hold"\n')
        began = time.perf_counter()
        with sinking(folder / "taken.log") as sink:
            killed, sunk = send_until_done(folder, sink, asked)
            taken = sink.taken
        with open_store(folder / "newsletter.db") as store:
            counts = store.deliveries.counts()
            held = store.deliveries.with_status([DeliveryStatus.HELD], None, asked.subscribers)
            waiting = {one.email for one in store.subscribers.get_many(it.subscriber_id for it in held).values()}
        times = Counter(recipient for recipient, _ in taken)
        wanted = {f"subscriber{number}@example.org" for number in range(asked.subscribers)}
        others = len(set(taken)) - len(times)
        print(f"{asked.subscribers} readers, {asked.connections} connections, {time.perf_counter() - began:.0f} s")
        print(f"sender killed {killed} times, server {sunk} times; ledger: {counts}")
        print(f"missed: {len(wanted - set(times) - waiting)}")
        print(f"doubles: {len(taken) - len(times)}, of which under another Message-ID: {others}")
        print(f"doubles allowed: {0 if asked.hold else asked.connections * (killed + sunk)}")


if __name__ == "__main__":
    main()
