"""Days, weeks and months as URLs name them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.archive.periods import day_of, month_of, next_period, parse_period, previous_period, week_of

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2900, 1, 1))


@given(day=DAYS)
def test_periods_adjoin_without_gaps(day: date) -> None:
    for period in (day_of(day), week_of(day), month_of(day)):
        assert parse_period(period.name) == period
        assert period.first <= day <= period.last
        assert previous_period(period).last + timedelta(days=1) == period.first
        assert next_period(period).first - timedelta(days=1) == period.last
        assert next_period(previous_period(period)) == period


@given(name=st.text(max_size=12) | st.from_regex(r"[0-9]{4}-(W?[0-9]{2}|[0-9]{2}-[0-9]{2})", fullmatch=True))
def test_any_text_is_a_period_or_none(name: str) -> None:
    period = parse_period(name)
    assert period is None or period.name == name


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("2026-05-08", "8 May 2026"),
        ("2026-W19", "4 May 2026 to 10 May 2026"),
        ("2026-05", "May 2026"),
    ],
)
def test_a_period_has_a_label_for_people(name: str, label: str) -> None:
    period = parse_period(name)
    assert period is not None
    assert (period.label, period.path) == (label, f"/archive/{name}")
