"""How far apart things usually happen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.operations.intervals import is_silent, overdue_at, usual_between_arrivals, weekday_time

MONDAY = datetime(2026, 5, 4, 7, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MOMENTS = st.integers(0, 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(MOMENTS, st.integers(0, 2000))
def test_weekday_time_is_the_time_of_each_hour_of_a_weekday(start: datetime, hours: int) -> None:
    start = start.replace(minute=0, second=0, microsecond=0)
    counted = sum((start + number * HOUR).weekday() < 5 for number in range(hours))
    assert weekday_time(start, start + hours * HOUR) == counted * HOUR


def test_a_source_that_rests_at_weekends_is_not_silent_on_monday() -> None:
    arrivals = [MONDAY + number * DAY for number in range(5)]  # to Friday
    assert usual_between_arrivals(arrivals) == DAY
    assert not is_silent(arrivals, MONDAY, MONDAY + 7 * DAY)
    assert not is_silent(arrivals, MONDAY, MONDAY + 9 * DAY)  # Wednesday, 3 weekdays
    assert is_silent(arrivals, MONDAY, MONDAY + 9 * DAY + HOUR)


def test_arrivals_within_a_day_count_once() -> None:
    arrivals = [MONDAY + number * DAY + hour * HOUR for number in range(5) for hour in range(12)]
    assert usual_between_arrivals(arrivals) == DAY


def test_a_source_of_which_little_is_known_has_three_weeks() -> None:
    assert not is_silent([], MONDAY, MONDAY + 21 * DAY)
    assert is_silent([], MONDAY, MONDAY + 21 * DAY + HOUR)
    weekly = [MONDAY + 14 * number * DAY for number in range(3)]
    assert not is_silent(weekly, MONDAY, weekly[-1] + 42 * DAY)


def test_a_run_is_overdue_after_three_times_the_usual_time() -> None:
    hourly = [MONDAY + number * HOUR for number in range(9)]
    assert overdue_at(hourly) == hourly[-1] + 3 * HOUR
    assert overdue_at(hourly[:3]) is None
    by_hand = [MONDAY + timedelta(minutes=number) for number in range(9)]
    assert overdue_at(by_hand) == by_hand[-1] + 3 * HOUR
    daily_on_weekdays = [MONDAY + number * DAY for number in (0, 1, 2, 3, 4)]
    assert overdue_at(daily_on_weekdays) == MONDAY + 7 * DAY
