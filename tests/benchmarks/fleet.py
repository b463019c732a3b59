"""A fleet whose workers are killed at random, and what the ledger and the queue cost.

    python -m tests.benchmarks.fleet --subscribers 20000 --workers 4 --kills 8 --restart

It prints who was missed and how many were mailed twice, beside the documented bound where nothing departs ahead: a
connection of each kill, and of each worker at a restart of the server; the CPU of PostgreSQL for each message, planning
and queue included; and what planning takes on PostgreSQL and on SQLite, in CPU of the program and of the server.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.pipeline.deliver import deliver
from newsletter.rendering.environment import make_environment
from newsletter.sending.maildir import MaildirTransport
from newsletter.store import Store, open_store
from tests.operations.fleet_site import CONNECTIONS, FleetSite
from tests.postgresql import new_store, restart, server
from tests.sink import sinking

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def server_cpu_s() -> float:
    """Return the CPU that the server has used since it was started: of processes that ended, and that run."""
    pid = int((server() / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    numbers = {pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split())}
    used = 0
    for number in numbers:
        try:
            fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        used += sum(map(int, fields[11:15] if number == pid else fields[11:13]))
    return used * _TICK_S


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


@contextmanager
def _measured(name: str, number: int) -> Iterator[None]:
    before, own = server_cpu_s(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    yield
    own, servers = resource.getrusage(resource.RUSAGE_SELF).ru_utime - own, server_cpu_s() - before
    total, servers = ((own + servers) / number * 1e6, servers / number * 1e6)
    print(f"planning on {name}: {total:.0f} µs a delivery, {servers:.0f} of them the server's")


def plan(name: str, store: Store, root: Path, number: int) -> None:
    """Plan an edition without sending it."""
    with sinking(root / "unused.log") as sink:
        site = FleetSite(root, sink)
        site.add_subscribers(number, store)
        (root / "newsletter.toml").write_text("", encoding="utf-8")
        config = load_config(Site(root), environ={})
        with _measured(name, number) if name else nullcontext():
            deliver(store, MaildirTransport(root / "outbox"), config, make_environment(), site.now, is_shared=True)


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("subscribers", 20_000), ("workers", 4), ("kills", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--restart", action="store_true", help="restart PostgreSQL in the middle")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        root = Path(folder)
        with open_store(root / "first.db") as store:
            plan("", store, root, 10)  # what is compiled once counts for neither
        with open_store(new_store()) as store:
            plan("PostgreSQL", store, root, arguments.subscribers)
        with open_store(root / "newsletter.db") as store:
            plan("SQLite", store, root, arguments.subscribers)
        crash(root, arguments)


if __name__ == "__main__":
    main()
