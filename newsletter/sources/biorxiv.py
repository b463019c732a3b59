"""bioRxiv and medRxiv, from their common API or from saved responses.

API: https://api.biorxiv.org, `GET /details/{server}/{from}/{to}/{cursor}/json`. It lists every version of a preprint
by the day of that version, in pages whose size has changed over the years. It has no full-text search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import doi
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_json
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten

_MAX_PAGES = 400  # a month of bioRxiv in pages of 30 is less


@dataclass(frozen=True, slots=True)
class _Server:
    """Settings and methods that the two servers share."""

    name: ClassVar[str]
    #: The name in its own spelling.
    venue: ClassVar[str]
    follows: ClassVar[str] = "CATEGORY"
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    follow: tuple[str, ...] = setting((), "Categories, as the site names them; empty means all.")
    min_interval_hours: int = setting(6, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://api.biorxiv.org/details", "Address of the API.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield one document per page; see `Source.fetch`."""
        cursor = 0
        for _ in range(_MAX_PAGES):
            address = f"{self.api}/{self.name}/{span.first}/{span.last}/{cursor}/json"
            response = client.get(address, conditional=cursor == 0)
            if response.is_unchanged:
                return
            document = Document(response.place, response.content)
            yield document
            rows, total = _load(document)
            cursor += len(rows)
            if not rows or (total is not None and cursor >= total):
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the preprints of one page, the newest version of each; see `Source.parse`."""
        followed = {_normalised(category) for category in self.follow}
        found: dict[str | None, Entry] = {}
        for number, row in enumerate(_load(document)[0], start=1):
            try:
                entry = _entry(row, self.name, self.venue)
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error))
            else:
                found[entry.doi] = _newer(found.get(entry.doi, entry), entry)
        for entry in found.values():
            if not followed or any(_normalised(category) in followed for category in entry.categories):
                yield entry


@dataclass(frozen=True, slots=True)
class Biorxiv(_Server):
    """Preprints of the life sciences."""

    name: ClassVar[str] = "biorxiv"
    venue: ClassVar[str] = "bioRxiv"
    summary: ClassVar[str] = "bioRxiv preprints by category, or saved responses of its API (JSON)"
    example: ClassVar[str] = "neuroscience bioinformatics"


@dataclass(frozen=True, slots=True)
class Medrxiv(_Server):
    """Preprints of the health sciences."""

    name: ClassVar[str] = "medrxiv"
    venue: ClassVar[str] = "medRxiv"
    summary: ClassVar[str] = "medRxiv preprints by category, or saved responses of its API (JSON)"
    example: ClassVar[str] = "epidemiology oncology"


# -- responses ---------------------------------------------------------------------------------------


def _load(document: Document) -> tuple[list[Any], int | None]:
    """Return the rows of a response, and the number of rows on all pages."""
    response = read_json(document)
    if not isinstance(response, dict):
        raise SourceError(f"{document.place}: unexpected response from bioRxiv: expected a JSON object")
    message = next(iter(values.objects(response.get("messages"))), {})
    status = values.text(message.get("status"))
    rows = response.get("collection")
    if not rows and status.lower().startswith("no posts found"):
        return [], 0
    if not isinstance(rows, list) or (not rows and status not in ("", "ok")):
        why = shorten(status, 100) if status and status != "ok" else "no collection"
        raise SourceError(f"{document.place}: unexpected response from bioRxiv: {why}")
    return rows, _number(message.get("total"))


def _number(value: Any) -> int | None:
    """Parse a number given as a number or as text."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


# -- preprints ----------------------------------------------------------------------------------------

_WITHDRAWN_HEADING = re.compile(r"withdrawn\s*:", re.IGNORECASE)
_WITHDRAWAL_NOTICE = re.compile(
    r"\b(?:has|have) withdrawn (?:this|their|the) (?:manuscript|preprint|paper|article|work|study)\b"
    r"|\bthis (?:manuscript|preprint|paper|article|work|study) (?:has been|was|is) withdrawn\b",
    re.IGNORECASE,
)


