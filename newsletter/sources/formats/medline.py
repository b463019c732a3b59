"""MEDLINE files (.nbib), as PubMed exports them.

Format: https://www.nlm.nih.gov/bsd/mms/medlineelements.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.tables import Broken, Raw
from newsletter.sources.formats.tagged_lines import Format, Line, Record, read_records

_LINE = re.compile(r"([A-Z][A-Z0-9]{1,3}) {0,2}-(?: (.*)|$)")
_IDENTIFIER = re.compile(r"(\S+) \[(doi|pii|bookaccession)\]")
#: The full stop after a title, but not that of an initialism ("the U.S.") or an ellipsis.
_FINAL_STOP = re.compile(r"(?<!\.)(?<!\.[^\W\d_])\.$")


def read_medline(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the records of a MEDLINE file as mappings of facts."""
    for record in read_records(stream, _MEDLINE):
        yield record if isinstance(record, Broken) else Raw(record.begin, _fields(record))


def _line(text: str, _record: Record | None) -> Line | None:
    match = _LINE.match(text.rstrip("\r\n")) if text[4:5] == "-" else None
    return Line(match[1], (match[2] or "").strip()) if match else None


def _begins(line: Line, record: Record | None, is_after_blank: bool) -> bool:
    return record is None or line.tag == "PMID" or is_after_blank


_MEDLINE = Format(_line, _begins, first=frozenset({"PMID"}))


def _fields(record: Record) -> dict[str, Any]:
    title, book = record.text("TI"), record.text("BTI")  # of a chapter, and of its book
    ids = [match for value in record.all("LID", "AID") if (match := _IDENTIFIER.match(value))]
    number = record.text("PMID")
    return {
        "title": without_stop(title or book or record.text("TT")),
        "abstract": record.text("AB", "OAB"),
        "authors": _authors(record),
        "doi": next((one[1] for one in ids if one[2] == "doi"), None),
        "date": record.text("DP"),
        "published": record.text("DEP"),
        "journal": record.text("JT", "TA") or (book if title else ""),
        "keywords": [item.lstrip("*") for item in record.items("OT")],
        "url": f"https://pubmed.ncbi.nlm.nih.gov/{number}/" if number.isdecimal() else None,
        "withdrawn": "Retracted Publication" in record.items("PT"),
    }


def _authors(record: Record) -> list[Any]:
    full = "FAU" if record.all("FAU") else "AU"
    return [
        {"literal": line.value} if line.tag == "CN" else " ".join(line.value.split())
        for line in record.lines
        if line.tag in (full, "CN") and line.value
    ]


def without_stop(title: str) -> str:
    """Return a title without PubMed's final full stop, and without the brackets that mark a translated one."""
    plain = _FINAL_STOP.sub("", title.strip())
    inside = plain[1:-1]
    depths = accumulate((one == "[") - (one == "]") for one in inside)  # "[A] and [B]" is not one pair of brackets
    is_bracketed = bool(inside) and plain == f"[{inside}]" and min(depths) >= 0
    return _FINAL_STOP.sub("", inside) if is_bracketed else plain
