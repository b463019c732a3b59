"""A fleet whose workers are killed at random, and what the ledger and the queue cost.

    python -m tests.benchmarks.fleet --subscribers 20000 --workers 4 --kills 8 --restart

It prints who was missed and how many were mailed twice, beside the documented bound where nothing departs ahead: a
connection of each kill, and of each worker at a restart of the server; and the CPU of PostgreSQL for each message,
planning and queue included.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.planning import server_cpu_s
from tests.operations.fleet_site import CONNECTIONS, FleetSite
from tests.postgresql import restart
from tests.sink import sinking


def kill_at_random(site: FleetSite, arguments: argparse.Namespace) -> None:
    """Kill workers now and then until everybody was mailed, and start others."""
    dice, number = random.Random(7), arguments.subscribers  # noqa: S311 - dice
    moments = sorted(dice.randrange(number // 20, number * 9 // 10) for _ in range(arguments.kills))
    is_restarted = not arguments.restart
    while site.statuses().get("sent", 0) < number:
        taken = len(site.sink.taken)
        if moments and taken >= moments[0]:
            moments.pop(0)
            victim = dice.choice([one for one in site.workers if one.is_alive()])
            victim.kill()
            victim.join()
            site.begin()
        if not is_restarted and taken >= number // 2:
            is_restarted = True
            restart()
        time.sleep(0.2)


def crash(root: Path, arguments: argparse.Namespace) -> None:
    """Send one edition by workers that are killed, and print what became of it."""
    number = arguments.subscribers
    with sinking(root / "taken.log") as sink:
        site = FleetSite(root, sink, shard_size=max(25, min(500, number // 40)))
        site.add_subscribers(number)
        before, began = server_cpu_s(), time.monotonic()
        try:
            site.begin(arguments.workers)
            kill_at_random(site, arguments)
            took = time.monotonic() - began
            cpu_s = None if arguments.restart else server_cpu_s() - before
            sent_to = site.sent_to()
        finally:
            site.end()
    bound = CONNECTIONS * (arguments.kills + (arguments.workers if arguments.restart else 0))
    print(f"{number} subscribers, {arguments.workers} workers, {arguments.kills} kills: {number / took:.0f}/s")
    print(f"missed {number - len(sent_to)}, twice {sent_to.total() - len(sent_to)} (bound {bound})")
    print(f"under another Message-ID: {len(set(sink.taken)) - len(sent_to)}")
    if cpu_s is not None:
        print(f"CPU of PostgreSQL: {cpu_s / number * 1e6:.0f} µs a message")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("subscribers", 20_000), ("workers", 4), ("kills", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--restart", action="store_true", help="restart PostgreSQL in the middle")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        crash(Path(folder), arguments)


if __name__ == "__main__":
    main()
