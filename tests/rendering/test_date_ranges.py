from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Cadence
from newsletter.models.languages import LANGUAGES
from newsletter.rendering.date_ranges import usual_first_day
from newsletter.rendering.language import language

MAY = (date(2026, 5, 2), date(2026, 5, 8))
FIRST_OF_MAY = (date(2026, 5, 1), date(2026, 5, 7))
MONTHS = (date(2026, 4, 29), date(2026, 5, 1))
YEARS = (date(2025, 12, 29), date(2026, 1, 4))


@pytest.mark.parametrize(
    ("code", "ranges"),
    [
        ("en", ["2–8 May 2026", "1–7 May 2026", "29 April – 1 May 2026", "29 December 2025 – 4 January 2026"]),
        ("de", ["2.–8. Mai 2026", "1.–7. Mai 2026", "29. April – 1. Mai 2026", "29. Dezember 2025 – 4. Januar 2026"]),
        ("fr", ["2–8 mai 2026", "1er–7 mai 2026", "29 avril – 1er mai 2026", "29 décembre 2025 – 4 janvier 2026"]),
        (
            "es",
            [
                "2–8 de mayo de 2026", "1–7 de mayo de 2026", "29 de abril – 1 de mayo de 2026",
                "29 de diciembre de 2025 – 4 de enero de 2026",
            ],
        ),
        ("ja", ["2026年5月2日～8日", "2026年5月1日～7日", "2026年4月29日～5月1日", "2025年12月29日～2026年1月4日"]),
        (
            "pt",
            [
                "2 a 8 de maio de 2026", "1º a 7 de maio de 2026", "29 de abril a 1º de maio de 2026",
                "29 de dezembro de 2025 a 4 de janeiro de 2026",
            ],
        ),
        ("zh", ["2026年5月2日至8日", "2026年5月1日至7日", "2026年4月29日至5月1日", "2025年12月29日至2026年1月4日"]),
    ],
)  # fmt: skip
def test_each_language_writes_ranges_its_own_way(code: str, ranges: list[str]) -> None:
    assert [language(code).days(*span) for span in (MAY, FIRST_OF_MAY, MONTHS, YEARS)] == ranges


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_ranges_and_says_a_single_day_with_its_weekday(code: str) -> None:
    assert "2026" in language(code).days(*MAY)
    assert language(code).days(MAY[1], MAY[1]) == language(code).heading(language(code).day_of_week(MAY[1]))


@given(st.dates(date(2020, 1, 31), date(2030, 12, 31)))
def test_editions_of_a_cadence_that_come_on_time_name_every_day_once(last: date) -> None:
    assert usual_first_day(Cadence.DAILY, last) == last
    assert usual_first_day(Cadence.WEEKLY, last) == last - timedelta(days=6)
    if last.day <= 28:  # as monthly editions are
        before = usual_first_day(Cadence.MONTHLY, last) - timedelta(days=1)
        assert (before.day, last.month - before.month in (1, -11)) == (last.day, True)


@pytest.mark.parametrize(
    ("last", "first"),
    [
        (date(2026, 5, 8), date(2026, 4, 9)), (date(2026, 10, 31), date(2026, 10, 1)),
        (date(2026, 3, 30), date(2026, 3, 1)), (date(2027, 1, 31), date(2027, 1, 1)),
    ],
)  # fmt: skip
def test_a_month_may_end_on_any_day(last: date, first: date) -> None:
    assert usual_first_day(Cadence.MONTHLY, last) == first
