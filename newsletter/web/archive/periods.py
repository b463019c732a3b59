"""Days, weeks and months, as addresses name them: 2026-05-08, 2026-W19, 2026-05."""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from newsletter.web.archive.cards import day_in_words

#: No paper is from before the first journal, nor from so far ahead.
_FIRST_YEAR, _LAST_YEAR = "1665", "2999"
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A day, a week from Monday on, or a month."""

    name: str
    first: date
    last: date

    @property
    def path(self) -> str:
        """Where its papers are."""
        return f"/archive/{self.name}"

    @property
    def words(self) -> str:
        """Return "8 May 2026", "4 May 2026 to 10 May 2026" or "May 2026"."""
        if self.first == self.last:
            return day_in_words(self.first)
        if "W" in self.name:
            return f"{day_in_words(self.first)} to {day_in_words(self.last)}"
        return day_in_words(self.first).partition(" ")[2]


def read_period(name: str) -> Period | None:
    """Return the period of a name, or None if there is none."""
    if not _FIRST_YEAR <= name[:4] <= _LAST_YEAR:
        return None
    with suppress(ValueError):
        if _DAY.fullmatch(name):
            return day_of(date.fromisoformat(name))
        if topic_counts := _WEEK.fullmatch(name):
            return week_of(date.fromisocalendar(int(topic_counts[1]), int(topic_counts[2]), 1))
        if month := _MONTH.fullmatch(name):
            return month_of(date(int(month[1]), int(month[2]), 1))
    return None


def day_of(day: date) -> Period:
    """Return a day as a period."""
    return Period(day.isoformat(), day, day)


def week_of(day: date) -> Period:
    """Return the week that a day is in (ISO 8601)."""
    year, topic_counts, weekday = day.isocalendar()
    first = day - timedelta(days=weekday - 1)
    return Period(f"{year:04}-W{topic_counts:02}", first, first + timedelta(days=6))


def month_of(day: date) -> Period:
    """Return the month that a day is in."""
    last = day.replace(day=monthrange(day.year, day.month)[1])
    return Period(f"{day.year:04}-{day.month:02}", day.replace(day=1), last)


def before(period: Period) -> Period:
    """Return the period of the same length before one."""
    return _same_kind(period, period.first - timedelta(days=1))


def after(period: Period) -> Period:
    """Return the period of the same length after one."""
    return _same_kind(period, period.last + timedelta(days=1))


def _same_kind(period: Period, day: date) -> Period:
    if period.first == period.last:
        return day_of(day)
    return week_of(day) if "W" in period.name else month_of(day)
