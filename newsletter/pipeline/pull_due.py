"""Which sources are due, and for which days: configured sources → pulls, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from newsletter.config.model import Config
from newsletter.errors import ConfigError
from newsletter.limits.deadlines import call_within
from newsletter.models import PullReport
from newsletter.pipeline.ports import Ports, Step
from newsletter.pipeline.pull import pull_days
from newsletter.pipeline.short_dois import resolve_short_dois
from newsletter.pipeline.source_schedule import not_before, read_state
from newsletter.sources import HttpClient, Source, Span
from newsletter.sources.settings import label_of
from newsletter.store import Store

#: How many days the first pull of a source covers, and the longest gap that a later pull fills.
FIRST_DAYS = 2
MAX_GAP_DAYS = 31


def pull_sources(
    config: Config, ports: Ports, sources: Sequence[Source], span: Span | None = None, *, rehearse: bool = False
) -> list[PullReport]:
    """Pull each source for `span`, or for the days since its last success; a shutdown leaves the remaining ones out.

    Raises:
        StoreError: The store cannot be written.
    """
    reports = []
    with ports.open_store() as store, HttpClient(config.sender.reply_to) as client:
        for source in sources:
            if ports.is_shutting_down():
                break
            label, now = label_of(source), ports.clock()
            days = span or span_to_pull(store.pulls.last_success(label), now.date())
            with ports.show_progress(Step.PULL, label) as watch:
                report = pull_days(store, source, days, now, client, watch, rehearse=rehearse, clock=ports.clock)
                reports.append(report)
        if not rehearse and any(report.error is None for report in reports):  # so there is a network
            resolve_short_dois(store, client, ports.clock(), ports.is_shutting_down)
    return reports


def pull_configured(
    config: Config, ports: Ports, *, rehearse: bool = False, at_least: timedelta = timedelta(0)
) -> list[PullReport]:
    """Pull the configured sources, except those that are not due yet, by `min_interval_hours` or a time of their own.

    None is asked again within `at_least`, be it that the last pull failed.

    Raises:
        ConfigError: No source is configured.
        StoreError: The store cannot be written.
    """
    sources = configured_sources(config)
    with ports.open_store() as store:
        due_at = {source: not_before(read_state(store, config.timings, source), ports.clock()) for source in sources}
        due_at = {source: due or _too_soon(store, source, at_least, ports.clock()) for source, due in due_at.items()}
    pulled = iter(pull_sources(config, ports, [one for one in sources if due_at[one] is None], rehearse=rehearse))
    reports = []
    for source, moment in due_at.items():
        report = next(pulled, None) if moment is None else PullReport(label_of(source), not_before=moment)
        reports += [report] if report else []
    return reports


def _too_soon(store: Store, source: Source, at_least: timedelta, now: datetime) -> datetime | None:
    """Return when a source may be asked again, or None if that is now; a clock that was set back forbids nothing."""
    last = store.pulls.last(label_of(source))
    return last[0] + at_least if last is not None and last[0] <= now < last[0] + at_least else None


def pull_within(seconds: float, config: Config, ports: Ports) -> list[PullReport]:
    """Pull the configured sources that are due, for so long at most; what was stored until then stays.

    Raises:
        TimeoutError: It took longer; the pull ends before its next source.
        ConfigError: No source is configured.
        StoreError: The store cannot be written.
    """
    is_late = False
    limited = replace(ports, is_shutting_down=lambda: is_late or ports.is_shutting_down())
    try:
        return call_within(seconds, lambda: pull_configured(config, limited))
    except TimeoutError:
        is_late = True
        raise


def configured_sources(config: Config) -> Sequence[Source]:
    """Return the sources of the settings.

    Raises:
        ConfigError: There is none.
    """
    if not config.sources:
        raise ConfigError(
            f"{config.site.config}: no [[sources]]",
            hint="add one, or pull a file: newsletter pull page saved.txt",
        )
    return config.sources


def span_to_pull(last_success: date | None, today: date) -> Span:
    """Return the days to request: from the last successful day to today, at most `MAX_GAP_DAYS`.

    The last day is requested again, because a list still grows on its own day.
    """
    first = last_success or today - timedelta(days=FIRST_DAYS - 1)
    return Span(max(min(first, today), today - timedelta(days=MAX_GAP_DAYS - 1)), today)
