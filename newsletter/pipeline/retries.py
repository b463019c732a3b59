"""Retries of deferred messages at their own time, for a run that may wait for them.

run → deferred until 10:07 → wait → 10:07: deliver these → deferred until 10:15 → … until the deadline
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from newsletter.config.model import Config
from newsletter.models import DeliveryStatus
from newsletter.pipeline.outcomes import DeliveryReport, OutcomeStatus
from newsletter.pipeline.ports import Ports
from newsletter.pipeline.run import deliver_due

#: More are left to the next run: so many deferred messages mean that a server is down.
_MAX_RETRIED = 1000


def next_attempt(ports: Ports) -> datetime | None:
    """Return when the first deferred message is to be tried again, or None if there is none.

    Raises:
        StoreError: The store cannot be read.
    """
    with ports.open_store() as store:
        return store.deliveries.next_attempt()


def retry_until(
    config: Config, ports: Ports, report: DeliveryReport, deadline: datetime, wait: Callable[[float], object]
) -> DeliveryReport:
    """Try deferred messages again, each at its time, until the deadline; return the report with what became of them.

    Args:
        config: The settings.
        ports: The outside of the run.
        report: What was delivered before.
        deadline: What is to be tried later is left to the next run.
        wait: Waits for so many seconds, or until a shutdown is requested.

    Raises:
        NewsletterError: See `deliver_due`.
    """
    while report.error is None and report.counts[OutcomeStatus.DEFERRED] and not ports.is_shutting_down():
        due = next_attempt(ports)
        if due is None or due > deadline:
            break
        wait(max(0.0, (due - ports.clock()).total_seconds()))
        if ports.is_shutting_down():
            break
        if emails := _due(ports):
            report = report.followed_by(deliver_due(config, ports, only=emails))
        elif due <= ports.clock():
            break  # what is due is not ours to retry: its subscriber cannot be read
    return report


def _due(ports: Ports) -> list[str]:
    """Return the addresses whose deferred messages are due."""
    now = ports.clock()
    with ports.open_store() as store:
        deferred = store.deliveries.with_status([DeliveryStatus.DEFERRED], None, _MAX_RETRIED)
        ids = {one.subscriber_id for one in deferred if one.next_attempt_at is None or one.next_attempt_at <= now}
        found = store.subscribers.get_many(ids, unreadable=lambda _key, _error: None)
        return [subscriber.email for subscriber in found.values()]
