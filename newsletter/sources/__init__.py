"""Sources of papers: one module per kind of source, and this registry of them by name.

A source fetches documents and parses them into entries. The two steps are separate, so that every parser also works on
files, and is tested on them. A source is a frozen dataclass whose fields are its settings (`sources.settings`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import ClassVar, Protocol

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting

__all__ = ["Document", "HttpClient", "Source", "Span", "all_sources", "find_source", "setting", "values"]

#: The built-in kinds by name: their module and class, imported when a kind is asked for.
_BUILT_IN = {
    "huggingface": "huggingface.HuggingFace",
    "arxiv": "arxiv.Arxiv",
    "biorxiv": "biorxiv.Biorxiv",
    "medrxiv": "biorxiv.Medrxiv",
    "openalex": "openalex.OpenAlex",
    "semanticscholar": "semanticscholar.SemanticScholar",
    "crossref": "crossref.Crossref",
    "pubmed": "pubmed.Pubmed",
    "europepmc": "europepmc.EuropePmc",
    "dblp": "dblp.Dblp",
    "inspire": "inspire.Inspire",
    "ads": "ads.Ads",
    "acl": "acl.Acl",
    "openreview": "openreview.OpenReview",
    "zotero": "zotero.Zotero",
    "alerts": "alerts.Alerts",
    "feed": "feed.Feed",
    "file": "file.File",
    "page": "huggingface_page.Page",
}
#: The entry-point group of source plugins; see docs/sources.md.
_ENTRY_POINTS = "newsletter.sources"


class Source(Protocol):
    """One kind of source, with its settings."""

    #: As on the command line: `newsletter pull NAME`.
    name: ClassVar[str]
    #: One line that describes it.
    summary: ClassVar[str]
    #: The metavariable of `follow` on the command line ("CATEGORY|QUERY"); "" for a source that only reads files.
    follows: ClassVar[str]
    #: Arguments of a working example: "cs.CL cs.LG".
    example: ClassVar[str]
    #: File name suffixes read from a folder of saved documents.
    suffixes: ClassVar[tuple[str, ...]]

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the documents that the source lists for the days of `span`.

        Raises:
            SourceError: The connection failed, the response is an error, or there is nothing to follow.
        """
        ...

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the entries of a document, and a refusal for each invalid one.

        Raises:
            SourceError: The document as a whole is not one of this source.
        """
        ...


@cache
def all_sources() -> dict[str, type[Source]]:
    """Return every kind of source by name: the built-in ones, then those of installed plugins."""
    found = {name: _built_in(name) for name in _BUILT_IN}
    for point in entry_points(group=_ENTRY_POINTS):
        if point.name not in found:
            try:
                found[point.name] = point.load()
            except Exception as error:  # noqa: BLE001 - a broken plugin must not disable the other sources
                logging.getLogger(__name__).warning("source plugin %s failed to load: %r", point.name, error)
    return found


def find_source(name: str) -> type[Source]:
    """Return the kind of source called `name`.

    Raises:
        SourceError: There is no source of this name.
    """
    if name in _BUILT_IN:
        return _built_in(name)
    known = all_sources()
    if name not in known:
        raise SourceError(f"unknown source {name!r}", hint=f"known: {', '.join(known)}")
    return known[name]


@cache
def _built_in(name: str) -> type[Source]:
    module, _, kind = _BUILT_IN[name].partition(".")
    source: type[Source] = getattr(import_module(f"newsletter.sources.{module}"), kind)
    return source
