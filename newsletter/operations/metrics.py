"""What Prometheus asks: how the runs went, and how the ledger stands, read from the store when it is asked for.

No label holds an address. See prometheus.io/docs/practices/naming.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime

from newsletter.errors import NewsletterError, install_command
from newsletter.pipeline.deliver import DeliveryReport
from newsletter.store import Store

try:
    from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
    from prometheus_client.core import GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
except ModuleNotFoundError as error:
    raise NewsletterError("metrics need prometheus-client", hint=install_command("metrics")) from error

#: So many of the latest editions are told of.
_EDITIONS = 7


class _StoreCollector(Collector):
    """How the store stands."""

    def __init__(self, open_store: Callable[[], Store], clock: Callable[[], datetime]) -> None:
        self._open_store = open_store
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        with self._open_store() as store:  # a store belongs to the thread that opened it
            yield from _of_deliveries(store)
            yield _by("newsletter_subscribers", "Subscribers.", "status", store.subscribers.counts())
            yield _by("newsletter_returns", "What came back of the mail.", "kind", store.bounces.counts())
            yield GaugeMetricFamily(
                "newsletter_suppressions", "Addresses that are not mailed.", len(store.subscribers.suppressions())
            )
            yield GaugeMetricFamily("newsletter_papers", "Papers in the store.", store.papers.count())
            oldest = store.deliveries.oldest_open()
            age_s = (self._clock() - oldest).total_seconds() if oldest else 0.0
            yield GaugeMetricFamily("newsletter_oldest_open_delivery_seconds", "How long somebody waits.", age_s)


def _of_deliveries(store: Store) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "newsletter_deliveries", "Deliveries of the latest editions.", labels=("edition", "status")
    )
    for edition in store.editions.latest(_EDITIONS):
        for status, number in store.deliveries.counts(edition.key).items():
            family.add_metric((edition.key, status), number)
    yield family


def _by(name: str, words: str, label: str, counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=(label,))
    for value, number in counts.items():
        family.add_metric((value,), number)
    return family


class Metrics:
    """The numbers of one process that serves."""

    def __init__(self, open_store: Callable[[], Store], clock: Callable[[], datetime]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_StoreCollector(open_store, clock))
        self._outcomes = Counter("newsletter_outcomes", "What became of messages.", ("status",), registry=self.registry)
        self._runs = Counter("newsletter_runs", "Runs, by how they went.", ("result",), registry=self.registry)
        self._took = Gauge("newsletter_last_run_seconds", "How long the last run took.", registry=self.registry)
        self._clean_at = Gauge(
            "newsletter_last_clean_run_timestamp_seconds", "When a run last went well.", registry=self.registry
        )
        self._next_at = Gauge("newsletter_next_run_timestamp_seconds", "When the next comes.", registry=self.registry)

    def serve(self, host: str, port: int) -> int:
        """Answer GET /metrics from a thread; return the port, which is a free one for 0.

        Raises:
            NewsletterError: The port is taken.
        """
        try:
            server, _ = start_http_server(port, host, self.registry)
        except OSError as error:
            raise NewsletterError(f"{host}:{port}: {error.strerror or error}", hint="name another port") from error
        return int(server.server_port)

    def ran(self, report: DeliveryReport | None, began: float) -> None:
        """Note what a run did that began at this `time.monotonic()`; None for one that could not."""
        self._took.set(time.monotonic() - began)
        clean = report is not None and report.is_clean
        self._runs.labels("clean" if clean else "not clean").inc()
        if clean:
            self._clean_at.set_to_current_time()
        for status, number in (report.counts if report else {}).items():
            self._outcomes.labels(status).inc(number)

    def will_run(self, at: datetime) -> None:
        """Note when the next run comes."""
        self._next_at.set(at.timestamp())
