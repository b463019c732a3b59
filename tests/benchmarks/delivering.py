"""How fast an edition is delivered, compared with Postfix's load generator and with the plain way.

    python -m tests.benchmarks.delivering [--subscribers 4000] [--rounds 3] [--own] [--wait] [--memory 1000000]

The whole path is measured: claim, assemble, sign, SMTP over 16 connections, outcome committed. Rates are from the first
outcome to the last. What comes before the first, once an edition, is the start: templates and cards are rendered, and
processes begin. CPU is printed as a whole, by message, and without the start.

`smtp-source` sends messages of the same size to the same sinks, over four connections and in turns with us; ratios are
of the medians. The sinks are Debian's `smtp-sink`, which is itself the limit, and the tests' own, which takes less of
the machine; a third is none at all: a transport that accepts every message at once, since a sink on the same cores
takes from the senders.

With `--own` every subscriber has a digest of their own, of the same papers; else all share one. `--wait` measures
servers that reply to every command after 50 ms, and after 20 ms to 1, 2 and 4 senders with four connections each;
`--memory` the peak memory of a process for 10,000 subscribers and of one for this many. The CPU of all processes
counts; "by CPU" is how much faster two senders are if each has a core of its own: the CPU of one process by that of the
busiest of the others.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import random
import resource
import shutil
import smtplib
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import dkim

from newsletter.config.load import load_config
from newsletter.config.model import Config, DeliverySettings, DkimSettings
from newsletter.files.site import Site
from newsletter.models import Message, Profile
from newsletter.pipeline import senders
from newsletter.pipeline.deliver import Outcome, OutcomeStatus, deliver
from newsletter.pipeline.messages import MessageRenderer, make_message_id
from newsletter.rendering.environment import make_environment
from newsletter.sending import Ledger, Permits, Result, Transport, Verdict, never
from newsletter.sending.dkim import new_key
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from newsletter.store import open_store
from tests.benchmarks.assembling import EDITION, digest_of, make_papers, seconds
from tests.benchmarks.matching import NOW
from tests.factories import make_entry, make_profile
from tests.program import PROCESSES, children
from tests.sink import sinking

ROOT = Path(__file__).parents[2]
_PLAIN = 20  # messages sent the plain way
_BATCH = 8  # outcomes at once, as with sixteen connections


# -- a site whose edition is planned ------------------------------------------------------------------


def make_planned_site(root: Path, subscribers: int, *, own: bool = False) -> Site:
    """Make a site with a queued digest of twenty papers for this many subscribers, who share it or have their `own`."""
    chance = random.Random(4)  # noqa: S311 - reproducible
    (root / "newsletter.toml").write_text(
        '[site]\nurl = "https://papers.example.org"\n[sender]\naddress = "digest@papers.example.org"\n',
        encoding="utf-8",
    )
    site = Site(root)
    for kind in ("rsa", "ed25519"):
        (root / f"{kind}.pem").write_bytes(new_key(kind)[0])
    with open_store(site.store) as store:
        # Distinct titles, so that the papers are not merged.
        for paper in make_papers(40 if own else 20):
            title = f"{paper.title}, part {paper.id}"
            store.papers.add(make_entry(title=title, abstract=paper.abstract, arxiv_id=paper.arxiv_id), NOW)
        secret, sender = store.secret(), load_config(site, environ={}).sender
        with store.transaction():
            store.editions.put(EDITION)
            papers = store.papers.newest(40 if own else 20)
            digest_id = store.editions.put_digest(digest_of(papers[:20]))
            rows = []
            for number in range(subscribers):
                subscriber = store.subscribers.add(f"subscriber{number}@example.org", "", Profile(hour=0), "cli", NOW)
                if own:
                    digest_id = store.editions.put_digest(digest_of(chance.sample(papers, 20)))
                rows.append(
                    (EDITION.key, subscriber.id, digest_id, make_message_id(secret, EDITION.key, subscriber.id, sender))
                )
            store.deliveries.queue_many(rows, NOW)
    return site


def config_of(site: Site, kinds: tuple[str, ...], workers: int) -> Config:
    """Return the settings of a site that signs with keys of these kinds."""
    keys = tuple((kind, site.root / f"{kind}.pem") for kind in kinds)
    return replace(
        load_config(site, environ={}),
        dkim=DkimSettings("papers.example.org", keys),
        delivery=DeliverySettings(senders=workers),
    )


# -- one run, in a process of its own -----------------------------------------------------------------


class Nowhere(Transport):
    """A transport that accepts every message at once; so many share a transaction."""

    def __init__(self, group: int = _BATCH) -> None:
        self._group = group

    def divide(self, number: int, /) -> list[Callable[[Permits], Transport]]:
        return [_make_nowhere] * number

    def open(self, abandoned: Callable[[], bool] = never) -> None:
        """Do nothing."""

    def send(
        self,
        messages: Iterator[Message],
        ledger: Ledger,
        stopped: Callable[[], bool] = never,
        abandoned: Callable[[], bool] = never,
    ) -> None:
        waiting: list[Result] = []
        while batch := list(islice(messages, self._group)):
            ledger.commit(waiting, batch)
            waiting = [Result(message, Verdict.SENT, "250 2.0.0 ok") for message in batch]
        ledger.commit(waiting, [])

    def close(self) -> None:
        """Do nothing."""


def _make_nowhere(_permits: Permits) -> Nowhere:
    return Nowhere()


@dataclass(frozen=True)
class Run:
    """The figures of one run: messages, seconds, CPU seconds of all processes, peak memory of one in megabytes."""

    messages: int
    seconds: float
    cpu_s: float
    size_mb: int = 0
    #: CPU seconds of the busiest process.
    busiest_s: float = 0.0
    #: CPU seconds of all processes, and seconds, until the first outcome.
    start_cpu_s: float = 0.0
    start_s: float = 0.0

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.messages / self.seconds

    @property
    def rate_with_start(self) -> float:
        """Messages per second, of all seconds."""
        return self.messages / (self.start_s + self.seconds)

    @property
    def cpu_us(self) -> float:
        """CPU microseconds per message."""
        return self.cpu_s / self.messages * 1e6

    @property
    def steady_us(self) -> float:
        """CPU microseconds per message, without the start."""
        return (self.cpu_s - self.start_cpu_s) / self.messages * 1e6

    @property
    def busiest_us(self) -> float:
        """CPU microseconds of the busiest process per message of all."""
        return self.busiest_s / self.messages * 1e6


@dataclass
class _Clocks:
    """Measures from the first outcome to the last, which is when all senders are still there."""

    expected: int = 0
    outcomes: list[float] = field(default_factory=list)
    began: float = 0.0
    cpu_s: float = 0.0
    start_cpu_s: float = 0.0
    senders_s: tuple[float, ...] = ()

    def expect(self, number: int) -> None:
        self.expected = number
        self.began, self.cpu_s = time.perf_counter(), -time.process_time()

    def report(self, outcome: Outcome) -> None:
        if outcome.status is not OutcomeStatus.SENT:
            return
        if not self.outcomes:
            self.start_cpu_s = self.cpu_s + time.process_time() + sum(_cpu_of_all_senders())
        self.outcomes.append(time.perf_counter())
        if len(self.outcomes) == self.expected:
            self.cpu_s += time.process_time()
            self.senders_s = _cpu_of_senders()

    @property
    def seconds(self) -> float:
        """The seconds that all messages would take at the rate of those after the first ones."""
        if not self.outcomes:
            return 1.0
        first, last = self.outcomes[0], self.outcomes[-1]
        later = sum(at > first + 0.002 for at in self.outcomes)  # outcomes are reported some at a time
        return (last - first) * len(self.outcomes) / later if later else last - self.began


def _cpu_of_senders() -> tuple[float, ...]:
    """Return the CPU seconds of each sender that the first process has forked."""
    return tuple(cpu_of(sender) for first in multiprocessing.active_children() for sender in children(first.pid or 0))


def _cpu_of_all_senders() -> tuple[float, ...]:
    """Return those of the first process, too."""
    return (*_cpu_of_senders(), *(cpu_of(first.pid or 0) for first in multiprocessing.active_children()))


def cpu_of(process: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def send_planned(
    root: Path, port: int, keys: tuple[str, ...] = (), workers: int = 1, connections: int = 4, minutes: int = 0
) -> Run:
    """Send a planned edition to a port, or nowhere without one."""
    senders.MIN_FOR_SENDERS = 1
    settings = SmtpSettings("127.0.0.1", port, security=Security.NONE, connections=connections)
    transport = SmtpTransport(settings) if port else Nowhere()
    began, clocks, site = time.monotonic(), _Clocks(), Site(root)

    def clock() -> datetime:  # one that stood still would let messages share headers that they do not
        return NOW + timedelta(minutes=minutes, seconds=time.monotonic() - began)

    with open_store(site.store) as store:
        report = deliver(
            store, transport, config_of(site, keys, workers), make_environment(), clock,
            watch=clocks.report, expect=clocks.expect,
        )  # fmt: skip
    transport.close()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Run(
        report.counts["sent"],
        clocks.seconds,
        clocks.cpu_s + used.ru_utime + used.ru_stime,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        max((clocks.cpu_s, *clocks.senders_s)),
        clocks.start_cpu_s,
        clocks.outcomes[0] - clocks.began if clocks.outcomes else 0.0,
    )


def ours(site: Site, port: int, *, keys: tuple[str, ...] = (), workers: int = 1, connections: int = 16) -> Run:
    """Send a copy of a planned edition in a process of its own."""
    with tempfile.TemporaryDirectory() as folder, chdir(ROOT), ProcessPoolExecutor(1, PROCESSES) as process:
        shutil.copytree(site.root, folder, dirs_exist_ok=True)
        return process.submit(send_planned, Path(folder), port, keys, workers, connections).result()


def theirs(port: int, messages: int, size: int) -> Run:
    """Send as many messages of the same size with smtp-source, over four persistent connections."""
    command = [
        "smtp-source", "-d", "-s", "4", "-m", str(messages), "-l", str(size),
        "-f", "digest@papers.example.org", "-t", "subscriber@example.org", f"127.0.0.1:{port}",
    ]  # fmt: skip
    began = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return Run(messages, took, used.ru_utime + used.ru_stime)


# -- sinks --------------------------------------------------------------------------------------------


@contextmanager
def their_sink() -> Iterator[int]:
    """Run Debian's smtp-sink, which discards every message."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(["smtp-sink", *as_nobody, f"127.0.0.1:{port}", "200"])
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        process.kill()
        process.wait()


