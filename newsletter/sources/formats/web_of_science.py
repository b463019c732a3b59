"""Web of Science's tagged files (.ciw, and "plain text file").

Format: https://images.webofknowledge.com/images/help/WOS/hs_wos_fieldtags.html. Its tables are read by `tables`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.tables import Broken, Raw
from newsletter.sources.formats.tagged_lines import Format, Line, Record, read_records

_LINE = re.compile(r"([A-Z][A-Z0-9])(?: (.*))?")
#: Tags of the file, which stand outside of records.
_OF_FILE = frozenset({"FN", "VR", "EF"})


def read_web_of_science(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the records of a file as mappings of facts."""
    for record in read_records(stream, _WEB_OF_SCIENCE):
        yield record if isinstance(record, Broken) else Raw(record.begin, _fields(record))


def _line(text: str, _record: Record | None) -> Line | None:
    match = _LINE.fullmatch(text.rstrip("\r\n"))
    return Line(match[1], (match[2] or "").strip()) if match else None


def _begins(line: Line, record: Record | None, _is_after_blank: bool) -> bool:
    return line.tag not in _OF_FILE and (record is None or line.tag == "PT")


_WEB_OF_SCIENCE = Format(_line, _begins, first=frozenset({"PT"}), last=frozenset({"ER", "EF"}))


def _fields(record: Record) -> dict[str, Any]:
    return {
        "title": record.text("TI"),
        "abstract": record.text("AB"),
        "authors": [
            *(record.items("AF") or record.items("AU") or record.items("BF", "BA")),
            *({"literal": name} for name in record.items("CA")),
        ],
        "doi": record.text("DI", "D2"),
        "date": record.text("EA"),
        "year": record.text("PY"),
        "month": record.text("PD"),
        "journal": record.text("SO", "BS", "SE"),
        "keywords": record.text("DE"),
        "withdrawn": "retracted publication" in record.text("DT").lower(),
    }
