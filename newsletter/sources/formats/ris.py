"""RIS files, of reference managers.

Format: https://web.archive.org/web/20120526103719/http://refman.com/support/risformat_intro.asp.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from newsletter.limits import ENTRY
from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.tables import Broken, Raw, lines_of, open_text


def read_ris(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the records of a RIS file as mappings by tag; repeatable tags are lists."""
    import rispy  # noqa: PLC0415 - only this format needs it

    mapping = {tag: tag for tag in rispy.TAG_KEY_MAPPING}
    parser = rispy.RisParser(mapping=mapping, delimiter_tags_mapping={})
    with open_text(stream) as text:
        for begin, lines in _ris_records(text):
            if sum(map(len, lines)) > ENTRY:
                yield Broken(begin, f"record longer than {ENTRY // 2**20} MB")
                continue
            for record in parser.parse_lines(iter([*lines, "ER  - "])):
                yield Raw(begin, record)


def _ris_records(text: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and lines of each record, from "TY  - " to "ER  - " or else to the next "TY  - "."""
    record: list[str] = []
    begin, size = 0, 0
    for number, line in enumerate(lines_of(text), start=1):
        tag = line[:5]
        if tag in ("TY  -", "ER  -") and record:
            yield begin, record
            record = []
        if tag == "TY  -":
            begin, size = number, 0
        if (record or tag == "TY  -") and not line.isspace() and size <= ENTRY:
            record.append(line)
            size += len(line)
    if record:
        yield begin, record
