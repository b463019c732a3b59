"""Whether sources are well: their last pull, when they last brought something new, and whether that is too long ago."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.config.model import Config
from newsletter.operations.intervals import is_silent, usual_between_arrivals
from newsletter.pipeline.source_schedule import not_before, read_state
from newsletter.sources import Source
from newsletter.sources.settings import label_of
from newsletter.store import Store

#: Pulls that brought papers that are looked at: two weeks of a source that brings some every two hours.
_ARRIVALS = 200


class Health(StrEnum):
    """How a source is."""

    OK = "ok"
    #: It was never pulled.
    NEW = "never pulled"
    #: It asked to be left alone for a time that is not over.
    RATE_LIMITED = "rate limited"
    #: The last pull failed.
    FAILING = "failing"
    #: It brought nothing new for three times its usual time.
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """What is known of one source."""

    label: str
    health: Health
    last_pull_at: datetime | None = None
    #: Why the last pull failed, or None.
    error: str | None = None
    #: Papers of the last pull.
    fetched: int = 0
    new: int = 0
    #: When a pull last brought new papers.
    last_new_at: datetime | None = None
    #: The usual time between two days with new papers, in seconds and without weekends.
    usual_s: int | None = None
    #: When it may be pulled again, if not now.
    not_before: datetime | None = None


def source_statuses(store: Store, config: Config, now: datetime) -> tuple[SourceStatus, ...]:
    """Return the status of each configured source, in their order."""
    return tuple(_status(store, config, source, now) for source in config.sources)


def _status(store: Store, config: Config, source: Source, now: datetime) -> SourceStatus:
    label = label_of(source)
    last, first = store.pulls.last(label), store.pulls.first(label)
    if last is None or first is None:
        return SourceStatus(label=label, health=Health.NEW)
    last_pull_at, error = last
    arrivals = store.pulls.arrivals(label, _ARRIVALS)
    limited_until = store.pulls.rate_limited_until(label)
    numbers = store.pulls.last_numbers(label)
    waits_until = not_before(read_state(store, config.timings, source), now)
    return SourceStatus(
        label=label,
        health=_health(arrivals, first, last_pull_at, error, is_limited=bool(limited_until and limited_until > now)),
        last_pull_at=last_pull_at,
        error=error,
        fetched=numbers["fetched"],
        new=numbers["new"],
        last_new_at=arrivals[0] if arrivals else None,
        usual_s=_seconds(usual_between_arrivals(arrivals)),
        not_before=max((one for one in (limited_until, waits_until) if one and one > now), default=None),
    )


def _health(
    arrivals: Sequence[datetime], first: datetime, last: datetime, error: str | None, *, is_limited: bool
) -> Health:
    if is_silent(arrivals, first, last):
        return Health.SILENT
    if is_limited:
        return Health.RATE_LIMITED
    return Health.FAILING if error is not None else Health.OK


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
