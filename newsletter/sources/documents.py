"""Documents: the responses and files that a source parses."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from newsletter.errors import SourceError
from newsletter.limits import DOCUMENT_BYTES
from newsletter.sources.http.client import HttpClient

#: A stream of bytes with `peek`.
BinaryStream: TypeAlias = "io.BufferedReader[Any]"

_GZIP = b"\x1f\x8b"
_MAX_SIZE_B = DOCUMENT_BYTES


@dataclass(frozen=True, slots=True)
class Document:
    """One response of a source, or one file."""

    #: The URL or file path, for messages.
    place: str
    #: The bytes, or a function that opens a stream of them; gzip is decompressed on reading.
    body: bytes | Callable[[], BinaryIO]
    #: The day that the document lists, if a day was requested.
    day: date | None = None

    @contextmanager
    def open(self) -> Iterator[BinaryStream]:
        """Open the document as a stream of decompressed bytes.

        Raises:
            SourceError: The file cannot be read, or is truncated or corrupt.
        """
        try:
            with self._opened() as plain:
                if plain.peek(2)[:2] == _GZIP:
                    with io.BufferedReader(gzip.GzipFile(fileobj=plain)) as stream:
                        yield stream
                else:
                    yield plain
        except OSError as error:
            raise SourceError(f"{self.place}: {error.strerror or error}") from error
        except (EOFError, zlib.error) as error:
            raise SourceError(f"{self.place}: corrupt gzip file ({error})") from error

    @contextmanager
    def _opened(self) -> Iterator[BinaryStream]:
        stream = io.BytesIO(self.body) if isinstance(self.body, bytes) else self.body()
        plain = io.BufferedReader(cast("io.RawIOBase", stream))
        try:
            yield plain
        finally:
            if stream is sys.stdin.buffer:
                plain.detach()  # standard input stays open
            else:
                plain.close()

    @property
    def content(self) -> bytes:
        """The decompressed bytes of the document.

        Raises:
            SourceError: The document cannot be read, or is too large.
        """
        with self.open() as stream:
            return self.rest_of(stream)

    def rest_of(self, stream: BinaryStream) -> bytes:
        """Return what is left of the document's opened stream.

        Raises:
            SourceError: It is too large.
        """
        content = stream.read(_MAX_SIZE_B + 1)
        if len(content) > _MAX_SIZE_B:
            raise SourceError(f"{self.place}: larger than {_MAX_SIZE_B // 2**20} MB")
        return content

    @property
    def text(self) -> str:
        """The text of the document, decoded by `decode`."""
        return decode(self.content)


def decode(content: bytes) -> str:
    """Decode UTF-8 or UTF-16 with a byte-order mark, UTF-8 without one, else Windows-1252 (which accepts any bytes)."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


@dataclass(frozen=True, slots=True)
class Span:
    """The days to request from a source, both ends included."""

    first: date
    last: date


def is_address(place: str) -> bool:
    """Return whether an argument of the command line is an http(s) URL."""
    return place.startswith(("https://", "http://"))


def find_documents(places: Sequence[str], suffixes: tuple[str, ...]) -> list[str]:
    """Return all places, with folders replaced by their files of these suffixes, in order of name.

    Raises:
        SourceError: A file does not exist, or a folder has no file of these suffixes.
    """
    found: list[str] = []
    for place in places:
        path = Path(place)
        if place == "-" or is_address(place):
            found.append(place)
        elif path.is_dir():
            accepted = (*suffixes, *(f"{suffix}.gz" for suffix in suffixes))
            files = sorted(str(file) for file in path.iterdir() if file.name.endswith(accepted) and file.is_file())
            if not files:
                raise SourceError(f"{place}: no {' or '.join(suffixes)} file in this folder")
            found += files
        elif path.exists():
            found.append(place)
        else:
            raise SourceError(f"{place}: no such file", hint="give a file, a folder, a URL, or - for standard input")
    return found


def read_document(place: str, day: date | None, client: HttpClient) -> Document:
    """Request a URL, or return a document that reads a file or (for "-") standard input when opened.

    Raises:
        SourceError: The request failed.
    """
    if is_address(place):
        response = client.get(place)
        return Document(response.place, response.content, day)
    return open_document(place, day)


def open_document(place: str, day: date | None = None) -> Document:
    """Return a document that reads a file or (for "-") standard input when opened."""
    if place == "-":
        return Document("standard input", lambda: cast("BinaryIO", sys.stdin.buffer), day)
    return Document(place, lambda: Path(place).open("rb"), day)
