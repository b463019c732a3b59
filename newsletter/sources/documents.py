"""Documents: what a source gives before parsing, from the network or from files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import SourceError
from newsletter.sources.http import get

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Document:
    """One answer of a source, as bytes."""

    #: Where it came from: an address or a file's path, for messages.
    place: str
    content: bytes
    #: The day it stands for, where that was asked for.
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Days to ask a source for, both ends included."""

    first: date
    last: date


def find_documents(places: Sequence[str], suffixes: tuple[str, ...]) -> list[str]:
    """Turn folders into their files of these endings, in order of name, and check that the other files exist.

    Raises:
        SourceError: A file does not exist, or a folder holds nothing to read.
    """
    found: list[str] = []
    for place in places:
        path = Path(place)
        if place == "-" or _is_address(place):
            found.append(place)
        elif path.is_dir():
            inside = sorted(str(file) for file in path.iterdir() if file.suffix in suffixes and file.is_file())
            if not inside:
                raise SourceError(f"{place}: no {' or '.join(suffixes)} file in this folder")
            found += inside
        elif path.exists():
            found.append(place)
        else:
            raise SourceError(f"{place}: no such file", hint="give a file, a folder, an address or - for stdin")
    return found


def read_document(place: str, day: date | None, http: httpx.Client) -> Document:
    """Read one file, address or (as "-") standard input.

    Raises:
        SourceError: It cannot be read.
    """
    if place == "-":
        return Document("standard input", sys.stdin.buffer.read(), day)
    if _is_address(place):
        return Document(place, get(http, place).content, day)
    try:
        return Document(place, Path(place).read_bytes(), day)
    except OSError as error:
        raise SourceError(f"{place}: {error.strerror or error}") from error


def _is_address(place: str) -> bool:
    return place.startswith(("https://", "http://"))
