"""Read the rows of tables as other programs write them: encoding, separator, and a quote that is left open."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import IO, cast

from newsletter.errors import ProfileError
from newsletter.files.csv_table import CsvRows
from newsletter.limits import CELL, OWN_CELL

_LINES_AT_ONCE = 1000
_SEPARATORS = (",", ";", "\t", "|")
#: What is hardly anything but an address.
_ADDRESS = re.compile(r'"?[^\s@"<>,;]{1,64}@[^\s@"<>,;]{1,253}\.[^\s@"<>,;.]{2,63}"?')


@contextmanager
def open_text(file: IO[bytes]) -> Iterator[IO[str]]:
    """Yield the text of a file in UTF-8 or UTF-16; other bytes become surrogates, which `as_latin_1` reads."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", file))
    start = buffered.peek(4)[:4]
    encoding = "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif len(start) == 4 and start[1] == start[3] == 0 != start[0]:
        encoding = "utf-16-le"
    elif len(start) == 4 and start[0] == start[2] == 0 != start[1]:
        encoding = "utf-16-be"
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    text = io.TextIOWrapper(buffered, encoding=encoding, errors=errors, newline="")
    try:
        yield text
    finally:
        text.close()


def has_other_bytes(text: str) -> bool:
    """Return whether a text has bytes that are not UTF-8."""
    return not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text)


def as_latin_1(text: str) -> str:
    """Return a text whose bytes that are not UTF-8 are taken for Latin-1, as Windows extends it."""
    bytes_ = text.encode("utf-8", "surrogateescape")
    try:
        return bytes_.decode("cp1252")
    except UnicodeDecodeError:
        return bytes_.decode("latin-1")


Row = list[str] | ProfileError


def has_nothing(row: Row) -> bool:
    """Return whether a row is blank."""
    return not isinstance(row, ProfileError) and not any(map(str.strip, row))


class Rows:
    """The rows of a table, each a list of cells or the error of a row, with the place of the row that was read last.

    The first line that is not empty decides the separator; Excel's `sep=;` may say it, too. Iterate over it once: row
    by row as far as the header, then by `blocks`, if it is to be fast.
    """

    def __init__(self, lines: Iterable[str], place: str) -> None:
        self._max_cell = int(CELL)
        self._place = place
        self._lines = iter(lines)
        #: How many lines were taken, the lines of the row that is being read, and those to read again.
        self._taken = 0
        self._recent: list[str] = []
        self._again: deque[str] = deque()
        first = self._first_line()
        declared = first.strip().strip('"')
        if declared.casefold().startswith("sep="):
            self.separator = first.strip('\r\n"')[4:5] or ","
            first = self._first_line()
        else:
            unquoted = "".join(first.split('"')[::2])
            self.separator = max(_SEPARATORS, key=unquoted.count)
        #: Whether this is a plain list, one address per line: "ann@example.org" or "Ann <ann@example.org>".
        self.is_plain = first.count("@") == 1 and (first.rstrip().endswith(">") or self.separator not in first)
        #: The line in which the block begins that was read last, and which of its rows is read.
        self._begins, self._at = 1, 0
        self._width = first.count(self.separator)
        if first:
            self._again.append(first)
            self._taken -= 1
        self._blocks = self._read()

    def _first_line(self) -> str:
        for line in self._lines:
            self._taken += 1
            if line.strip():
                return line.removeprefix("\ufeff")
        return ""

    @property
    def place(self) -> str:
        """The file and the line in which the row begins that was read last."""
        return f"{self._place}, line {self._begins + self._at}"

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows, and an error in place of each row that is not valid CSV."""
        for block in self._blocks:
            yield from self.each(block)

    def blocks(self) -> Iterator[Sequence[Row]]:
        """Yield the rows that are left in blocks, whose rows all take one line each, or that are of one row."""
        return self._blocks

    def each(self, block: Sequence[Row], first: int = 0) -> Iterator[Row]:
        """Yield the rows of the block that was read last, or of a part that begins with its row `first`."""
        for self._at, row in enumerate(block, first):
            yield row

    def allow_long_cells(self) -> None:
        """Read cells of any length that a table of ours may have."""
        self._max_cell = int(OWN_CELL)

    def _read(self) -> Iterator[Sequence[Row]]:
        at_once, is_blank = 0, True  # rows are read alone as far as the header, since it decides how long cells may be
        while lines := [*self._again, *islice(self._lines, at_once)]:
            self._again.clear()
            self._recent.clear()
            self._at = 0
            rows = self._one_per_line(lines)
            if rows is None:
                self._again.extend(lines)
                for row in self._across_lines():
                    self._begins = self._taken - len(self._recent) + 1
                    is_blank = is_blank and has_nothing(row)
                    yield [row]
            else:
                self._begins = self._taken + 1
                self._taken += len(lines)
                is_blank = is_blank and all(map(has_nothing, rows))
                yield rows
            at_once = 1 if is_blank else _LINES_AT_ONCE

    def _one_per_line(self, lines: list[str]) -> list[list[str]] | None:
        """Return the rows of these lines, much faster than one by one; None if one is not a row of its own."""
        if self.is_plain:
            return [[line.strip()] for line in lines]
        try:
            rows = self._parsed(lines).read()
        except csv.Error:
            return None
        return rows if len(rows) == len(lines) else None

    def _parsed(self, lines: Iterable[str]) -> CsvRows:
        return CsvRows(lines, delimiter=self.separator, max_cell=self._max_cell, strict=True)

    def _across_lines(self) -> Iterator[Row]:
        """Yield the rows of the lines to read again, of which some are invalid or extend over several lines."""
        recent = self._recent
        parsed = self._parsed(self._recorded())
        while self._again:
            recent.clear()
            try:
                cells = next(parsed)
            except csv.Error as error:
                if len(recent) == 1 and not str(error).startswith("unexpected end"):
                    yield ProfileError(f"not valid CSV: {error}")
                    continue
                cells = None
            if cells is None or (len(recent) > 1 and any(self._is_row(line, cells) for line in recent[1:])):
                self._again.extendleft(reversed(recent[1:]))
                self._taken -= len(recent) - 1
                del recent[1:]
                parsed = self._parsed(self._recorded())
                yield ProfileError("not valid CSV: a quote is left open")
            else:
                yield cells

    def _recorded(self) -> Iterator[str]:
        recent = self._recent
        while self._again:
            self._taken += 1
            recent.append(self._again.popleft())
            yield recent[-1]
        for line in self._lines:
            self._taken += 1
            recent.append(line)
            yield line

    def _is_row(self, line: str, cells: list[str]) -> bool:
        """Return whether a line within a cell looks like a row of its own: as many cells, and a new address in one."""
        parts = line.rstrip("\r\n").split(self.separator)
        return len(parts) == self._width + 1 and any(_ADDRESS.fullmatch(one) and one not in cells for one in parts)
