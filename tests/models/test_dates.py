from __future__ import annotations

from datetime import UTC, date, datetime
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import PartialDate, StatedDate
from newsletter.models.dates import earlier, first_day, last_day, stated_date
from newsletter.papers.merge import begin
from newsletter.rendering.language import language
from newsletter.store import Store
from tests.factories import make_entry

STATED = st.dates(date(1900, 1, 1)) | st.builds(PartialDate, st.integers(1900, 2100), st.none() | st.integers(1, 12))


@given(STATED)
def test_a_date_is_read_as_it_is_written(day: StatedDate) -> None:
    assert stated_date(day.isoformat()) == day
    assert first_day(day) <= last_day(day)


@given(st.lists(STATED, min_size=2, max_size=4))
def test_the_earlier_of_dates_is_the_same_in_every_order(days: list[StatedDate]) -> None:
    assert len({reduce(earlier, order).isoformat() for order in permutations(days)}) == 1


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        (PartialDate(2026), date(2026, 5, 8), date(2026, 5, 8)),
        (PartialDate(2026), PartialDate(2026, 5), PartialDate(2026, 5)),
        (PartialDate(2026), date(2026, 12, 31), date(2026, 12, 31)),
        (PartialDate(2025), date(2026, 1, 5), PartialDate(2025)),
    ],
)
def test_a_day_wins_over_its_month_and_year(one: StatedDate, other: StatedDate, kept: StatedDate) -> None:
    assert earlier(one, other) == kept


def test_it_is_shown_as_precisely_as_it_is_stated() -> None:
    shown = [language("en").day(day) for day in (PartialDate(2026), PartialDate(2026, 5), date(2026, 5, 8))]
    assert shown == ["2026", "May 2026", "8 May 2026"]


SEEN = datetime(2026, 5, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("published", "day"),
    [
        (date(2026, 5, 6), date(2026, 5, 6)),
        (date(2027, 12, 1), date(2026, 5, 8)),  # to come: what was seen is public
        (PartialDate(2026), date(2026, 5, 8)),
        (PartialDate(2026, 2), date(2026, 2, 28)),
        (PartialDate(2024, 2), date(2024, 2, 29)),
        (PartialDate(2020), date(2020, 12, 31)),
        (None, date(2026, 5, 8)),
    ],
)
def test_a_list_is_led_by_no_day_to_come(published: StatedDate | None, day: date, store: Store) -> None:
    entry = make_entry(published=published, listed=None)
    store.papers.add(entry, SEEN)

    assert begin(entry, 1, SEEN).day == day
    assert store.archive.days(date(1900, 1, 1), date(2100, 1, 1)) == {day: 1}
