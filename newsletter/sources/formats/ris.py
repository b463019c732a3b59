"""RIS files, of reference managers.

Format: https://web.archive.org/web/20120526103719/http://refman.com/support/risformat_intro.asp. Programs differ in the
blanks around the dash ("TY  - ", "TY - ", "AU  -"): a record is read with as many before it as its first line has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.tables import Broken, Raw
from newsletter.sources.formats.tagged_lines import Format, Line, Record, read_records

_LINE = re.compile(r"([A-Z][A-Z0-9])( {1,2})-(.*)")
_TYPE = re.compile(r"[A-Z][A-Z0-9]{1,9}")
_YEAR = re.compile(r"\d{4}", re.ASCII)
_AUTHORS = ("AU", "A1")
#: Tags with a text over several lines, which may be repeated for its paragraphs.
_TEXTS = frozenset({"TI", "T1", "AB", "N2", "T2", "JO", "JF"})
#: Tags whose values are lists even if there is only one.
_LISTS = frozenset({"A2", "A3", "A4", "KW", "UR", "L1", "L2", "N1"})


def read_ris(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the records of a RIS file as mappings by tag; repeated tags are lists."""
    for record in read_records(stream, Format(_line_parser(), _begins, lambda line: line.tag == "ER")):
        yield record if isinstance(record, Broken) else Raw(record.begin, _fields(record))


def _line_parser() -> Callable[[str, Record | None], Line | None]:
    blanks = ""

    def line(text: str, record: Record | None) -> Line | None:
        nonlocal blanks
        match = _LINE.match(text)
        if match is None:
            return None
        tag, before, value = match[1], match[2], match[3].strip()
        if tag == "TY" and _TYPE.fullmatch(value) and (record is None or before == blanks):
            blanks = before
        elif tag == "ER" and not value:  # "ER  - positive" is text that was wrapped
            return Line(tag, value)
        elif tag in ("TY", "ER") or (record is not None and before != blanks):
            return None
        return Line(tag, value)

    return line


def _begins(line: Line, record: Record | None, _is_after_blank: bool) -> bool:
    return record is None or line.tag == "TY"


def _fields(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag in dict.fromkeys(line.tag for line in record.lines):
        values = record.all(tag)
        if tag in _TEXTS:
            found[tag] = " ".join(" ".join(values).split())
        elif tag in _LISTS:
            found[tag] = record.items(tag) if tag == "KW" else values
        elif values:
            found[tag] = values[0] if len(values) == 1 else values
    if authors := _authors(record):
        found["AU"] = authors
    found.pop("A1", None)
    if book := found.pop("BT", None):  # the title of a book, or of a chapter's
        found["T2" if found.keys() & {"TI", "T1"} else "TI"] = book
    if (day := found.get("DA")) and isinstance(day, str) and not _YEAR.search(day):  # EndNote: "May 8"
        found["month"] = found.pop("DA")
    return {tag: value for tag, value in found.items() if value}


def _authors(record: Record) -> list[str]:
    """Return the authors of both tags; some programs repeat in one those of the other."""
    first, second = (list(map(_line_of, record.all(tag))) for tag in _in_order(record))
    return first + [name for name in second if name not in first]


def _in_order(record: Record) -> tuple[str, ...]:
    tags = [line.tag for line in record.lines if line.tag in _AUTHORS]
    return _AUTHORS if not tags or tags[0] == "AU" else _AUTHORS[::-1]


def _line_of(value: str) -> str:
    return " ".join(value.split())
