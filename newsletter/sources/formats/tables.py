"""Files of records → one record after the other, in little memory however large the file.

JSON (https://www.rfc-editor.org/rfc/rfc8259), JSON lines (https://jsonlines.org), CSV and TSV with a header line
(https://www.rfc-editor.org/rfc/rfc4180); for BibTeX and RIS see `references`. A record that cannot be read is a
`Broken` among the others; what a record means is the business of `records.entry_from`.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.records import is_title
from newsletter.text import shorten, squeeze

# No single record is larger; one that seems so lacks its end.
LARGEST = 16 * 2**20
#: An object that wraps a whole list is read at once.
_LARGEST_OBJECT = 64 * 2**20
_LARGEST_FIELD = 2**20
_CHUNK = 2**16


class Raw(NamedTuple):
    """One record as it stands in the file: a mapping, if all is well."""

    #: The line it begins in; in JSON, which need not have lines, its place among the others.
    number: int
    record: Any


class Broken(NamedTuple):
    """Something in the file that is no record."""

    line: int
    why: str


# -- text ---------------------------------------------------------------------------------------------


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that are not UTF-8 as Windows' Latin-1, as `documents.decode` does, but piece by piece."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("newsletter.windows", _as_windows)


@contextmanager
def open_text(stream: BinaryStream, newline: str | None = None) -> Iterator[io.TextIOWrapper]:
    """Read a stream as text: UTF-16 with a byte-order mark, UTF-8 with or without one, what is neither as Latin-1."""
    head = stream.peek(3)[:3]
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if head == codecs.BOM_UTF8:
        stream.read(3)
    encoding, errors = ("utf-16", "replace") if is_utf16 else ("utf-8", "newsletter.windows")
    text = io.TextIOWrapper(stream, encoding, errors, newline)
    try:
        yield text
    finally:
        text.detach()  # the stream is its owner's to close


class _Rejoined(io.RawIOBase):
    """A stream whose beginning was read already."""

    def __init__(self, head: bytes, rest: BinaryStream) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._head:
            return self._rest.readinto1(buffer)
        size = min(len(buffer), len(self._head))
        buffer[:size], self._head = self._head[:size], self._head[size:]
        return size


def look_into(stream: BinaryStream) -> tuple[bytes, BinaryStream]:
    """Return the first 64 KB, and a stream of the whole; `peek` may see only what a pipe has brought so far."""
    head = stream.read(_CHUNK)
    return head, io.BufferedReader(_Rejoined(head, stream), _CHUNK)


def lines_of(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield lines; of one that never ends, pieces."""
    while line := text.readline(LARGEST):
        yield line


# -- JSON ---------------------------------------------------------------------------------------------

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
#: What the list is called in an object that wraps one.
_LISTS = ("data", "papers", "entries", "items", "results", "works", "articles")


