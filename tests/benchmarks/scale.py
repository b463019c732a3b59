"""From ten thousand subscribers to a thousand million: arithmetic and a simulation, driven by what benchmarks measured.

    python -m tests.benchmarks.scale

It prints the tables of docs/scale.md. Each constant says which command measures it, or that it is assumed. An edition
is simulated for one partition of the ledger, since partitions are alike and share nothing: one worker plans, then
workers take shards, and each goes through three places: a worker's core, the lock of writers, and the relays. The
simulation knows no chance, so that everybody gets the same tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import Enum
from heapq import heapify, heappop, heappush
from math import ceil, log10

from newsletter.config.model import RetentionSettings
from newsletter.pipeline.fleet_shards import SHARD_SIZE
from newsletter.sending.smtp.group_commit import GROUP

SIZES = tuple(10**power for power in range(4, 10))
_RETENTION = RetentionSettings()
#: A delivery is written anew when it departs, and when it is sent.
_VERSIONS = 3
#: Relays that are so busy are what workers wait for.
_MOST_BUSY = 0.9
#: How much of the time for sending the lock may be held.
_MOST_LOCKED = 0.8


class Basis(Enum):
    """What a constant rests on."""

    MEASURED = "measured"
    #: Measured at less, and taken to be the same beyond.
    EXTRAPOLATED = "measured, and extrapolated"
    DESIGN = "by design"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that the model is driven by."""

    value: float
    unit: str
    what: str
    #: The command that prints it, or where it stands.
    source: str
    basis: Basis = Basis.MEASURED

    def __str__(self) -> str:
        return f"{self.value:,.10g} {self.unit}".rstrip()


_MORNING = "python -m tests.benchmarks.morning --subscribers 10000"
_LEDGER = "python -m tests.benchmarks.fleet_edition --subscribers 100000 --memory 128MB"
_TEN_MILLION = "python -m tests.benchmarks.fleet_edition --subscribers 10000000 --memory 128MB"
_WAIT = "python -m tests.benchmarks.delivering --wait"


@dataclass(frozen=True, slots=True)
class Constants:
    """All of them. Times are CPU time of one core, for each delivery if nothing else is said."""

    decide: Constant = Constant(
        1682, "µs", "planning, where everybody has a digest of their own (one worker plans)", _MORNING
    )
    make: Constant = Constant(2723, "µs", "cards, inlining, assembling, signing, SMTP and the ledger", _MORNING)
    plan_server: Constant = Constant(108, "µs", "planning: the server's part", _LEDGER, Basis.EXTRAPOLATED)
    lock: Constant = Constant(
        123, "µs", "ledger and queue: all that the server does after planning, and workers in transactions", _LEDGER,
        Basis.EXTRAPOLATED,
    )  # fmt: skip
    row: Constant = Constant(126, "B", "a row of the ledger", _TEN_MILLION)
    index: Constant = Constant(150, "B", "its entries in indexes", _TEN_MILLION)
    subscriber: Constant = Constant(1082, "B", "a subscriber and their entries in indexes", _TEN_MILLION)
    log: Constant = Constant(2594, "B", "the server's log (WAL), planning and sending", _TEN_MILLION)
    digest: Constant = Constant(
        460, "B", "a digest of one's own: what a morning adds, without its delivery (341 B in a file)", _MORNING
    )
    message: Constant = Constant(
        60_822, "B", "a message of twenty papers", "python -m tests.benchmarks.delivering --brief"
    )
    connections: Constant = Constant(
        4, "", "connections of a worker to PostgreSQL", "[fleet.md](fleet.md#limits)", Basis.DESIGN
    )
    share: Constant = Constant(0.88, "", "of the rate that late relays allow, what connections reach", _WAIT)
    window: Constant = Constant(3600, "s", "an edition is to be out after", "a goal", Basis.ASSUMED)
    commit: Constant = Constant(1000, "µs", "the server's disk for each commit", "your disk", Basis.ASSUMED)
    reply: Constant = Constant(50, "ms", "until a relay replies", "your relays", Basis.ASSUMED)
    relay: Constant = Constant(300, "/s", "messages that one relay takes and delivers", "your relays", Basis.ASSUMED)
    cores: Constant = Constant(8, "", "cores of a machine", "your machines", Basis.ASSUMED)
    server_connections: Constant = Constant(400, "", "connections of one server", "your server", Basis.ASSUMED)
    disk: Constant = Constant(4, "TB", "the disk of one database", "your disk", Basis.ASSUMED)
    region: Constant = Constant(40, "Gbit/s", "that leave one region", "your network", Basis.ASSUMED)


