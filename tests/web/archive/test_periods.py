"""Days, weeks and months as URLs name them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.language import language
from newsletter.web.archive.periods import alike, day_of, month_of, parse_period, week_of

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2900, 1, 1))


@given(day=DAYS)
def test_periods_adjoin_without_gaps(day: date) -> None:
    for period in (day_of(day), week_of(day), month_of(day)):
        assert parse_period(period.name) == period
        assert period.first <= day <= period.last
        before, after = (
            alike(period, one) for one in (period.first - timedelta(days=1), period.last + timedelta(days=1))
        )
        assert before.last + timedelta(days=1) == period.first
        assert after.first - timedelta(days=1) == period.last
        assert alike(before, day) == period


@given(name=st.text(max_size=12) | st.from_regex(r"[0-9]{4}-(W?[0-9]{2}|[0-9]{2}-[0-9]{2})", fullmatch=True))
def test_any_text_is_a_period_or_none(name: str) -> None:
    period = parse_period(name)
    assert period is None or period.name == name


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("2026-05-08", "8 May 2026"),
        ("2026-W19", "4–10 May 2026"),
        ("2026-05", "May 2026"),
    ],
)
def test_a_period_has_a_label_for_people(name: str, label: str) -> None:
    period = parse_period(name)
    assert period is not None
    assert (period.label(language("en")), period.path) == (label, f"/archive/{name}")