@contextmanager
def own_sink(*options: str) -> Iterator[int]:
    """Run the tests' own sink."""
    with tempfile.TemporaryDirectory() as folder, sinking(Path(folder) / "taken.log", *options) as sink:
        yield sink.port


# -- the plain way ------------------------------------------------------------------------------------


def plain(site: Site, port: int) -> Run:
    """Send a few messages the plain way: Jinja, premailer, EmailMessage, dkimpy, smtplib, a commit for each."""
    config, pem = config_of(site, (), 1), (site.root / "rsa.pem").read_bytes()
    with open_store(site.store) as store, smtplib.SMTP("127.0.0.1", port) as server:
        messages = MessageRenderer(config, make_environment(), store.secret())
        waiting = store.deliveries.claim(NOW, after=0, limit=_PLAIN)
        digest = store.editions.get_digest(waiting[0].digest_id)

        def send_all() -> None:
            for delivery in waiting:
                subscriber = store.subscribers.find_by_id(delivery.subscriber_id)
                assert subscriber is not None
                message = messages.write_plain(digest, subscriber, delivery.message_id, NOW)
                signature = dkim.sign(
                    message.content, b"rsa", b"papers.example.org", pem, canonicalize=(b"relaxed", b"simple")
                )
                server.sendmail(message.sender, [message.recipient], signature + message.content)
                with store.transaction():
                    store.deliveries.depart(delivery.id, NOW, NOW, make_profile())

        cpu = time.process_time()
        took = seconds(send_all, 1)
        return Run(len(waiting), took, (time.process_time() - cpu) / 3)


