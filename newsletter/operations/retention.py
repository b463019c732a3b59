"""Delete what is older than the settings say, while the site runs: a job of its own, or a step of `run`, once a day."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from newsletter.config.model import Config
from newsletter.sending import never
from newsletter.store import Store
from newsletter.store.pruning import Cutoffs, Pruned

#: A run takes no longer for it, and goes on the next time; the first time there may be a year of it.
BUDGET_S = 60.0
#: Others get the write lock for as long as a step took it, at most for this long.
_MAX_PAUSE_S = 0.1
_LAST = "retention_at"


@dataclass(frozen=True, slots=True)
class PruneReport:
    """How many rows were deleted, or would be."""

    digests: int = 0
    deliveries: int = 0
    events: int = 0
    #: Papers whose abstracts and summaries are deleted.
    papers: int = 0
    #: Days of the recovery log.
    recovery_days: int = 0
    is_complete: bool = True

    @property
    def has_deleted(self) -> bool:
        """Whether anything was."""
        return any(getattr(self, one.name) for one in fields(self) if one.name != "is_complete")


def cutoffs_of(config: Config, now: datetime) -> Cutoffs:
    """Return from before which moments what is deleted. A digest stays for as long as it may still be sent."""
    settings = config.retention
    unsent = timedelta(hours=config.delivery.max_age_hours) + timedelta(days=4)

    def before(days: int, least: timedelta = timedelta(0)) -> datetime | None:
        return now - max(timedelta(days=days), least) if days else None

    return Cutoffs(
        digests=before(settings.digests_days, unsent),
        deliveries=before(settings.deliveries_days, unsent),
        events=before(settings.events_days),
        papers=before(settings.papers_days),
    )


def preview_prune(store: Store, config: Config, now: datetime) -> PruneReport:
    """Count what `prune` would delete."""
    counts = store.pruning.count(cutoffs_of(config, now))
    return _report(counts)


def prune(
    store: Store, config: Config, now: datetime, *, is_over: Callable[[], bool] = never, pause_s: float = _MAX_PAUSE_S
) -> PruneReport:
    """Delete what is too old, in short transactions, until all is done or `is_over`.

    Raises:
        StoreError: The store cannot be written; what was deleted so far is.
    """
    counts, is_complete = dict.fromkeys(Pruned, 0), True
    began = time.monotonic()
    for kind, number in store.pruning.steps(cutoffs_of(config, now)):
        counts[kind] += number
        if is_over():
            is_complete = False
            break
        time.sleep(min(pause_s, time.monotonic() - began))
        began = time.monotonic()
    days = 0
    if is_complete:
        store.webhook_events.delete_expired(now)
        days = store.recovery_log.trim((now - timedelta(days=config.retention.recovery_days)).date())
        store.set_fact(_LAST, now.isoformat())
    return replace(_report(counts), recovery_days=days, is_complete=is_complete)


def _report(counts: Mapping[Pruned, int]) -> PruneReport:
    return PruneReport(counts[Pruned.DIGESTS], counts[Pruned.DELIVERIES], counts[Pruned.EVENTS], counts[Pruned.PAPERS])


def prune_daily(
    store: Store, config: Config, now: datetime, *, is_over: Callable[[], bool] = never, budget_s: float = BUDGET_S
) -> PruneReport | None:
    """Do what `prune` does, unless it was done today (UTC); None if it was. What takes long is continued the next time.

    Raises:
        StoreError: As `prune`.
    """
    last = store.fact(_LAST)
    if last is not None and datetime.fromisoformat(last).date() == now.date():
        return None
    end = time.monotonic() + budget_s
    return prune(store, config, now, is_over=lambda: is_over() or time.monotonic() > end)
