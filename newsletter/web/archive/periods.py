"""Days, weeks and months, named as in URLs: 2026-05-08, 2026-W19, 2026-05 (ISO 8601)."""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from newsletter.models import PartialDate
from newsletter.rendering.language import Language

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
    def is_day(self) -> bool:
        """Whether it is a single day."""
        return self.first == self.last

    def label(self, language: Language) -> str:
        """Return its name for people: "8 May 2026", "4–10 May 2026" or "May 2026"."""
        if self.is_day:
            return language.day(self.first)
        if "W" in self.name:
            return language.days(self.first, self.last)
        return language.day(PartialDate(self.first.year, self.first.month))


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


def alike(period: Period, day: date) -> Period:
    """Return the day, week or month that contains another day."""
    if period.is_day:
        return day_of(day)
    return week_of(day) if "W" in period.name else month_of(day)