MEASURED = Constants()


# -- limits of one database ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limit:
    """What ends the growth of one database, and from which number of subscribers."""

    name: str
    subscribers: int
    #: How it shows.
    shows: str


def limits(constants: Constants = MEASURED) -> tuple[Limit, ...]:
    """Return the limits of a fleet with one database, the first to be met first."""
    half_us = constants.window.value / 2 * 1e6
    workers = constants.server_connections.value / constants.connections.value
    found = (
        Limit(
            "planning",
            int(half_us / plan_us(constants)),
            "one worker plans, for more than half of the window",
        ),
        Limit(
            "the lock of writers",
            int(half_us * _MOST_LOCKED / lock_us(constants)),
            "transactions come one after the other: they have most of the other half",
        ),
        Limit(
            "connections",
            int(workers * half_us / constants.make.value),
            f"{workers:.0f} workers have all connections of the server",
        ),
        Limit(
            "the disk",
            int(constants.disk.value * 1e12 / _stored_b(constants)),
            f"the ledger of {_RETENTION.deliveries_days} days and digests of {_RETENTION.digests_days} fill it",
        ),
    )
    return tuple(sorted(found, key=lambda limit: limit.subscribers))


def plan_us(constants: Constants) -> float:
    """Return how long one worker takes to plan a delivery and to queue it."""
    return constants.decide.value + constants.plan_server.value


def lock_us(constants: Constants) -> float:
    """Return for how long sending one message keeps other writers waiting: departures and results share commits."""
    return constants.lock.value + constants.commit.value / GROUP


def _stored_b(constants: Constants) -> float:
    """Return the bytes of a subscriber, their deliveries and their digests, as long as these are kept."""
    ledger_b = (constants.row.value + constants.index.value) * _RETENTION.deliveries_days
    return constants.subscriber.value + ledger_b + constants.digest.value * _RETENTION.digests_days


# -- the simulation -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Partition:
    """The part of the subscribers that one database has, and what sends to them."""

    subscribers: int
    workers: int
    relays: int


@dataclass(frozen=True, slots=True)
class Edition:
    """What became of one edition in one partition: times in seconds, from when it was due."""

    deliveries: int
    shards: int
    planned_s: float
    #: When the last message was recorded.
    done_s: float
    #: How much of the time after planning each place worked, from 0 to 1.
    busy: dict[str, float]


def simulate(partition: Partition, constants: Constants = MEASURED) -> Edition:
    """Send an edition: shards wait for a worker, then for the lock in the order they come, then for relays.

    A worker has one shard at a time, and takes the next when the last message of it is recorded; really it renders
    while others are in flight, and is faster.
    """
    number = partition.subscribers
    planned_us = number * plan_us(constants)
    relay_us = 1e6 / constants.relay.value / partition.relays
    locked_us, reply_us = lock_us(constants), constants.reply.value * 1e3
    lock_at = relays_at = recorded_at = planned_us
    sizes = shards(number)
    waiting = iter(sizes)
    #: When each worker's core is done with its shard.
    made = [
        (planned_us + size * constants.make.value, worker, size)
        for worker, size in zip(range(partition.workers), waiting, strict=False)
    ]
    heapify(made)
    while made:
        at, worker, size = heappop(made)
        lock_at = max(lock_at, at) + size * locked_us
        relays_at = max(relays_at, lock_at) + size * relay_us
        recorded_at = relays_at + reply_us
        if following := next(waiting, 0):
            heappush(made, (recorded_at + following * constants.make.value, worker, following))
    sending_us = max(1.0, recorded_at - planned_us)
    busy = {
        "workers": number * constants.make.value / partition.workers / sending_us,
        "the lock of writers": number * locked_us / sending_us,
        "relays": number * relay_us / sending_us,
    }
    return Edition(sum(sizes), len(sizes), planned_us / 1e6, recorded_at / 1e6, busy)


