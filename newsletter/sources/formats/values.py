"""Conversion of untrusted values in responses into clean facts. An invalid value is treated as missing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from newsletter.models import PartialDate, StatedDate
from newsletter.text.markup import clean, clean_abstract

# -- text ---------------------------------------------------------------------------------------------


def text(value: Any) -> str:
    """Return text cleaned by `markup.clean`, or "" if the value is not text."""
    return clean(value) if isinstance(value, str) else ""


def abstract(value: Any) -> str:
    """Return text cleaned by `markup.clean_abstract`, or "" if the value is not text."""
    return clean_abstract(value) if isinstance(value, str) else ""


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
    digits = str(value).strip() if isinstance(value, int | str) else ""
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 4 else None


# -- names --------------------------------------------------------------------------------------------

_BRACKET = re.compile(r"[()\[\]]")
_ET_AL = re.compile(r"(?<![\s,])[\s,]*+\bet al\b\.?", re.IGNORECASE)
_AND = re.compile(r"\s*,?\s+(?:and|&)\s+", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[A-Z]\.?[\s-]?){1,4}")
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd", "ph.d.", "md", "m.d."})
_NOT_NAMES = frozenset({"", "et al", "et al.", "others", "...", "…"})
# Particles that may precede a family name.
_PARTICLES = frozenset(
    {
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "la",
        "le",
        "al",
        "el",
        "bin",
        "ten",
        "ter",
        "dos",
        "du",
    }
)


def names(value: str) -> tuple[str, ...]:
    """Split a line of authors into names, each as "First Last".

    Formats: "A, B, and C", "Last, First and Last, First" (BibTeX), "Last, F.; Last, F." and "Last, F., Last, F.".
    """
    line = _ET_AL.sub("", _without_brackets(text(value)))
    if ";" in line:
        return people(line.split(";"))
    pieces = [_with_suffixes(piece.split(",")) for piece in _AND.split(line)]
    if len(pieces) > 1 and all(len(piece) == 2 or piece[0].lower() in _NOT_NAMES for piece in pieces if piece):
        return people(", ".join(piece) for piece in pieces)
    parts = [part for piece in pieces for part in piece]
    if len(parts) % 2 == 0 and all(_INITIALS.fullmatch(part) for part in parts[1::2]):
        return people(f"{last}, {first}" for last, first in zip(parts[::2], parts[1::2], strict=True))
    if len(parts) == 2 and len(pieces) == 1 and _is_family_name(parts[0]):
        return people([", ".join(parts)])
    return people(parts)


def _without_brackets(line: str) -> str:
    """Remove text in brackets, and the space before it: affiliations and footnotes. Brackets may be nested."""
    kept: list[str] = []
    #: Where each open bracket stands in `kept`, by its kind.
    opened: dict[str, list[int]] = {"(": [], "[": []}
    position = 0
    for match in _BRACKET.finditer(line):
        kept += [line[position : match.start()], match[0]]
        position = match.end()
        own, other = (opened["("], opened["["]) if match[0] in "()" else (opened["["], opened["("])
        if match[0] in opened:
            own.append(len(kept) - 1)
        elif own:
            start = own.pop()
            while other and other[-1] > start:
                other.pop()
            del kept[start:]
            kept[-1] = kept[-1].rstrip()
    return "".join([*kept, line[position:]])


def people(values: Iterable[Any]) -> tuple[str, ...]:
    """Return names as "First Last" in the same order, without duplicates and values that are not names."""
    return tuple(dict.fromkeys(name for value in values if (name := _person(text(value)))))


def _person(name: str) -> str:
    """Return "Last, First" as "First Last"; a suffix such as "Jr." comes last."""
    parts = _with_suffixes(name.split(","))
    if not parts or name.strip(" ,;").lower() in _NOT_NAMES:
        return ""
    if len(parts) == 2:
        last, suffix = _split_suffix(parts[0])
        return f"{parts[1]} {last}{suffix}"
    return ", ".join(parts)


def _split_suffix(name: str) -> tuple[str, str]:
    first, space, last = name.rpartition(" ")
    return (first, space + last) if space and last.lower() in _SUFFIXES else (name, "")


def _is_family_name(part: str) -> bool:
    words = part.split()
    return len(words) == 1 or (len(words) > 1 and all(word.lower() in _PARTICLES for word in words[:-1]))


def _with_suffixes(parts: Iterable[str]) -> list[str]:
    """Return the parts that are not empty, with suffixes such as "Jr." joined to the name before."""
    joined: list[str] = []
    for part in map(str.strip, parts):
        if joined and part.lower() in _SUFFIXES:
            joined[-1] += f" {part}"
        elif part:
            joined.append(part)
    return joined
