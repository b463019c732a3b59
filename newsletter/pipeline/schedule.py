"""When an edition is due, and which one: pure arithmetic on clocks and calendars.

A subscriber's edition is due from their hour on, in their time zone, on their day. The latest such moment before now
counts: an edition missed while the machine slept is sent late, never twice, and a new subscriber's first edition
arrives with the next run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.models import Cadence, Profile

#: How far back the first edition of a cadence reaches; the limits on papers keep it short.
FIRST_WINDOW = {
    Cadence.DAILY: timedelta(days=7),
    Cadence.WEEKDAYS: timedelta(days=7),
    Cadence.WEEKLY: timedelta(days=7),
    Cadence.MONTHLY: timedelta(days=31),
}


@dataclass(frozen=True, slots=True)
class Due:
    """The edition a subscriber should have by now."""

    key: str
    day: date
    #: When the next edition is due, in UTC.
    next_at: datetime


def due_edition(profile: Profile, now: datetime) -> Due:
    """Return the latest edition that is due for a profile."""
    zone = ZoneInfo(profile.time_zone)
    today = now.astimezone(zone).date()
    days = (today - timedelta(days=back) for back in range(63))
    day = next(day for day in days if _is_edition_day(day, profile) and _moment(day, profile, zone) <= now)
    coming = (day + timedelta(days=ahead) for ahead in range(1, 63))
    next_day = next(day for day in coming if _is_edition_day(day, profile))
    return Due(f"{profile.cadence.value}-{day.isoformat()}", day, _moment(next_day, profile, zone))


def _is_edition_day(day: date, profile: Profile) -> bool:
    match profile.cadence:
        case Cadence.DAILY:
            return True
        case Cadence.WEEKDAYS:
            return day.weekday() < 5
        case Cadence.WEEKLY:
            return day.weekday() == profile.weekday
        case Cadence.MONTHLY:
            return day.day == profile.month_day


def _moment(day: date, profile: Profile, zone: ZoneInfo) -> datetime:
    """Return when a day's edition is due, in UTC. An hour that a change of clocks skips counts as the next one."""
    return datetime.combine(day, time(profile.hour), tzinfo=zone).astimezone(UTC)
