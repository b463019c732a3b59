"""Prometheus metrics of a site, read from its store on each scrape, whichever processes run.

No label contains an email address. See prometheus.io/docs/practices/naming.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from newsletter import __version__
from newsletter.config.model import Config
from newsletter.errors import NewsletterError
from newsletter.errors.installation import install_command
from newsletter.operations.disk import disk_status
from newsletter.operations.source_health import Health, SourceStatus, source_statuses
from newsletter.store import Store
from newsletter.store.incidents import IncidentKind

try:
    from prometheus_client import CollectorRegistry, Gauge, generate_latest, start_http_server
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
except ModuleNotFoundError as error:
    raise NewsletterError("metrics need prometheus-client", hint=install_command("metrics")) from error

#: Deliveries are reported for this many of the latest editions.
_EDITIONS = 7
_Labels = TypeVar("_Labels", bound=tuple[str, ...])
_HEALTHY = (Health.OK, Health.NEW, Health.RATE_LIMITED)


class _StoreCollector(Collector):
    """Collects the state of the store."""

    def __init__(self, config: Config, open_store: Callable[[], Store], clock: Callable[[], datetime]) -> None:
        self._config = config
        self._open_store = open_store
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        with self._open_store() as store:  # a store belongs to the thread that opened it
            now = self._clock()
            yield _deliveries(store)
            yield _by("newsletter_subscribers", "Subscribers.", "status", store.subscribers.counts())
            yield _by("newsletter_bounces", "Bounces and complaints.", "kind", store.bounces.counts())
            yield _webhook_events(store)
            suppressed = sum(store.suppressions.count())
            yield GaugeMetricFamily("newsletter_suppressions", "Suppressed addresses.", suppressed)
            yield GaugeMetricFamily("newsletter_papers", "Papers in the store.", store.papers.count())
            oldest = store.deliveries.oldest_open()
            age_s = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
            yield GaugeMetricFamily(
                "newsletter_oldest_open_delivery_seconds",
                "Age of the oldest open delivery.",
                age_s,
            )
            yield GaugeMetricFamily("newsletter_workers", "Workers that are alive.", len(store.workers.alive(now)))
            waiting, leased = store.shards.counts()
            shards = {"waiting": waiting, "leased": leased}
            yield _by("newsletter_shards", "Shards of the ledger that are not sent.", "state", shards)
            yield from _runs(store)
            yield from _sources(store, source_statuses(store, self._config, now))
            yield from _mailboxes(store)
            counts = dict.fromkeys(map(str, IncidentKind), 0)
            for one in store.incidents.open():
                counts[one.kind] += 1
            yield _by("newsletter_incidents", "Incidents that are not over.", "kind", counts)
            yield from self._site(store)

    def _site(self, store: Store) -> Iterator[Metric]:
        disk = disk_status(self._config)
        size_b = store.size_b() if disk.database is None else disk.database
        yield GaugeMetricFamily("newsletter_database_bytes", "Size of the database.", size_b)
        yield GaugeMetricFamily("newsletter_disk_free_bytes", "Free space on the disk of the site.", disk.free)
        info = GaugeMetricFamily("newsletter_info", "Versions; always 1.", labels=("version", "schema"))
        info.add_metric((__version__, store.versions()[1]), 1)
        yield info


def _deliveries(store: Store) -> Metric:
    family = GaugeMetricFamily(
        "newsletter_deliveries", "Deliveries of the latest editions.", labels=("edition", "status")
    )
    for edition in store.editions.latest(_EDITIONS):
        for status, number in store.deliveries.counts(edition.key).items():
            family.add_metric((edition.key, status), number)
    return family


def _webhook_events(store: Store) -> Metric:
    labels = ("provider", "outcome")
    counts = store.webhook_events.counts()
    return _totals("newsletter_webhook_events", "Events of email providers.", labels, counts)


def _runs(store: Store) -> Iterator[Metric]:
    runs = {(result,): number for (_, result), number in store.runs.totals("runs").items()}
    yield _totals("newsletter_runs", "Runs, by result.", ("result",), runs)
    outcomes = {(status,): number for (_, status), number in store.runs.totals("outcomes").items()}
    yield _totals("newsletter_outcomes", "Delivery outcomes.", ("status",), outcomes)
    last = next((run for run in store.runs.latest(2) if run.finished_at is not None), None)
    began, took = _stamp(last.began_at if last else None), 0.0
    if last is not None and last.finished_at is not None:
        took = (last.finished_at - last.began_at).total_seconds()
    yield GaugeMetricFamily("newsletter_last_run_timestamp_seconds", "When the last finished run began.", began)
    yield GaugeMetricFamily("newsletter_last_run_seconds", "Duration of the last run.", took)
    clean = _stamp(store.runs.last_clean())
    yield GaugeMetricFamily("newsletter_last_clean_run_timestamp_seconds", "When a run was last clean.", clean)


def _sources(store: Store, statuses: tuple[SourceStatus, ...]) -> Iterator[Metric]:
    pulls = store.runs.totals("pulls")
    yield _totals("newsletter_pulls", "Pulls, by source and result.", ("source", "result"), pulls)
    papers = store.runs.totals("papers")
    yield _totals("newsletter_pulled_papers", "Papers that were pulled.", ("source", "outcome"), papers)
    healthy = {one.label: int(one.health in _HEALTHY) for one in statuses}
    yield _by("newsletter_source_healthy", "1 unless a source is failing or silent.", "source", healthy)
    pulled = {one.label: _stamp(one.last_pull_at) for one in statuses}
    yield _by("newsletter_source_last_pull_timestamp_seconds", "When a source was last pulled.", "source", pulled)
    new = {one.label: _stamp(one.last_new_at) for one in statuses}
    help_text = "When a source last brought new papers."
    yield _by("newsletter_source_last_new_timestamp_seconds", help_text, "source", new)


def _mailboxes(store: Store) -> Iterator[Metric]:
    mail = store.runs.totals("mail")
    yield _totals("newsletter_mailbox_messages", "What was read from mailboxes.", ("mailbox", "outcome"), mail)
    readings = store.runs.readings()
    healthy = {one.mailbox: int(one.error is None) for one in readings}
    yield _by("newsletter_mailbox_healthy", "1 unless a mailbox could not be read.", "mailbox", healthy)
    read = {one.mailbox: _stamp(one.succeeded_at) for one in readings}
    yield _by("newsletter_mailbox_last_read_timestamp_seconds", "When a mailbox was last read.", "mailbox", read)


def _stamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment else 0.0


def _by(name: str, help_text: str, label: str, counts: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=(label,))
    for value, number in counts.items():
        family.add_metric((value,), number)
    return family


def _totals(name: str, help_text: str, labels: tuple[str, ...], counts: Mapping[_Labels, int]) -> Metric:
    family = CounterMetricFamily(name, help_text, labels=labels)
    for values, number in counts.items():
        family.add_metric(values, number)
    return family


class Metrics:
    """The metrics of one site."""

    def __init__(self, config: Config, open_store: Callable[[], Store], clock: Callable[[], datetime]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_StoreCollector(config, open_store, clock))
        self._next_at: Gauge | None = None

    def serve(self, host: str, port: int) -> int:
        """Serve GET /metrics from a thread; return the port, a free one for 0.

        Raises:
            NewsletterError: The address or the port cannot be used.
        """
        try:
            server, _ = start_http_server(port, host, self.registry)
        except OSError as error:
            raise NewsletterError(f"{host}:{port}: {error.strerror or error}", hint="choose another port") from error
        return int(server.server_port)

    def text(self) -> bytes:
        """Return the metrics in Prometheus's text format, as for a scrape.

        Raises:
            StoreError: The store cannot be read.
        """
        return bytes(generate_latest(self.registry))

    def will_run(self, at: datetime) -> None:
        """Record when the next run of this process begins."""
        if self._next_at is None:
            self._next_at = Gauge(
                "newsletter_next_run_timestamp_seconds", "When the next run begins.", registry=self.registry
            )
        self._next_at.set(at.timestamp())
