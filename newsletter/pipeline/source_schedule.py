"""When a source is pulled next, and what an edition waits for: pure arithmetic on what is known of the sources."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.config.cron import next_run
from newsletter.config.model import Config
from newsletter.config.timing import SourceTiming
from newsletter.sources import Source
from newsletter.sources.publication import Publication
from newsletter.sources.settings import label_of
from newsletter.store import Store

#: After a failure, a source is asked again so much later, unless it is due sooner.
RETRY = timedelta(minutes=30)
#: A source whose list of the day is late is asked again so much later, for so long.
ASK_AGAIN, ASK_FOR = timedelta(minutes=15), timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is known of one source."""

    label: str
    timing: SourceTiming
    #: When it publishes its lists, if that is known.
    publication: Publication | None = None
    #: The least time between two successful pulls.
    min_interval: timedelta = timedelta(0)
    #: When it was last pulled, and whether that succeeded.
    last_at: datetime | None = None
    has_succeeded: bool = True
    #: When a pull last brought papers that were not known.
    last_new_at: datetime | None = None
    rate_limited_until: datetime | None = None

    @property
    def has_own_time(self) -> bool:
        """Whether the settings of this source say when it is pulled."""
        return self.timing.cron is not None or self.timing.interval_minutes > 0


@dataclass(frozen=True, slots=True)
class Wait:
    """What an edition waits for."""

    labels: tuple[str, ...]
    #: It goes out then, whatever it has.
    until: datetime

    def __str__(self) -> str:
        """In words, for reports."""
        return f"waiting for today's list of {', '.join(self.labels)}, until {self.until:%H:%M} UTC at the latest"


@dataclass(frozen=True, slots=True)
class Patience:
    """For what editions wait, and how long at most."""

    states: Sequence[SourceState] = ()
    limit: timedelta = timedelta(0)

    def wait(self, due_at: datetime, closes_at: datetime, now: datetime) -> Wait | None:
        """Return what an edition still waits for, at most until its slot closes; None if it goes out now."""
        return wait_for_sources(due_at, now, self.states, min(self.limit, closes_at - due_at))


#: Editions that go out at their hour, with the papers there are.
NO_PATIENCE = Patience()


def read_state(store: Store, timings: Mapping[str, SourceTiming], source: Source) -> SourceState:
    """Return what the store and the settings know of a source."""
    label = label_of(source)
    last = store.pulls.last(label)
    return SourceState(
        label=label,
        timing=timings.get(label, SourceTiming()),
        publication=getattr(source, "publication", None),
        min_interval=timedelta(hours=getattr(source, "min_interval_hours", 0)),
        last_at=last[0] if last else None,
        has_succeeded=last is None or last[1] is None,
        last_new_at=store.pulls.last_new_at(label),
        rate_limited_until=store.pulls.rate_limited_until(label),
    )


def next_pull(state: SourceState, default_cron: str, now: datetime) -> datetime:
    """Return when a source is to be pulled; a moment that has passed means now.

    Its own crontab line or interval decides; else `default_cron` does, and besides, its list of the day is fetched
    as soon as it is published. No request is made while the source has a rate limit, nor sooner than its minimum
    interval after the last success, unless for the list of the day.
    """
    if state.last_at is None:
        return max(now, state.rate_limited_until or now)
    last = min(state.last_at, now)  # it is later where the clock was ahead
    due = _earliest(state, last)
    if not state.has_own_time:
        due = _or_list(state, last, next_run(default_cron, due))
    due += _jitter(state, due)
    if not state.has_succeeded:
        due = min(due, last + RETRY)
    return max(due, state.rate_limited_until) if state.rate_limited_until else due


def not_before(state: SourceState, now: datetime) -> datetime | None:
    """Return when a source may be pulled again, or None if it may be pulled now: for `run`, at whatever time it comes.

    What is left out of it are the settings of `serve`: `default_cron` and the jitter.
    """
    if state.last_at is None or not state.has_succeeded:
        return None
    last = min(state.last_at, now)
    due = _earliest(state, last)
    if not state.has_own_time:
        due = _or_list(state, last, due)
    return due if due > now else None


def _earliest(state: SourceState, last: datetime) -> datetime:
    """Return the first moment that the source's own time allows, and its minimum interval after a success."""
    least = last + state.min_interval if state.has_succeeded else last
    if state.timing.cron is not None:
        return max(next_run(state.timing.cron, last), least)
    return max(last + timedelta(minutes=state.timing.interval_minutes), least)


def _or_list(state: SourceState, last: datetime, due: datetime) -> datetime:
    return due if state.publication is None else min(due, _next_list(state, state.publication, last))


def _next_list(state: SourceState, publication: Publication, last: datetime) -> datetime:
    """Return when to ask for the next list: when it is published, or again while the latest is late."""
    latest = publication.latest(last)
    is_late = state.last_new_at is not None and state.last_new_at < latest and last - latest < ASK_FOR
    following = publication.following(last)
    return min(last + ASK_AGAIN, following) if is_late else following


def _jitter(state: SourceState, due: datetime) -> timedelta:
    """Return what is added to a time: the same for the same source and time, so that it can be shown beforehand."""
    seconds = random.Random(f"{state.label} {due.isoformat()}").uniform(0, state.timing.jitter_minutes * 60)  # noqa: S311
    return timedelta(seconds=round(seconds))


def wait_for_sources(
    due_at: datetime, now: datetime, states: Iterable[SourceState], patience: timedelta
) -> Wait | None:
    """Return what an edition that has been due since `due_at` still waits for, or None if it goes out now.

    It waits for sources that publish a list a day and have not brought the latest one that is out by the deadline,
    `patience` after `due_at`. On weekends and holidays there is none, and a source that never brought a paper is not
    waited for.
    """
    until = due_at + patience
    if now >= until:
        return None
    missing = tuple(one.label for one in states if _lacks_list(one, due_at, until))
    return Wait(missing, until) if missing else None


def _lacks_list(state: SourceState, due_at: datetime, until: datetime) -> bool:
    if state.publication is None or state.last_new_at is None:
        return False
    latest = state.publication.latest(until)
    return latest > due_at - timedelta(days=1) and state.last_new_at < latest


def read_patience(store: Store, config: Config) -> Patience:
    """Return for what the editions of a site wait: the configured sources that publish lists."""
    states = [read_state(store, config.timings, source) for source in config.sources]
    listing = [one for one in states if one.publication is not None]
    return Patience(listing, timedelta(minutes=config.wait_minutes)) if listing else NO_PATIENCE
