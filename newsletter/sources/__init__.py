"""The outside world → entries. One file per kind of source, and this registry of them by name.

A source fetches documents and parses them; the two are apart, so that every parser works on files as well,
and is tested on them. It is a frozen dataclass: its fields are what may be set (`sources.settings`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib.metadata import entry_points
from typing import ClassVar, Protocol

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.biorxiv import Biorxiv, Medrxiv
from newsletter.sources.crossref import Crossref
from newsletter.sources.documents import Document, Span
from newsletter.sources.feed import Feed
from newsletter.sources.file import File
from newsletter.sources.formats import values
from newsletter.sources.http.client import Web
from newsletter.sources.huggingface import HuggingFace
from newsletter.sources.huggingface_page import Page
from newsletter.sources.openalex import OpenAlex
from newsletter.sources.pubmed import Pubmed
from newsletter.sources.semanticscholar import SemanticScholar
from newsletter.sources.settings import setting

__all__ = ["Document", "Source", "Span", "Web", "all_sources", "find_source", "setting", "values"]

_OURS: tuple[type[Source], ...] = (
    HuggingFace, Arxiv, Biorxiv, Medrxiv, OpenAlex, SemanticScholar, Crossref, Pubmed, Feed, File, Page,
)  # fmt: skip
#: Where installed packages name sources of their own; see docs/sources.md.
_GROUP = "newsletter.sources"


class Source(Protocol):
    """One kind of place that papers come from, with its settings."""

    #: What people type: `newsletter pull NAME`.
    name: ClassVar[str]
    #: One line on what it is.
    summary: ClassVar[str]
    #: What `follow` holds, as the command line names it ("CATEGORY|QUERY"); "" for a source of files only.
    follows: ClassVar[str]
    #: The rest of a command that works: "cs.CL cs.LG".
    example: ClassVar[str]
    #: File name endings read from a folder of recorded documents.
    suffixes: ClassVar[tuple[str, ...]]

    def fetch(self, span: Span, web: Web) -> Iterator[Document]:
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


@cache
def all_sources() -> dict[str, type[Source]]:
    """Return every kind of source by name: ours, then those that installed packages bring."""
    found = {source.name: source for source in _OURS}
    for point in entry_points(group=_GROUP):
        if point.name not in found:
            try:
                found[point.name] = point.load()
            except Exception as error:  # noqa: BLE001 - whatever is wrong with that package, ours go on
                logging.getLogger(__name__).warning("source %s cannot be loaded: %r", point.name, error)
    return found


def find_source(name: str) -> type[Source]:
    """Return the kind of source called `name`.

    Raises:
        SourceError: There is none.
    """
    known = all_sources()
    if name not in known:
        raise SourceError(f"no source is called {name!r}", hint=f"known: {', '.join(known)}")
    return known[name]
