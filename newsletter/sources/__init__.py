"""The outside world → entries. One file per kind of source, and this registry of them by name.

A source fetches documents and parses them; the two are apart, so that every parser works on files as well,
and is tested on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Protocol

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources.documents import Document, Span
from newsletter.sources.huggingface import HuggingFace
from newsletter.sources.page import Page

if TYPE_CHECKING:
    import httpx

__all__ = ["SOURCES", "Document", "Source", "Span", "find_source"]


class Source(Protocol):
    """One kind of place that papers come from."""

    #: What people type: `newsletter pull NAME`.
    name: ClassVar[str]
    #: One line for `newsletter pull --help`.
    summary: ClassVar[str]
    #: File name endings read from a folder of recorded documents.
    suffixes: ClassVar[tuple[str, ...]]

    def fetch(self, span: Span, http: httpx.Client) -> Iterator[Document]:
        """Yield what the source lists for the days of `span`.

        Raises:
            SourceError: The source cannot be reached, answers with an error, or has no address to ask.
        """
        ...

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the document's entries, and a refusal for each one that cannot be taken.

        Raises:
            SourceError: The document as a whole is not what this source gives.
        """
        ...


SOURCES: dict[str, Source] = {source.name: source for source in (HuggingFace(), Page())}


def find_source(name: str) -> Source:
    """Return the source called `name`.

    Raises:
        SourceError: There is none.
    """
    if name not in SOURCES:
        raise SourceError(f"no source is called {name!r}", hint=f"known: {', '.join(sorted(SOURCES))}")
    return SOURCES[name]