# -- what is printed ----------------------------------------------------------------------------------


def median(runs: list[Run]) -> Run:
    """Return the run with the median rate, and the median CPU."""
    middle = sorted(runs, key=lambda run: run.rate)[len(runs) // 2]
    return replace(
        middle,
        cpu_s=statistics.median(run.cpu_us for run in runs) * middle.messages / 1e6,
        start_cpu_s=statistics.median(run.start_cpu_s for run in runs),
        start_s=statistics.median(run.start_s for run in runs),
        busiest_s=statistics.median(run.busiest_us for run in runs) * middle.messages / 1e6,
    )


def compare(
    name: str, site: Site, sink: Callable[[], object], options: argparse.Namespace, size: int
) -> dict[str, Run]:
    """Print rates and CPU relative to smtp-source, and return ours."""
    ways: dict[str, Callable[[int], Run]] = {
        "smtp-source -s 4": lambda port: theirs(port, options.subscribers, size),
        "unsigned, 4 connections": lambda port: ours(site, port, connections=4),
        "unsigned": lambda port: ours(site, port),
        "RSA-2048": lambda port: ours(site, port, keys=("rsa",)),
        "RSA-2048, 2 senders": lambda port: ours(site, port, keys=("rsa",), workers=2),
        "and Ed25519, 2 senders": lambda port: ours(site, port, keys=("rsa", "ed25519"), workers=2),
    }
    if options.brief:
        wanted = {"smtp-source -s 4", "unsigned"}
        if sink is own_sink:
            wanted |= {"RSA-2048", "RSA-2048, 2 senders"}
        ways = {way: measure for way, measure in ways.items() if way in wanted}
    runs: dict[str, list[Run]] = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way, measure in ways.items():
            with sink() as port:  # type: ignore[attr-defined]
                runs[way].append(measure(port))
    found = {way: median(its) for way, its in runs.items()}
    base = found["smtp-source -s 4"]
    print(f"to {name}")
    for way, run in found.items():
        print(
            f"  {way:24}{run.rate:8.0f}/s {run.rate / base.rate:6.2f}"
            f"   CPU {run.cpu_us:6.0f} µs each {run.cpu_us / base.cpu_us:6.2f}"
            f"   without the start {run.steady_us:6.0f} µs {run.steady_us / base.cpu_us:6.2f}"
        )
    return found


def compare_all(options: argparse.Namespace) -> None:
    """Print all rates."""
    with tempfile.TemporaryDirectory() as folder:
        site = make_planned_site(Path(folder), options.subscribers, own=options.own)
        with open_store(site.store) as store:
            messages = MessageRenderer(config_of(site, (), 1), make_environment(), store.secret())
            first = store.deliveries.claim(NOW, after=0, limit=1)[0]
            subscriber = store.subscribers.find_by_id(first.subscriber_id)
            assert subscriber is not None
            size = len(
                messages.write(store.editions.get_digest(first.digest_id), subscriber, "<a@b.example>", NOW).content
            )
        print_machine()
        digests = "a digest for each" if options.own else "one digest for all"
        print(f"{options.subscribers} messages of {size} bytes, {digests}, over 16 connections; ratios to smtp-source")
        compare("smtp-sink", site, their_sink, options, size)
        found = compare("the tests' own sink", site, own_sink, options, size)
        unsigned, one, two = found["unsigned"], found["RSA-2048"], found["RSA-2048, 2 senders"]
        alone = [median([ours(site, 0, keys=("rsa",), workers=n) for _ in range(options.rounds)]) for n in (1, 2)]
        with own_sink() as port:
            slow = plain(site, port)
        bare = bare_rsa_us()
        whole, steady = (one.cpu_us / (bare + unsigned.cpu_us), one.steady_us / (bare + unsigned.steady_us))
        print(f"plain, RSA by dkimpy {slow.rate:8.1f}/s: our signed messages are faster by {one.rate / slow.rate:.0f}")
        print(f"two senders are faster than one by {two.rate / one.rate:.2f} to that sink", end="")
        print(f" (by CPU {one.busiest_us / two.busiest_us:.2f}); ", end="")
        print(f"to none, {alone[0].rate:.0f} and {alone[1].rate:.0f}/s, by {alone[1].rate / alone[0].rate:.2f}", end="")
        print(f" (by CPU {alone[0].busiest_us / alone[1].busiest_us:.2f}); with their start by ", end="")
        print(f"{two.rate_with_start / one.rate_with_start:.2f} and ", end="")
        print(f"{alone[1].rate_with_start / alone[0].rate_with_start:.2f}")
        print(f"the start, once an edition: CPU {one.start_cpu_s:.2f} s of one, {two.start_cpu_s:.2f} s of two")
        print(
            f"signed messages, CPU: {whole:.2f} of one RSA operation ({bare:.0f} µs) and the unsigned path, "
            f"{steady:.2f} without the start"
        )


def bare_rsa_us() -> float:
    """Return the microseconds of one RSA-2048 operation."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.hashes import SHA256

    key = generate_private_key(65537, 2048)
    return seconds(lambda: key.sign(b"x" * 1500, PKCS1v15(), SHA256()), 200) * 1e6


def print_machine() -> None:
    """Print what the figures depend on."""
    model = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if "model name" in line]
    print(
        f"{os.cpu_count()} cores ({model[0].partition(':')[2].strip() if model else platform.machine()}), "
        f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version} "
        "with synchronous = FULL"
    )


def compare_waiting(rounds: int, messages: int) -> None:
    """Print the share of the possible rate that is reached with servers that reply late, by one and more senders."""
    print_machine()
    rates = {}
    for workers in (1, 2, 4):
        number = messages * workers
        with tempfile.TemporaryDirectory() as folder, own_sink("--pause", "0.02") as port:
            site = make_planned_site(Path(folder), number)
            runs = [ours(site, port, keys=("rsa",), workers=workers, connections=4 * workers) for _ in range(rounds)]
        rates[workers] = median(runs).rate
        print(
            f"20 ms, signed, {workers} senders of 4 connections each: {rates[workers]:.0f}/s, "
            f"{rates[workers] / rates[1] / workers:.2f} of linear"
        )
    pause_s = 0.05
    for connections in (4, 32):
        number = connections * 300
        with tempfile.TemporaryDirectory() as folder, own_sink("--pause", str(pause_s)) as port:
            run = ours(make_planned_site(Path(folder), number), port, connections=connections)
        possible = connections / pause_s  # one round trip for each message
        print(
            f"50 ms, {connections} connections: {run.rate:.0f}/s of {possible:.0f} possible: {run.rate / possible:.2f}"
        )


def compare_sizes(options: argparse.Namespace) -> None:
    """Print the peak memory of a process for 10,000 subscribers, and for many."""
    sizes = []
    for subscribers in (10_000, options.memory):
        with tempfile.TemporaryDirectory() as folder:
            run = ours(make_planned_site(Path(folder), subscribers), 0)
        sizes.append(run.size_mb)
        print(f"{subscribers} subscribers: {run.size_mb} MB peak memory, {run.rate:.0f}/s to nowhere")
    print(f"memory: {sizes[1] / sizes[0]:.2f}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--subscribers", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--brief", action="store_true", help="only what the last lines need, to both sinks")
    parser.add_argument("--own", action="store_true", help="a digest for each subscriber")
    parser.add_argument("--wait", action="store_true")
    parser.add_argument("--memory", type=int, default=0)
    options = parser.parse_args()
    if options.wait:
        compare_waiting(options.rounds, 800)
    elif options.memory:
        compare_sizes(options)
    else:
        compare_all(options)


if __name__ == "__main__":
    main()
