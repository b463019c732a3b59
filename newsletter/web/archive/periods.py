"""Days, weeks and months, named as in URLs: 2026-05-08, 2026-W19, 2026-05 (ISO 8601)."""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from newsletter.web.archive.cards import format_day

#: From the first scientific journal on; the limit also keeps date arithmetic in range.
_FIRST_YEAR, _LAST_YEAR = "1665", "2999"
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A day, a week (from Monday) or a month."""

    name: str
    first: date
    last: date

    @property
    def path(self) -> str:
        """The path of the page of its papers, without the site's prefix."""
        return f"/archive/{self.name}"

    @property
    def label(self) -> str:
        """Its name for people: "8 May 2026", "4 May 2026 to 10 May 2026" or "May 2026"."""
        if self.first == self.last:
            return format_day(self.first)
        if "W" in self.name:
            return f"{format_day(self.first)} to {format_day(self.last)}"
        return format_day(self.first).partition(" ")[2]


def parse_period(name: str) -> Period | None:
    """Parse a period's name; return None if it is malformed or out of range."""
    if not _FIRST_YEAR <= name[:4] <= _LAST_YEAR:
        return None
    with suppress(ValueError):
        if _DAY.fullmatch(name):
            return day_of(date.fromisoformat(name))
        if week := _WEEK.fullmatch(name):
            return week_of(date.fromisocalendar(int(week[1]), int(week[2]), 1))
        if month := _MONTH.fullmatch(name):
            return month_of(date(int(month[1]), int(month[2]), 1))
    return None


def day_of(day: date) -> Period:
    """Return a day as a period."""
    return Period(day.isoformat(), day, day)


def week_of(day: date) -> Period:
    """Return the ISO 8601 week that contains a day."""
    year, week, weekday = day.isocalendar()
    first = day - timedelta(days=weekday - 1)
    return Period(f"{year:04}-W{week:02}", first, first + timedelta(days=6))


def month_of(day: date) -> Period:
    """Return the month that contains a day."""
    last = day.replace(day=monthrange(day.year, day.month)[1])
    return Period(f"{day.year:04}-{day.month:02}", day.replace(day=1), last)


def previous_period(period: Period) -> Period:
    """Return the day, week or month before."""
    return _same_kind(period, period.first - timedelta(days=1))


def next_period(period: Period) -> Period:
    """Return the day, week or month after."""
    return _same_kind(period, period.last + timedelta(days=1))


def _same_kind(period: Period, day: date) -> Period:
    if period.first == period.last:
        return day_of(day)
    return week_of(day) if "W" in period.name else month_of(day)