def read_jsonl(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the value of each line that is not blank."""
    with open_text(stream) as text:
        is_inside = False  # a line that is too long
        number = 0
        for line in lines_of(text):
            was_inside, is_inside = is_inside, line[-1] != "\n" and len(line) == LARGEST
            number += not was_inside
            if was_inside or line.isspace():
                continue
            if is_inside:
                yield Broken(number, f"a line longer than {LARGEST // 2**20} MB")
                continue
            try:
                yield Raw(number, json.loads(line))
            except (ValueError, RecursionError) as error:
                yield Broken(number, f"not JSON: {_reason(error)}")


def read_json(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the elements of a list; or one object after another, and of one that wraps a list the list's elements."""
    with open_text(stream, newline="") as opened:
        text = _Json(opened)
        try:
            yield from _elements(text) if text.next() == "[" else _objects(text)
        except (ValueError, RecursionError) as error:
            yield Broken(text.line, f"not JSON from here on: {_reason(error)}")


class _Json:
    """JSON text, decoded value by value while it is read."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._buffer = ""
        self._at = 0
        self._lines = 1
        self._has_ended = False

    @property
    def line(self) -> int:
        """The line that is being read."""
        return self._lines + self._buffer.count("\n", 0, self._at)

    def next(self) -> str:
        """Return the next character that is no space, and stay before it; "" at the end."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._has_ended:
                return ""
            self._read_on()

    def skip(self) -> None:
        """Go over one character."""
        self._at += 1

    def value(self, largest: int) -> Any:
        """Decode the next value; raises ValueError or RecursionError if there is none, or a larger one."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if self._has_ended or not self._may_go_on(error):
                    raise
            else:
                if end < len(self._buffer) or self._has_ended:  # else a number may go on
                    self._at = end
                    return value
            if len(self._buffer) - self._at > largest:
                raise ValueError(f"a value longer than {largest // 2**20} MB")
            self._read_on()

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        """Tell whether text cut short may be all that is wrong: the error is at its end, or in a string without one."""
        return error.pos > len(self._buffer) - 16 or error.msg.startswith("Unterminated")

    def _read_on(self) -> None:
        """Read as much again as is still to be decoded: so a long value is decoded from its start only a few times."""
        more = self._text.read(max(_CHUNK, len(self._buffer) - self._at))
        self._lines = self.line
        self._buffer, self._at = self._buffer[self._at :] + more, 0
        self._has_ended = not more


def _elements(text: _Json) -> Iterator[Raw | Broken]:
    text.skip()
    number = 0
    while (mark := text.next()) != "]":
        if number and mark == ",":
            text.skip()
            if text.next() == "]":  # a comma too much
                return
        elif number:
            raise ValueError("the list has no end" if not mark else f"a comma is expected, not {mark!r}")
        number += 1
        yield Raw(number, text.value(LARGEST))


def _objects(text: _Json) -> Iterator[Raw | Broken]:
    number = 0
    while text.next():
        value = text.value(_LARGEST_OBJECT)
        for record in _wrapped(value):
            number += 1
            yield Raw(number, record)


def _wrapped(value: Any) -> list[Any]:
    """Return the records that an object wraps, or the object as the only one."""
    if not isinstance(value, dict):
        return [value]
    for name in _LISTS:
        rows = value.get(name)
        if isinstance(rows, list) and (any(map(_has_title, rows)) or not _has_title(value)):
            return rows
    return [value]


def _has_title(value: Any) -> bool:
    return isinstance(value, dict) and any(map(is_title, value))


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        why = error.msg.removesuffix(" at").removesuffix(" starting")
        return why[0].lower() + why[1:]
    return "a number that is too long" if "digits" in str(error) else str(error)


# -- CSV ----------------------------------------------------------------------------------------------


def delimiter_of(header: str) -> str:
    """Return what stands between the columns of a header line: the comma, semicolon or tab that makes most of them."""
    return max(",;\t", key=lambda mark: len(columns_of(header, mark)))


def columns_of(header: str, delimiter: str) -> list[str]:
    """Return the names of columns in a header line; none if it is no such line."""
    try:
        return [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
    except csv.Error:
        return []


def read_table(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the rows of a CSV or TSV file, by the names in its header line.

    Raises:
        ValueError: It has no column of titles.
    """
    with open_text(stream, newline="") as text:
        header, line = "", 0
        while not header.strip() and (header := text.readline(_LARGEST_FIELD)):
            line += 1
        delimiter = delimiter_of(header)
        columns = columns_of(header, delimiter)
        if not any(map(is_title, columns)):
            raise ValueError(f"no column of titles, only {shorten(squeeze(', '.join(columns)), 200)}")
        csv.field_size_limit(_LARGEST_FIELD)
        rows = csv.reader(lines_of(text), delimiter=delimiter)
        while True:
            begin = line + rows.line_num + 1
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Broken(begin, f"not a row of a table: {error}")
                continue
            if any(row):
                yield Raw(begin, dict(zip(columns, row, strict=False)))
