"""CSV and TSV files with a header line, of any program and database.

Format: https://www.rfc-editor.org/rfc/rfc4180, and what programs do besides: Excel's first line "sep=;", lines about
the export before the header (Dimensions), a quote that is never closed.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator

from newsletter.files.csv_table import CsvRows
from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.databases import database_of
from newsletter.sources.formats.records import is_title
from newsletter.sources.formats.tables import Broken, Raw, lines_of, open_text
from newsletter.text import shorten, squeeze

_MAX_FIELD = 2**20
#: A header is looked for in this many lines.
_LINES_BEFORE_HEADER = 20
#: A row of more lines has a quote that was not closed: no abstract has as many.
_MAX_ROW_LINES = 200
#: How many lines are read again, in all, because of quotes that were not closed.
_MAX_REREAD = 50_000
_SEPARATOR = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.IGNORECASE)


def delimiter_of(header: str) -> str:
    """Return the delimiter of a header line: the comma, semicolon or tab that gives the most columns."""
    return max(",;\t", key=lambda mark: len(columns_of(header, mark)))


def columns_of(header: str, delimiter: str) -> list[str]:
    """Return the column names in a header line; empty if it is not CSV."""
    try:
        return [name.strip() for name in next(CsvRows([header], delimiter=delimiter, max_cell=_MAX_FIELD), [])]
    except csv.Error:
        return []


class Header:
    """The header of a table, found among its first lines."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Read lines up to the header, which names a title; else the first line counts as one."""
        self.delimiter, self.columns = "", list[str]()
        self.line = 0
        #: Whether there is a column of titles.
        self.is_found = False
        given = ""
        for number, line in enumerate(lines, start=1):
            separator = _SEPARATOR.fullmatch(line)
            given = separator[1] if separator else given
            if separator or not line.strip():
                continue
            delimiter = given or delimiter_of(line)
            columns = columns_of(line, delimiter)
            self.is_found = any(map(is_title, database_of(columns).columns(columns)))
            if self.is_found or not self.columns:
                self.delimiter, self.columns, self.line = delimiter, columns, number
            if self.is_found or number == _LINES_BEFORE_HEADER:
                return


def read_table(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the rows of a CSV or TSV file as mappings by the names in its header line.

    Raises:
        ValueError: There is no title column.
    """
    with open_text(stream, newline="") as text:
        header = Header(iter(lambda: text.readline(_MAX_FIELD), ""))
        if not header.is_found:
            raise ValueError(f"no title column, only {shorten(squeeze(', '.join(header.columns)), 200)}")
        database = database_of(header.columns)
        columns = database.columns(header.columns)
        for begin, row in _rows(_Lines(lines_of(text), header.line), header.delimiter):
            if isinstance(row, str):
                yield Broken(begin, row)
            elif any(row):
                yield Raw(begin, database.adapted(dict(zip(columns, row, strict=False))))


class _Lines:
    """Lines that can be read again."""

    def __init__(self, lines: Iterator[str], number: int) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        #: The number of the last line, and the lines since `begin`.
        self.number = number
        self.taken: list[str] = []
        self.has_ended = False
        self._reread = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        try:
            line = self._again.popleft() if self._again else next(self._lines)
        except StopIteration:
            self.has_ended = True
            raise
        self.number += 1
        self.taken.append(line)
        return line

    def begin(self) -> int:
        """Begin a row; return the number of its first line."""
        self.taken = []
        return self.number + 1

    def back(self) -> bool:
        """Go back to the second line of the row; return False if too much was read again already."""
        self._reread += len(self.taken)
        if self._reread > _MAX_REREAD:
            return False
        self._again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        self.has_ended = False
        return True

    @property
    def are_open(self) -> bool:
        """Whether a quote in the first line of the row was not closed where its cell ended."""
        if len(self.taken) == 1:
            return False
        is_last_odd = self.has_ended and sum(line.count('"') for line in self.taken) % 2 == 1
        return is_last_odd or len(self.taken) > _MAX_ROW_LINES


def _rows(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the first line and the cells of each row, or the reason why it is invalid.

    A quote that is never closed takes in all rows after it: its own is refused, and they are read again.
    """
    rows = CsvRows(lines, delimiter=delimiter, max_cell=_MAX_FIELD)
    while True:
        begin = lines.begin()
        why = ""
        row: list[str] = []
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            why = f"invalid row: {error}"
        if len(lines.taken) > 1 and (why or lines.are_open):
            has_room = lines.back()
            yield begin, "a quote is not closed" + ("" if has_room else f", up to line {lines.number}")
            rows = CsvRows(lines, delimiter=delimiter, max_cell=_MAX_FIELD)
        else:
            yield begin, why or row
