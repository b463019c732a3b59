"""Prometheus metrics: results of the runs, and the state of the store, read on each scrape.

No label contains an email address. See prometheus.io/docs/practices/naming.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from newsletter.errors import NewsletterError
from newsletter.installation import install_command
from newsletter.pipeline.outcomes import DeliveryReport
from newsletter.store import Store

try:
    from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
except ModuleNotFoundError as error:
    raise NewsletterError("metrics need prometheus-client", hint=install_command("metrics")) from error

#: Deliveries are reported for this many of the latest editions.
_EDITIONS = 7


class _StoreCollector(Collector):
    """Collects the state of the store."""

    def __init__(self, open_store: Callable[[], Store], clock: Callable[[], datetime]) -> None:
        self._open_store = open_store
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        with self._open_store() as store:  # a store belongs to the thread that opened it
            yield _deliveries(store)
            yield _by("newsletter_subscribers", "Subscribers.", "status", store.subscribers.counts())
            yield _by("newsletter_bounces", "Bounces and complaints.", "kind", store.bounces.counts())
            yield _webhook_events(store)
            yield GaugeMetricFamily(
                "newsletter_suppressions", "Suppressed addresses.", sum(store.subscribers.count_suppressed())
            )
            yield GaugeMetricFamily("newsletter_papers", "Papers in the store.", store.papers.count())
            oldest = store.deliveries.oldest_open()
            age_s = max(0.0, (self._clock() - oldest).total_seconds()) if oldest else 0.0
            yield GaugeMetricFamily(
                "newsletter_oldest_open_delivery_seconds", "Age of the oldest open delivery.", age_s
            )


def _deliveries(store: Store) -> Metric:
    family = GaugeMetricFamily(
        "newsletter_deliveries", "Deliveries of the latest editions.", labels=("edition", "status")
    )
    for edition in store.editions.latest(_EDITIONS):
        for status, number in store.deliveries.counts(edition.key).items():
            family.add_metric((edition.key, status), number)
    return family


def _webhook_events(store: Store) -> Metric:
    family = CounterMetricFamily(
        "newsletter_webhook_events", "Events of email providers.", labels=("provider", "outcome")
    )
    for labels, number in store.webhook_events.counts().items():
        family.add_metric(labels, number)
    return family


def _by(name: str, help_text: str, label: str, counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=(label,))
    for value, number in counts.items():
        family.add_metric((value,), number)
    return family


class Metrics:
    """The metrics of one `newsletter serve` process."""

    def __init__(self, open_store: Callable[[], Store], clock: Callable[[], datetime]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_StoreCollector(open_store, clock))
        self._outcomes = Counter("newsletter_outcomes", "Delivery outcomes.", ("status",), registry=self.registry)
        self._runs = Counter("newsletter_runs", "Runs, by result.", ("result",), registry=self.registry)
        self._took = Gauge("newsletter_last_run_seconds", "Duration of the last run.", registry=self.registry)
        self._clean_at = Gauge(
            "newsletter_last_clean_run_timestamp_seconds", "When a run was last clean.", registry=self.registry
        )
        self._next_at = Gauge(
            "newsletter_next_run_timestamp_seconds", "When the next run begins.", registry=self.registry
        )

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

    def ran(self, report: DeliveryReport | None, seconds: float) -> None:
        """Record a run, and how long it took; None for a run without deliveries."""
        self._took.set(seconds)
        clean = report is not None and report.is_clean
        self._runs.labels("clean" if clean else "not clean").inc()
        if clean:
            self._clean_at.set_to_current_time()
        for status, number in (report.counts if report else {}).items():
            self._outcomes.labels(status).inc(number)

    def will_run(self, at: datetime) -> None:
        """Record when the next run begins."""
        self._next_at.set(at.timestamp())
