"""Ranges of days, as each language writes them: "2–8 May 2026", "1er–7 mai 2026", "2026年5月2日至8日".

The patterns are our own. CLDR's change from version to version of Babel, and have thin spaces that some mail clients
cannot show, bare dashes between Chinese dates, and no "1er" in French.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from babel import Locale

from newsletter.models import Cadence


@dataclass(frozen=True, slots=True)
class _Patterns:
    """How a language writes ranges, from {a} {m} {y} to {b} {n} {z}; {k} and {l} are the months as numbers."""

    within_month: str
    within_year: str
    over_years: str
    #: How the first day of a month is written, and every other one.
    first: str = "1"
    day: str = "{}"


_PATTERNS = {
    "en": _Patterns("{a}–{b} {n} {z}", "{a} {m} – {b} {n} {z}", "{a} {m} {y} – {b} {n} {z}"),
    "de": _Patterns("{a}–{b} {n} {z}", "{a} {m} – {b} {n} {z}", "{a} {m} {y} – {b} {n} {z}", "1.", "{}."),
    "es": _Patterns(
        "{a}–{b} de {n} de {z}", "{a} de {m} – {b} de {n} de {z}", "{a} de {m} de {y} – {b} de {n} de {z}"
    ),
    "fr": _Patterns("{a}–{b} {n} {z}", "{a} {m} – {b} {n} {z}", "{a} {m} {y} – {b} {n} {z}", "1er"),
    "ja": _Patterns("{z}年{l}月{a}日～{b}日", "{z}年{k}月{a}日～{l}月{b}日", "{y}年{k}月{a}日～{z}年{l}月{b}日"),
    "pt": _Patterns(
        "{a} a {b} de {n} de {z}", "{a} de {m} a {b} de {n} de {z}", "{a} de {m} de {y} a {b} de {n} de {z}", "1º"
    ),
    "zh": _Patterns("{z}年{l}月{a}日至{b}日", "{z}年{k}月{a}日至{l}月{b}日", "{y}年{k}月{a}日至{z}年{l}月{b}日"),
}  # fmt: skip


def format_range(first: date, last: date, code: str, locale: Locale) -> str:
    """Format the days from `first` to `last`, which is a later one, in the language of a code."""
    patterns = _PATTERNS[code]
    months = locale.months["format"]["wide"]
    if first.year != last.year:
        pattern = patterns.over_years
    else:
        pattern = patterns.within_month if first.month == last.month else patterns.within_year
    a, b = (patterns.first if day.day == 1 else patterns.day.format(day.day) for day in (first, last))
    return pattern.format(
        a=a, b=b, m=months[first.month], n=months[last.month], k=first.month, l=last.month, y=first.year, z=last.year
    )  # fmt: skip


def usual_first_day(cadence: Cadence, last: date) -> date:
    """Return the first day that an edition of a cadence covers if the one before came on time."""
    if cadence is Cadence.WEEKLY:
        return last - timedelta(days=6)
    if cadence is Cadence.MONTHLY:
        end_of_previous = last.replace(day=1) - timedelta(days=1)
        return end_of_previous.replace(day=min(last.day, end_of_previous.day)) + timedelta(days=1)
    return last
