"""Streaming parsers of files of records, in little memory for files of any size.

JSON (https://www.rfc-editor.org/rfc/rfc8259) and JSON lines (https://jsonlines.org); the other formats have modules of
their own. An invalid record is yielded as `Broken` among the others; `records.entry_from` interprets the valid ones.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from newsletter.limits import RECORD
from newsletter.sources.documents import BinaryStream
from newsletter.sources.formats.records import is_title

#: Of an object that wraps a list, which is decoded as one value.
_MAX_WRAPPER = 64 * 2**20
_CHUNK = 2**16


class Raw(NamedTuple):
    """One record before interpretation: a mapping, if it is valid."""

    #: Its first line; in JSON, its position among the records, from 1.
    number: int
    record: Any


class Broken(NamedTuple):
    """A part of the file that is not a valid record."""

    line: int
    why: str
    #: Whether it is valid, but no paper by its nature.
    is_left_out: bool = False


# -- text ---------------------------------------------------------------------------------------------


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Decode bytes that are not UTF-8 as Windows-1252: the streaming counterpart of `documents.decode`."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("newsletter.windows", _as_windows)


@contextmanager
def open_text(stream: BinaryStream, newline: str | None = None) -> Iterator[io.TextIOWrapper]:
    """Open a stream as text: UTF-16 with a byte-order mark, UTF-8 with or without one, else Windows-1252."""
    head = stream.peek(3)[:3]
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if head == codecs.BOM_UTF8:
        stream.read(3)
    encoding, errors = ("utf-16", "replace") if is_utf16 else ("utf-8", "newsletter.windows")
    text = io.TextIOWrapper(stream, encoding, errors, newline)
    try:
        yield text
    finally:
        text.detach()  # the caller closes the stream


class _Rejoined(io.RawIOBase):
    """A stream joined with the part of it that was already read."""

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


def read_head(stream: BinaryStream) -> tuple[bytes, BinaryStream]:
    """Return the first 64 KB, and a stream of everything; `peek` would return only what a pipe holds so far."""
    head = stream.read(_CHUNK)
    return head, io.BufferedReader(_Rejoined(head, stream), _CHUNK)


def lines_of(text: io.TextIOWrapper) -> Iterator[str]:
    """Yield lines; a line longer than `RECORD` in pieces."""
    return iter(partial(text.readline, RECORD), "")


# -- JSON ---------------------------------------------------------------------------------------------

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
#: The keys of a list in an object that wraps one.
_LIST_KEYS = ("data", "papers", "entries", "items", "results", "works", "articles")


def read_jsonl(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the value of each line that is not blank."""
    with open_text(stream) as text:
        is_inside = False  # within a line that is too long
        number = 0
        for line in lines_of(text):
            was_inside, is_inside = is_inside, line[-1] != "\n" and len(line) == RECORD
            number += not was_inside
            if was_inside or line.isspace():
                continue
            if is_inside:
                yield Broken(number, f"a line longer than {RECORD // 2**20} MB")
                continue
            try:
                yield Raw(number, json.loads(line))
            except (ValueError, RecursionError) as error:
                yield Broken(number, f"invalid JSON: {_reason(error)}")


def read_json(stream: BinaryStream) -> Iterator[Raw | Broken]:
    """Yield the elements of a list, or concatenated objects; of an object that wraps a list, the elements."""
    with open_text(stream, newline="") as opened:
        text = _JsonStream(opened)
        try:
            yield from _elements(text) if text.next() == "[" else _objects(text)
        except (ValueError, RecursionError) as error:
            yield Broken(text.line, f"invalid JSON from here on: {_reason(error)}")


class _JsonStream:
    """JSON text, decoded value by value while it is read."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._buffer = ""
        self._at = 0
        self._lines = 1
        self._has_ended = False

    @property
    def line(self) -> int:
        """The current line, from 1."""
        return self._lines + self._buffer.count("\n", 0, self._at)

    def next(self) -> str:
        """Return the next character after white space without consuming it; "" at the end."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if self._has_ended:
                return ""
            self._read_more()

    def skip(self) -> None:
        """Consume one character."""
        self._at += 1

    def value(self, max_size: int) -> Any:
        """Decode the next value; raise ValueError or RecursionError if it is invalid or too large."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if self._has_ended or not self._is_incomplete(error):
                    raise
            else:
                if end < len(self._buffer) or self._has_ended:  # else more digits may follow
                    self._at = end
                    return value
            if len(self._buffer) - self._at > max_size:
                raise ValueError(f"a value is longer than {max_size // 2**20} MB")
            self._read_more()

    def _is_incomplete(self, error: json.JSONDecodeError) -> bool:
        """Return whether more text may fix the error: it is at the end of the buffer, or in an unterminated string."""
        return error.pos > len(self._buffer) - 16 or error.msg.startswith("Unterminated")

    def _read_more(self) -> None:
        """Double the text to decode, so that a long value is decoded from its start only a few times."""
        more = self._text.read(max(_CHUNK, len(self._buffer) - self._at))
        self._lines = self.line
        self._buffer, self._at = self._buffer[self._at :] + more, 0
        self._has_ended = not more


def _elements(text: _JsonStream) -> Iterator[Raw | Broken]:
    text.skip()
    number = 0
    while (mark := text.next()) != "]":
        if number and mark == ",":
            text.skip()
            if text.next() == "]":  # a trailing comma
                return
        elif number:
            raise ValueError("unclosed list" if not mark else f"expected a comma, not {mark!r}")
        number += 1
        yield Raw(number, text.value(RECORD))


def _objects(text: _JsonStream) -> Iterator[Raw | Broken]:
    number = 0
    while text.next():
        value = text.value(_MAX_WRAPPER)
        for record in _wrapped(value):
            number += 1
            yield Raw(number, record)


def _wrapped(value: Any) -> list[Any]:
    """Return the records in the list that an object wraps, or the object itself as the only record."""
    if not isinstance(value, dict):
        return [value]
    for name in _LIST_KEYS:
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
    return "a number is too long" if "digits" in str(error) else str(error)
