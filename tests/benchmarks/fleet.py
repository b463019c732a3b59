"""A fleet whose workers are killed at random, and what the ledger and the queue cost.

    python -m tests.benchmarks.fleet --subscribers 20000 --workers 4 --kills 8 --restart [--rolling]

It prints who was missed and how many were mailed twice, beside the documented bound where nothing departs ahead: a
connection of each kill, and of each worker at a restart of the server; with `--rolling`, every worker is restarted in
the middle, too, one after the other, which leaves nothing in doubt if it ends in time. It prints how often the fleet
planned, of which every worker is a scheduler, and whether two ever did at once; and the CPU of PostgreSQL for each
message, planning and queue included.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.store.runs import Run
from tests.benchmarks.planning import server_cpu_s
from tests.operations.fleet_site import CONNECTIONS, PLAN_S, FleetSite
from tests.postgresql import restart
from tests.sink import sinking

#: Nobody waits longer than this for a message: leases of dead workers have ended long before.
STUCK_S = 900


def disturb(site: FleetSite, arguments: argparse.Namespace) -> int:
    """Kill workers now and then until everybody was mailed, and start others; restart what is to be restarted.

    Return how many connections may have been cut within a message: the bound of what may come twice.
    """
    dice, number = random.Random(7), arguments.subscribers  # noqa: S311 - dice
    moments = sorted(dice.randrange(number // 20, number * 9 // 10) for _ in range(arguments.kills))
    is_restarted, is_rolled, died = not arguments.restart, not arguments.rolling, 0
    moved, before = time.monotonic(), -1
    while site.statuses().get("sent", 0) < number:
        if len(site.sink.taken) != before:
            moved, before = time.monotonic(), len(site.sink.taken)
        if time.monotonic() - moved > STUCK_S:
            alive = sum(one.is_alive() for one in site.workers)
            raise SystemExit(f"nothing was sent for {STUCK_S} s: {site.statuses()}, {alive} workers alive")
        taken = len(site.sink.taken)
        for _ in range(arguments.workers - sum(one.is_alive() for one in site.workers)):
            site.begin()  # as a supervisor does: one that begins while the server is down ends
        if moments and taken >= moments[0]:
            moments.pop(0)
            victim = dice.choice([one for one in site.workers if one.is_alive()])
            victim.kill()
            victim.join()
            died += 1
            site.begin()
        if not is_rolled and taken >= number // 3:
            is_rolled = True
            died += roll(site)
        if not is_restarted and taken >= number // 2:
            is_restarted = True
            died += sum(one.is_alive() for one in site.workers)
            restart()
        time.sleep(0.2)
    return CONNECTIONS * died


def roll(site: FleetSite) -> int:
    """Restart the workers one after the other, by SIGTERM; return how many did not end in time, as if killed."""
    before, killed = [one for one in site.workers if one.is_alive()], 0
    for worker in before:
        worker.terminate()
        worker.join()
        killed += worker.exitcode != 0
        site.begin()
    print(f"rolling restart: {len(before) - killed} of {len(before)} workers ended in time")
    return killed


def crash(root: Path, arguments: argparse.Namespace) -> None:
    """Send one edition by workers that are killed, and print what became of it."""
    number = arguments.subscribers
    with sinking(root / "taken.log") as sink:
        site = FleetSite(root, sink, shard_size=max(25, min(500, number // 40)))
        site.add_subscribers(number)
        before, began = server_cpu_s(), time.monotonic()
        try:
            site.begin(arguments.workers)
            bound = disturb(site, arguments)
            took = time.monotonic() - began
            cpu_s = None if arguments.restart else server_cpu_s() - before
            sent_to = site.sent_to()
            with site.store() as store:
                runs, editions = store.runs.latest(1000), store.editions.latest(10)
        finally:
            site.end()
    print(f"{number} subscribers, {arguments.workers} workers, {arguments.kills} kills: {number / took:.0f}/s")
    print(f"missed {number - len(sent_to)}, twice {sent_to.total() - len(sent_to)} (bound {bound})")
    print(f"under another Message-ID: {len(set(sink.taken)) - len(sent_to)}")
    print(
        f"editions: {len(editions)}; planned {len(runs)} times of {took / PLAN_S:.0f} ticks by {arguments.workers} "
        f"schedulers, {overlapping(runs)} while another did"
    )
    if cpu_s is not None:
        print(f"CPU of PostgreSQL: {cpu_s / number * 1e6:.0f} µs a message")


def overlapping(runs: Sequence[Run]) -> int:
    """Return how many runs began before one that began earlier was over; those that were killed are over."""
    in_order = sorted(runs, key=lambda run: run.began_at)
    return sum(
        earlier.finished_at is not None and later.began_at < earlier.finished_at
        for earlier, later in pairwise(in_order)
    )


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("subscribers", 20_000), ("workers", 4), ("kills", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--restart", action="store_true", help="restart PostgreSQL in the middle")
    parser.add_argument("--rolling", action="store_true", help="restart each worker in the middle")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        crash(Path(folder), arguments)


if __name__ == "__main__":
    main()
