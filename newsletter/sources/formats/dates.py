"""Dates as people and programs write them, complete or partial."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from newsletter.models import StatedDate
from newsletter.sources.formats import values

#: Year, month and day; after the first None all are None.
_PartialDate: TypeAlias = tuple[int | None, int | None, int | None]
_UNKNOWN: _PartialDate = (None, None, None)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# "2026", "2026-05", "2026/05/08/", "2026/05//spring", "2026-05-08T10:00:00Z".
_YEAR_FIRST = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?(?:[-/.](\d{1,2}))?(?![\d-])", re.ASCII)
_WORD = re.compile(r"[A-Za-z]+|\d+", re.ASCII)
# In characters; longer text is not a date.
_MAX_LENGTH = 60


def published(facts: Mapping[str, Any]) -> StatedDate | None:
    """Return the most precise date of a record: of "published", of "date", or of "year", "month" and "day".

    A month or a year alone stays one.
    """
    candidates = [_partial_date(facts[fact]) for fact in ("published", "date") if fact in facts]
    if "year" in facts:
        candidates.append(_year_month_day(facts))
    # The sort is stable: the first of two equally precise dates wins.
    found = (values.stated(*numbers) for numbers in sorted(candidates, key=lambda one: one.count(None)))
    return next((day for day in found if day), None)


def _year_month_day(facts: Mapping[str, Any]) -> _PartialDate:
    year, month, day = _partial_date(facts["year"])  # RIS may have the whole date in its year
    if month is None:
        month, day = _month_and_day(facts.get("month"))
    alone = facts.get("day")
    if month is not None and day is None and isinstance(alone, str | int):
        digits = str(alone).strip() if not isinstance(alone, int) or alone < 100 else ""
        day = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 2 else None
    return year, month, day


def _partial_date(value: Any) -> _PartialDate:
    """Parse a date, as far as it is stated."""
    if isinstance(value, dict):  # CSL: {"date-parts": [[2026, 5, 8]]}, {"raw": "May 2026"}
        parts = value.get("date-parts")
        if isinstance(parts, list) and parts and isinstance(parts[0], list):
            value = "-".join(str(part) for part in parts[0][:3] if isinstance(part, str) or values.count(part))
        else:
            value = value.get("raw") or value.get("literal")
    if isinstance(value, int) and not isinstance(value, bool):
        return (value, None, None) if 1000 <= value <= 9999 else _UNKNOWN
    if not isinstance(value, str):
        return _UNKNOWN
    text = value.strip()[:_MAX_LENGTH]
    if match := _YEAR_FIRST.match(text):
        year, month, day = (int(part) or None if part else None for part in match.groups())
        if month is None:  # "2016 May 8"; biblatex's seasons are months from 21 on
            return (year, *_month_and_day(text[match.end() :]))
        return (year, month, day) if month <= 12 else (year, None, None)
    if found := values.day(text):
        return found.year, found.month, found.day
    years = [int(word) for word in _WORD.findall(text) if len(word) == 4 and word.isdecimal()]
    return (years[-1], *_month_and_day(text)) if years else _UNKNOWN


def _month_and_day(value: Any) -> tuple[int | None, int | None]:
    """Parse "May", "5", "8 May" or "May 8, 2026"; two months ("May-June") give neither."""
    if isinstance(value, int):
        return (value, None) if 1 <= value <= 12 else (None, None)
    words = [word.lower() for word in _WORD.findall(value[:_MAX_LENGTH])] if isinstance(value, str) else []
    small = [int(word) for word in words if len(word) <= 2 and word.isdecimal()]
    if len(words) == len(small) == 1:
        return (small[0], None) if 1 <= small[0] <= 12 else (None, None)
    months = [_MONTHS.index(word[:3]) + 1 for word in words if word[:3] in _MONTHS]
    if len(months) != 1:
        return None, None
    return months[0], small[0] if len(small) == 1 else None
