"""RIS files, of reference managers.

Format: https://web.archive.org/web/20120526103719/http://refman.com/support/risformat_intro.asp. Programs differ in the
blanks around the dash ("TY  - ", "TY - ", "AU  -"): a record is read with as many before it as its first line has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
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
    for record in read_records(
        stream, Format(_line_parser(), _begins, first=frozenset({"TY"}), last=frozenset({"ER"}))
    ):
        yield record if isinstance(record, Broken) else Raw(record.begin, _fields(record))


def _line_parser() -> Callable[[str, Record | None], Line | None]:
    blanks = mark = ""
    tags: set[str] = set()  # those of lines inside a record so far

    def line(text: str, record: Record | None) -> Line | None:
        nonlocal blanks, mark
        if text[2:5] == mark and text[:2] in tags and record is not None:
            return Line(text[:2], text[5:].strip())  # what the rest of this function finds, for most lines
        match = _LINE.match(text)
        if match is None:
            return None
        tag, before, value = match.groups()
        value = value.strip()
        if tag not in ("TY", "ER"):
            if record is not None and before == blanks:
                tags.add(tag)
            return Line(tag, value) if record is None or before == blanks else None
        if tag == "TY" and _TYPE.fullmatch(value) and (record is None or before == blanks):
            blanks, mark = before, f"{before}-"
            return Line(tag, value)
        return Line(tag, value) if tag == "ER" and not value else None  # "ER  - positive" is text that was wrapped

    return line


def _begins(line: Line, record: Record | None, _is_after_blank: bool) -> bool:
    return record is None or line.tag == "TY"


def _fields(record: Record) -> dict[str, Any]:
    whole: dict[str, list[str]] = {}
    for tag, value in record.lines:
        if value:
            whole.setdefault(tag, []).append(value)
    authors = _authors(whole)
    found: dict[str, Any] = {"AU": authors} if authors else {}
    for tag, values in whole.items():
        if tag in _TEXTS:
            found[tag] = _line_of(" ".join(values))
        elif tag in _LISTS:
            found[tag] = [item for value in values for item in value.split("\n")] if tag == "KW" else values
        elif tag not in _AUTHORS:
            found[tag] = values[0] if len(values) == 1 else values
    if book := found.pop("BT", None):  # the title of a book, or of a chapter's
        found["T2" if found.keys() & {"TI", "T1"} else "TI"] = book
    if (day := found.get("DA")) and isinstance(day, str) and not _YEAR.search(day):  # EndNote: "May 8"
        found["month"] = found.pop("DA")
    return found


def _authors(whole: Mapping[str, list[str]]) -> list[str]:
    """Return the authors of both tags; some programs repeat in one those of the other."""
    first, *more = [list(map(_line_of, values)) for tag, values in whole.items() if tag in _AUTHORS] or [[]]
    return first + [name for names in more for name in names if name not in first]


def _line_of(value: str) -> str:
    return " ".join(value.split()) if "\n" in value or "  " in value else value
