"""The number of subscribers over the last days, as a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from newsletter.models import Status
from newsletter.store import Store

DAYS = 90


@dataclass(frozen=True, slots=True)
class Chart:
    """A line chart of the number of subscribers."""

    #: The points of an SVG polyline in a box of 600 by 100.
    points: str
    peak: int
    today: int


def read_chart(store: Store, counts: Mapping[str, int], today: date) -> Chart:
    """Return the chart of the days until `today`; `counts` are the numbers of subscribers by status."""
    first = today - timedelta(days=DAYS - 1)
    return make_chart(counts, store.subscribers.daily_changes(first), first)


def make_chart(counts: Mapping[str, int], changes: Mapping[date, tuple[int, int]], first: date) -> Chart:
    """Chart the number of subscribers of each day from `first` on: today's, minus the changes since, going back.

    `changes` maps a day to how many people subscribed and how many unsubscribed.
    """
    today = sum(number for status, number in counts.items() if status != Status.UNSUBSCRIBED)
    numbers = [today]
    for day in reversed(range(1, DAYS)):
        subscribed, unsubscribed = changes.get(first + timedelta(days=day), (0, 0))
        numbers.append(numbers[-1] - subscribed + unsubscribed)
    numbers.reverse()
    peak = max(*numbers, 1)
    step = 600 / (DAYS - 1)
    points = (f"{day * step:.1f},{100 - number * 96 / peak:.1f}" for day, number in enumerate(numbers))
    return Chart(" ".join(points), peak, today)