def _entry(row: Any, server: str, venue: str) -> Entry:
    """Parse one row; raise ValueError with the reason if it is invalid."""
    if not isinstance(row, dict):
        raise ValueError("not a preprint")
    title = values.text(row.get("title"))
    found_doi = doi(values.text(row.get("doi")))
    if not title:
        raise ValueError("no title")
    if found_doi is None:
        raise ValueError(f"no DOI (its doi is {shorten(repr(row.get('doi')), 60)})")
    version = _number(row.get("version")) or None
    abstract = values.abstract(row.get("abstract"))
    authors = row.get("authors")
    return Entry(
        source=server,
        title=title,
        abstract=abstract,
        authors=values.names(authors) if isinstance(authors, str) else (),
        organization=_unless_na(row.get("author_corresponding_institution")),
        doi=found_doi,
        # The date of a later version is not the day of publication.
        published=values.day(row.get("date")) if version == 1 else None,
        categories=tuple(filter(None, [_unless_na(row.get("category"))])),
        venue=venue,
        version=version,
        withdrawn=_is_withdrawn(values.text(row.get("type")), title, abstract),
        url=f"https://www.{server}.org/content/{found_doi}{f'v{version}' if version else ''}",
    )


def _newer(one: Entry, other: Entry) -> Entry:
    """Return the newer of two versions, with the publication day of the first if it is one of them."""
    newest = max(one, other, key=lambda entry: entry.version or 0)
    return replace(newest, published=one.published or other.published)


def _unless_na(value: Any) -> str | None:
    """Return text, or None; the API writes "NA" for a missing value."""
    text = values.text(value)
    return text if text and text != "NA" else None


def _is_withdrawn(kind: str, title: str, abstract: str) -> bool:
    """Return whether a preprint was withdrawn, by its type or by the notice that replaces its title or abstract."""
    headed = any(_WITHDRAWN_HEADING.match(text) for text in (title, abstract))
    return headed or "withdrawn" in kind.lower() or bool(_WITHDRAWAL_NOTICE.search(abstract[:500]))


def _normalised(category: str) -> str:
    """Return a category for comparison: "Cell Biology", "cell-biology" and "cell_biology" are equal."""
    return re.sub(r"[\s_-]+", " ", category).strip().casefold()


# -- addresses ----------------------------------------------------------------------------------------

# http://biorxiv.org/cgi/content/short/2023.12.16.571984v1?rss=1, https://www.medrxiv.org/content/10.1101/…v2.full
_ADDRESS = re.compile(
    r"https?://(?:[a-z]+\.)?(?:bio|med)rxiv\.org/(?:cgi/)?content/(?:[a-z]+/)?(?:\d{4}/\d\d/\d\d/)?"
    r"(?:(?P<prefix>10\.\d{4,9})/)?(?P<number>(?:\d{4}\.\d\d\.\d\d\.)?\d{6,8})(?:v(?P<version>[1-9]\d?))?"
    r"(?:\.[a-z.-]+)?/?(?:[?#].*)?",
    re.IGNORECASE | re.ASCII,
)
_OLD_PREFIX, _NEW_PREFIX = "10.1101", "10.64898"
#: Months with papers under either prefix: openRxiv took over in December 2025.
_EITHER = ("2025.11", "2025.12")


def preprint_of(address: str) -> tuple[str | None, int | None]:
    """Return the DOI and version in a URL of bioRxiv or medRxiv; each is None if absent."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None, None
    prefix, number = match["prefix"], match["number"]
    month = number[:7] if "." in number else ""
    if prefix is None and month not in _EITHER:
        prefix = _NEW_PREFIX if month > _EITHER[-1] else _OLD_PREFIX
    version = int(match["version"]) if match["version"] else None
    return (f"{prefix}/{number}", version) if prefix else (None, version)
