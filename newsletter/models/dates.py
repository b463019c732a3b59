"""Dates as they are stated: a day, or a month or a year alone, to which no day is invented."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A month, or a year alone."""

    year: int
    month: int | None = None

    @property
    def first(self) -> date:
        """The first day that it may be."""
        return date(self.year, self.month or 1, 1)

    @property
    def last(self) -> date:
        """The last day that it may be."""
        month = self.month or 12
        return date(self.year, month, monthrange(self.year, month)[1])

    def isoformat(self) -> str:
        """Return "2026" or "2026-05" (ISO 8601, reduced precision)."""
        return f"{self.year:04}" if self.month is None else f"{self.year:04}-{self.month:02}"

    def __str__(self) -> str:
        return self.isoformat()


#: A date as precise as it is stated.
StatedDate: TypeAlias = "date | PartialDate"


def stated_date(text: str) -> StatedDate:
    """Return the date of an ISO 8601 text: "2026-05-08", "2026-05" or "2026".

    Raises:
        ValueError: It is none of these.
    """
    if len(text) > 7:
        return date.fromisoformat(text)
    return PartialDate(int(text[:4]), int(text[5:]) if text[4:] else None)


def first_day(stated: StatedDate) -> date:
    """Return the first day that a date may be."""
    return stated.first if isinstance(stated, PartialDate) else stated


def last_day(stated: StatedDate) -> date:
    """Return the last day that a date may be."""
    return stated.last if isinstance(stated, PartialDate) else stated


def earlier(one: StatedDate, other: StatedDate) -> StatedDate:
    """Return the earlier of two dates by the last day that each may be, so that a day wins over its month and year."""
    return min(one, other, key=_order)


def _order(stated: StatedDate) -> tuple[date, int]:
    return last_day(stated), -len(stated.isoformat())
