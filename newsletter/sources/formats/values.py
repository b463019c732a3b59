"""Conversion of untrusted values in responses into clean facts. An invalid value is treated as missing."""

from __future__ import annotations

from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from newsletter.models import PartialDate, StatedDate
from newsletter.sources.formats.person_names import names as names  # noqa: PLC0414 - a part of this module's interface
from newsletter.sources.formats.person_names import people as people  # noqa: PLC0414
from newsletter.sources.formats.person_names import person as person  # noqa: PLC0414
from newsletter.text.markup import Markup, clean, clean_abstract

# -- text ---------------------------------------------------------------------------------------------


def text(value: Any) -> str:
    """Return text that may have tags, cleaned by `markup.clean`, or "" if the value is not text."""
    return clean(value) if isinstance(value, str) else ""


def plain_text(value: Any) -> str:
    """Return text in which "<s>" is no tag, cleaned by `markup.clean`, or "" if the value is not text."""
    return clean(value, Markup.PLAIN) if isinstance(value, str) else ""


def abstract(value: Any) -> str:
    """Return text that may have tags, cleaned by `markup.clean_abstract`, or "" if the value is not text."""
    return clean_abstract(value) if isinstance(value, str) else ""


def plain_abstract(value: Any) -> str:
    """Return text in which "<s>" is no tag, cleaned by `markup.clean_abstract`, or "" if the value is not text."""
    return clean_abstract(value, Markup.PLAIN) if isinstance(value, str) else ""


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list, or [] if the value is not a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def part(value: Any) -> dict[str, Any]:
    """Return an object, or {} if the value is not one."""
    return value if isinstance(value, dict) else {}


def word(value: Any) -> str:
    """Return text unchanged, or "" if the value is not text."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> tuple[str, ...]:
    """Return the cleaned texts in a list without duplicates, or () if the value is not a list."""
    found = (text(item) for item in value) if isinstance(value, list) else iter(())
    return tuple(dict.fromkeys(item for item in found if item))


def count(value: Any) -> int | None:
    """Return a count (0 or more), or None if the value is not one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def link(value: Any) -> str | None:
    """Return an absolute http(s) URL, or None if the value is not one."""
    address = value.strip() if isinstance(value, str) else ""
    if not address.startswith(("https://", "http://")) or not address.isprintable() or " " in address:
        return None
    try:
        parts = urlsplit(address)
        is_valid = bool(parts.hostname) and parts.port != 0  # a port beyond 65535 is a ValueError
    except ValueError:
        return None
    return address if is_valid else None


def secure_link(value: Any) -> str | None:
    """Return an absolute https URL, or None if the value is not one."""
    address = link(value)
    return address if address and address.startswith("https://") else None


# -- dates --------------------------------------------------------------------------------------------


def day(value: Any) -> date | None:
    """Return the day of an ISO 8601 or RFC 5322 time, in the time zone it states.

    It is not converted to UTC: midnight often stands for a whole day, which conversion would shift.
    """
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def stated(year: Any, month: Any = None, day_of_month: Any = None) -> StatedDate | None:
    """Return a date as precise as it is stated, or None if it is none."""
    numbers = [_number(part) for part in (year, month, day_of_month)]
    if numbers[0] is None or not 1000 <= numbers[0] <= 9999:
        return None
    try:
        if numbers[1] is None:
            return PartialDate(numbers[0])
        first = date(numbers[0], numbers[1], 1)
        if numbers[2] is not None:
            return date(numbers[0], numbers[1], numbers[2])
    except ValueError:
        return None
    return PartialDate(first.year, first.month)


def _number(value: Any) -> int | None:
    if value is None:
        return None
    digits = str(value).strip() if isinstance(value, int | str) else ""
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 4 else None
