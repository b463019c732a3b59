"""The chart of the number of subscribers."""

from __future__ import annotations

from datetime import date, timedelta

from newsletter.models import Status
from newsletter.store import Store
from newsletter.web.operator_chart import DAYS, make_chart, read_chart
from tests.factories import NOW, make_profile

FIRST = date(2026, 3, 1)


def test_a_day_has_the_number_before_the_changes_since() -> None:
    counts = {"active": 3, "paused": 1, "unsubscribed": 9}
    chart = make_chart(counts, {FIRST + timedelta(days=DAYS - 1): (2, 1), FIRST: (5, 0)}, FIRST)
    heights = [float(point.split(",")[1]) for point in chart.points.split()]
    assert (len(heights), chart.today, chart.peak) == (DAYS, 4, 4)
    assert (heights[0], heights[-2], heights[-1]) == (28.0, 28.0, 4.0)


def test_without_subscribers_it_is_a_line_at_the_bottom() -> None:
    chart = make_chart({}, {}, FIRST)
    assert (chart.today, chart.peak) == (0, 1)
    assert {point.split(",")[1] for point in chart.points.split()} == {"100.0"}


def test_it_is_read_from_the_store(store: Store) -> None:
    store.subscribers.add("ada@example.org", "", make_profile(), "cli", NOW)
    gone = store.subscribers.add("bob@example.org", "", make_profile(), "cli", NOW - timedelta(days=10))
    store.subscribers.set_status(gone.id, Status.UNSUBSCRIBED, NOW)
    chart = read_chart(store, store.subscribers.counts(), NOW.date())
    assert (chart.today, chart.peak) == (1, 1)
