"""Documents: what a source gives before parsing, from the network or from files."""

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
from newsletter.sources.http.client import LARGEST_RESPONSE_B, Web

#: A stream of bytes that can be looked into without reading on.
BinaryStream: TypeAlias = "io.BufferedReader[Any]"

_GZIP = b"\x1f\x8b"
#: What is read at once into memory; only formats that are read line by line may be larger.
_LARGEST_B = 4 * LARGEST_RESPONSE_B


@dataclass(frozen=True, slots=True)
class Document:
    """One answer of a source, or one file."""

    #: Where it came from: an address or a file's path, for messages.
    place: str
    #: Its bytes, or what opens a stream of them; gzip is undone when read.
    body: bytes | Callable[[], BinaryIO]
    #: The day it stands for, where that was asked for.
    day: date | None = None

    @contextmanager
    def open(self) -> Iterator[BinaryStream]:
        """Open it for reading in pieces; gzip is undone.

        Raises:
            SourceError: It cannot be read, or not to its end.
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
            raise SourceError(f"{self.place}: a damaged gzip file ({error})") from error

    @contextmanager
    def _opened(self) -> Iterator[BinaryStream]:
        stream = io.BytesIO(self.body) if isinstance(self.body, bytes) else self.body()
        plain = io.BufferedReader(cast("io.RawIOBase", stream))
        try:
            yield plain
        finally:
            if stream is sys.stdin.buffer:
                plain.detach()  # it is not ours to close
            else:
                plain.close()

    @property
    def content(self) -> bytes:
        """All of its bytes.

        Raises:
            SourceError: It cannot be read, or is too large to be one answer.
        """
        with self.open() as stream:
            content = stream.read(_LARGEST_B + 1)
        if len(content) > _LARGEST_B:
            raise SourceError(f"{self.place}: more than {_LARGEST_B // 2**20} MB")
        return content

    @property
    def text(self) -> str:
        """All of its text, in whatever encoding it is; see `decode`."""
        return decode(self.content)


def decode(content: bytes) -> str:
    """Decode UTF-8 or UTF-16 with a byte-order mark, UTF-8 without, else Windows' Latin-1 (which takes any bytes)."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


@dataclass(frozen=True, slots=True)
class Span:
    """Days to ask a source for, both ends included."""

    first: date
    last: date


def is_address(place: str) -> bool:
    """Tell whether a word of the command line is an address on the network."""
    return place.startswith(("https://", "http://"))


def find_documents(places: Sequence[str], suffixes: tuple[str, ...]) -> list[str]:
    """Turn folders into their files of these endings, in order of name, and check that the other files exist.

    Raises:
        SourceError: A file does not exist, or a folder holds nothing to read.
    """
    found: list[str] = []
    for place in places:
        path = Path(place)
        if place == "-" or is_address(place):
            found.append(place)
        elif path.is_dir():
            endings = (*suffixes, *(f"{suffix}.gz" for suffix in suffixes))
            inside = sorted(str(file) for file in path.iterdir() if file.name.endswith(endings) and file.is_file())
            if not inside:
                raise SourceError(f"{place}: no {' or '.join(suffixes)} file in this folder")
            found += inside
        elif path.exists():
            found.append(place)
        else:
            raise SourceError(f"{place}: no such file", hint="give a file, a folder, an address or - for stdin")
    return found


def read_document(place: str, day: date | None, web: Web) -> Document:
    """Read one address, or get ready to read one file or (as "-") standard input.

    Raises:
        SourceError: An address cannot be read.
    """
    if place == "-":
        return Document("standard input", lambda: cast("BinaryIO", sys.stdin.buffer), day)
    if is_address(place):
        response = web.get(place)
        return Document(response.place, response.content, day)
    return Document(place, lambda: Path(place).open("rb"), day)
