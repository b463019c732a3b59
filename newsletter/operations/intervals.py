"""How far apart things usually happen: pulls that bring papers, and runs. Pure arithmetic on moments.

Papers appear on weekdays, and most sources rest at weekends: their intervals leave Saturdays and Sundays (UTC) out, so
that no Monday looks like three days of silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
#: A Monday.
_EPOCH = datetime(1970, 1, 5, tzinfo=UTC)
#: So many intervals tell what is usual.
_ENOUGH = 3
#: Weekdays of a source of which too few intervals are known: once a week.
_UNKNOWN = 5 * _DAY
#: Runs that follow each other faster were started by hand, or retry.
_SHORTEST_RUN_INTERVAL = timedelta(hours=1)
#: What may be late before it is missed.
TOLERANCE = 3


def weekday_time(start: datetime, end: datetime) -> timedelta:
    """Return the time between two moments without that of Saturdays and Sundays."""
    return _weekdays_since_epoch(end) - _weekdays_since_epoch(start)


def usual_between_arrivals(arrivals: Sequence[datetime]) -> timedelta:
    """Return the usual weekday time between the days on which papers arrived, a day or more.

    `arrivals` holds the latest ones in any order. With fewer than four days it is five days, or the longest known.
    """
    by_day = sorted({moment.date(): moment for moment in sorted(arrivals, reverse=True)}.values())
    between = [weekday_time(first, then) for first, then in pairwise(by_day)]
    if len(between) < _ENOUGH:
        return max([_UNKNOWN, *between])
    return max(_DAY, _median(between))


def is_silent(arrivals: Sequence[datetime], first_pull: datetime, last_pull: datetime) -> bool:
    """Return whether a source that was pulled until now brought nothing new for three times its usual time."""
    since = max(arrivals, default=first_pull)
    return weekday_time(since, last_pull) > TOLERANCE * usual_between_arrivals(arrivals)


def usual_between_runs(began: Sequence[datetime]) -> timedelta | None:
    """Return the usual time between two runs, an hour or more; None if too few are known."""
    moments = sorted(began)
    between = [then - first for first, then in pairwise(moments)]
    return max(_SHORTEST_RUN_INTERVAL, _median(between)) if len(between) >= _ENOUGH else None


def overdue_at(began: Sequence[datetime]) -> datetime | None:
    """Return from when on the next run is overdue; None if too few runs are known."""
    usual = usual_between_runs(began)
    return max(began) + TOLERANCE * usual if usual is not None else None


def _median(durations: Sequence[timedelta]) -> timedelta:
    return sorted(durations)[len(durations) // 2]


def _weekdays_since_epoch(moment: datetime) -> timedelta:
    weeks, rest = divmod(moment - _EPOCH, _WEEK)
    return weeks * 5 * _DAY + min(rest, 5 * _DAY)
