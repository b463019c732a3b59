"""Records of tagged lines: what RIS, MEDLINE, Web of Science and Refer files have in common.

    TAG  value
         continued

A format says how it writes a tag, and where a record begins and ends. Every line belongs to a record, except those
before the first: none is lost without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import NamedTuple

from newsletter.limits import ENTRY
from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.tables import Broken, lines_of, open_text


class Line(NamedTuple):
    """One tagged line, with the lines that continue it."""

    tag: str
    value: str


@dataclass
class Record:
    """The lines of one record."""

    begin: int
    lines: list[Line] = field(default_factory=list)
    size: int = 0

    def add(self, line: Line) -> None:
        """Add a line, unless the record is too long already."""
        self.size += len(line.value) + 1
        if self.size <= ENTRY:
            self.lines.append(line)

    def extend(self, text: str) -> None:
        """Add a line that continues the one before."""
        self.size += len(text) + 1
        if self.lines and self.size <= ENTRY:
            tag, value = self.lines[-1]
            self.lines[-1] = Line(tag, f"{value}\n{text}" if value else text)

    def all(self, *tags: str) -> list[str]:
        """Return the values of these tags, in the order of the file."""
        return [line.value for line in self.lines if line.tag in tags and line.value.strip()]

    def text(self, *tags: str) -> str:
        """Return the value of the first of these tags that has one, on one line."""
        return next((" ".join(found[0].split()) for tag in tags if (found := self.all(tag))), "")

    def items(self, *tags: str) -> list[str]:
        """Return the values of these tags, where each line is a value of its own."""
        return [item.strip() for value in self.all(*tags) for item in value.split("\n") if item.strip()]


class Format(NamedTuple):
    """How a format writes its records."""

    #: Parse a line, with its end; None if it is empty, continues the one before, or stands outside of records.
    line: Callable[[str, Record | None], Line | None]
    #: Whether a line, which may follow an empty one, begins a record; asked outside of one, after an empty line, and of
    #: the tags in `first`.
    begins: Callable[[Line, Record | None, bool], bool]
    first: frozenset[str] = frozenset()
    #: The tags of lines that end their record.
    last: frozenset[str] = frozenset()


def read_records(stream: BinaryStream, layout: Format) -> Iterator[Record | Broken]:
    """Yield the records of a file; one that is too long is broken."""
    with open_text(stream) as text:
        for record in _records(text, layout):
            is_long = record.size > ENTRY
            yield Broken(record.begin, f"record longer than {ENTRY // 2**20} MB") if is_long else record


def _records(text: TextIOWrapper, layout: Format) -> Iterator[Record]:
    record: Record | None = None
    is_after_blank = False
    parse, begins, first, last = layout
    for number, raw in enumerate(lines_of(text), start=1):
        line = parse(raw, record)
        if line is None:
            if raw.isspace():
                is_after_blank = True
                continue
            if record is not None:
                record.extend(raw.strip())
        elif (tag := line.tag) in last or (
            (record is None or is_after_blank or tag in first) and begins(line, record, is_after_blank)
        ):
            if record is not None:
                yield record
            record = None if tag in last else Record(number, [line], len(line.value) + 1)
        elif record is not None:
            record.add(line)
        is_after_blank = False
    if record is not None:
        yield record