def shards(deliveries: int) -> list[int]:
    """Return the sizes of the shards that deliveries are divided into."""
    full, rest = divmod(deliveries, SHARD_SIZE)
    return [SHARD_SIZE] * full + ([rest] if rest else [])


# -- what a site of a size takes ----------------------------------------------------------------------


class Form(Enum):
    """How a site sends, the simplest first."""

    ONE_PROCESS = "one process, a file"
    FLEET = "workers, one database"
    PARTITIONS = "partitions"


@dataclass(frozen=True, slots=True)
class Site:
    """A site of a size, in the simplest form that sends an edition in the window; and the edition, of one partition."""

    subscribers: int
    form: Form
    partitions: int
    partition: Partition
    edition: Edition

    @property
    def workers(self) -> int:
        """All workers: cores that are busy while an edition is sent."""
        return self.partitions * self.partition.workers

    @property
    def relays(self) -> int:
        """All relays."""
        return self.partitions * self.partition.relays


def site_of(subscribers: int, constants: Constants = MEASURED) -> Site:
    """Return what a site of this size needs, so that the simulated edition is out within the window."""
    first = limits(constants)[0]
    window_s = constants.window.value
    alone_us = constants.decide.value + constants.make.value
    parts = ceil(subscribers / first.subscribers)
    form = Form.PARTITIONS if parts > 1 else Form.FLEET if subscribers * alone_us > window_s * 1e6 else Form.ONE_PROCESS
    number = ceil(subscribers / parts)
    # Without waiting for each other; the simulation says how many more it takes.
    planned_s = simulate(Partition(number, 1, 1), constants).planned_s
    workers = max(1, ceil(number * constants.make.value / 1e6 / (window_s - planned_s)))
    relays = max(1, ceil(number / constants.relay.value / (window_s - planned_s)))
    while (edition := simulate(Partition(number, workers, relays), constants)).done_s > window_s:
        if edition.busy["relays"] < _MOST_BUSY:
            workers += max(1, workers // 10)
        else:
            relays += max(1, relays // 10)
    return Site(subscribers, form, parts, Partition(number, workers, relays), edition)


def breaks_first(subscribers: int, constants: Constants = MEASURED) -> str:
    """Return which limits of one database a size is beyond, the first to be met first."""
    return ", ".join(one.name for one in limits(constants) if one.subscribers < subscribers) or "nothing"


# -- what is printed ----------------------------------------------------------------------------------


def tables(constants: Constants = MEASURED) -> str:
    """Return the tables of docs/scale.md."""
    sites = [site_of(size, constants) for size in SIZES]
    parts = (
        ("What sends an edition", _machines(sites, constants)),
        ("What goes over the wire, and what is kept", _bytes(sites, constants)),
        ("What a million deliveries take", _million(constants)),
        ("What one database ends at", _ends(constants)),
        ("What breaks first", _breaks(sites, constants)),
        ("Constants", _constants(constants)),
    )
    return "\n".join(f"## {title}\n\n{rows}" for title, rows in parts)


def _machines(sites: Sequence[Site], constants: Constants) -> str:
    rows = []
    for site in sites:
        edition, own = site.edition, site.partition
        busiest = max(edition.busy, key=lambda place: edition.busy[place])
        rate = own.subscribers / max(1.0, edition.done_s - edition.planned_s)
        rows.append(
            (
                f"{site.subscribers:,}",
                site.form.value,
                f"{site.partitions:,}",
                f"{site.workers:,}",
                f"{site.workers * constants.connections.value:,.0f}" if site.form is not Form.ONE_PROCESS else "",
                f"{site.relays:,}",
                f"{site.partitions * ceil(rate * constants.reply.value / 1e3 / constants.share.value):,}",
                f"{edition.planned_s / 60:.0f}",
                f"{edition.done_s / 60:.0f}",
                f"{busiest}, {edition.busy[busiest]:.0%}",
            )
        )
    titles = (
        "subscribers", "form", "databases", "workers", "connections to databases", "relays", "connections to relays",
        "planned after (min)", "out after (min)", "busiest while sending",
    )  # fmt: skip
    return _table(titles, rows)


def _bytes(sites: Sequence[Site], constants: Constants) -> str:
    rows = []
    for site in sites:
        number, edition = site.subscribers, site.edition
        sending_s = max(1.0, edition.done_s - edition.planned_s)
        gbits = number * constants.message.value * 8 / sending_s / 1e9
        deliveries = number * _RETENTION.deliveries_days
        rows.append(
            (
                f"{number:,}",
                _size(number * constants.message.value),
                f"{gbits:,.2f}",
                f"{ceil(gbits / constants.region.value):,}",
                _size(number * constants.log.value),
                f"{deliveries:,}",
                _size(deliveries * constants.row.value),
                _size(deliveries * constants.index.value),
                _size(number * _RETENTION.digests_days * constants.digest.value),
                _size(number * constants.subscriber.value),
            )
        )
    titles = (
        "subscribers", "messages of an edition", "Gbit/s", "regions", "log of an edition", "rows of the ledger",
        "these", "their indexes", "digests", "subscribers, stored",
    )  # fmt: skip
    return _table(titles, rows)


def _million(constants: Constants) -> str:
    hour_s, rows_b = 3600, constants.row.value + constants.index.value
    rows = (
        ("planning: the server's core", f"{constants.plan_server.value:,.0f} s"),
        ("ledger and queue: the server's core, and workers in transactions", f"{constants.lock.value:,.0f} s"),
        ("workers' cores, each with a digest of their own: planning", f"{constants.decide.value / hour_s:,.1f} h"),
        ("… making and sending", f"{constants.make.value / hour_s:,.1f} h"),
        ("the server's log", _size(constants.log.value * 1e6)),
        ("the ledger with its indexes", _size(rows_b * 1e6)),
        ("… while it is sent, until the server vacuums", f"up to {_size(_VERSIONS * rows_b * 1e6)}"),
    )
    return _table(("what", "a million"), rows)


def _ends(constants: Constants) -> str:
    rows = [(one.name, f"{one.subscribers:,}", one.shows) for one in limits(constants)]
    return _table(("limit", "subscribers", "how it shows"), rows)


def _breaks(sites: Sequence[Site], constants: Constants) -> str:
    rows = []
    for site in sites:
        core_s = site.subscribers * (plan_us(constants) + constants.make.value + constants.lock.value) / 1e6
        machines = machines_of(site, constants)
        rows.append(
            (
                f"{site.subscribers:,}",
                breaks_first(site.subscribers, constants),
                f"{core_s / 3600:,.1f}",
                f"{machines:,}",
                "I" if machines == 1 else ["II", "III", "IV", "V", "VI", "VII"][ceil(log10(machines)) - 1],
            )
        )
    titles = ("subscribers", "one database is beyond", "core hours of an edition", "machines", "cost class")
    return _table(titles, rows)


def machines_of(site: Site, constants: Constants = MEASURED) -> int:
    """Return how many machines workers, databases and relays take; a database has one core, and its part of a disk."""
    if site.form is Form.ONE_PROCESS:
        return 1
    stored_b = _stored_b(constants) * site.subscribers
    databases = max(ceil(site.partitions / constants.cores.value), ceil(stored_b / constants.disk.value / 1e12))
    return ceil(site.workers / constants.cores.value) + databases + site.relays


def _constants(constants: Constants) -> str:
    found = [getattr(constants, one.name) for one in fields(constants)]
    rows = [
        (one.what, str(one), one.basis.value, f"`{one.source}`" if one.source.startswith("python") else one.source)
        for one in found
    ]
    return _table(("what", "value", "basis", "source"), rows)


def _size(size_b: float) -> str:
    power = min(5, int(log10(max(1.0, size_b)) / 3))
    return f"{size_b / 1000**power:.3g} {('B', 'kB', 'MB', 'GB', 'TB', 'PB')[power]}"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Print the tables."""
    print(tables())


if __name__ == "__main__":
    main()
