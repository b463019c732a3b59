"""What planning an edition takes on PostgreSQL, against SQLite.

    python -m tests.benchmarks.planning [--subscribers 2000 20000]

Everybody has the same topic and gets the same digest, so that storing the plan is most of the work. The figures are CPU
of this process and of the server; the ratio is SQLite's to PostgreSQL's. The subscribers are added by the connection
that plans then, the first of them one by one, so that it shows when the server keeps plans that were made for small
tables.
"""

from __future__ import annotations

import argparse
import os
import resource
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.pipeline.deliver import deliver
from newsletter.rendering.environment import make_environment
from newsletter.sending.maildir import MaildirTransport
from newsletter.store import Store, open_store
from tests.operations.fleet_site import FleetSite
from tests.postgresql import new_store, server
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


def _own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def plan(store: Store, root: Path, number: int) -> tuple[float, float]:
    """Plan an edition without sending it; return the CPU seconds of this process and of the server."""
    with sinking(root / "unused.log") as sink:
        site = FleetSite(root, sink)
        site.add_subscribers(number, store)
        (root / "newsletter.toml").write_text("", encoding="utf-8")
        config = load_config(Site(root), environ={})
        own, servers = _own_cpu_s(), server_cpu_s()
        deliver(store, MaildirTransport(root / "outbox"), config, make_environment(), site.now, is_shared=True)
        return _own_cpu_s() - own, server_cpu_s() - servers


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, nargs="+", default=[2_000, 20_000])
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for where in (root / "first.db", new_store()):
            with open_store(where) as store:
                plan(store, root, 10)  # what is compiled once counts for neither
        for number in parser.parse_args().subscribers:
            with open_store(new_store()) as store:
                own, servers = plan(store, root, number)
            with open_store(root / f"{number}.db") as store:
                in_file, _ = plan(store, root, number)
            on_server = own + servers
            print(f"{number:9} deliveries: {on_server / number * 1e6:.0f} µs each on PostgreSQL", end="")
            print(f" ({servers / number * 1e6:.0f} of them the server's)", end="")
            print(f", {in_file / number * 1e6:.0f} in a file: ratio {in_file / on_server:.2f}", flush=True)


if __name__ == "__main__":
    main()
