"""Europe PMC: articles and preprints of the life sciences that match a query.

API: https://europepmc.org/RestfulWebService, `search` with all facts ("core"), page by page with a cursor; the fields
of queries: https://europepmc.org/searchsyntax. An article is often indexed days or weeks after it is published, so new
ones are those first indexed in the requested days and published not long before. Each version of a preprint is a
record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import arxiv_id, doi
from newsletter.papers.preprint_servers import first_version_of
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_object
from newsletter.sources.formats.medline import without_stop
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten

_PAGE_SIZE = 200
_MAX_PAGES = 25
#: Backfiles are indexed every day; an article that was published longer ago is not new.
_INDEXING_LAG = timedelta(days=60)
#: The collections of each kind: MEDLINE, PubMed Central and Agricola; preprints. Patents are in neither.
_COLLECTIONS = {"articles": ("MED", "PMC", "AGR"), "preprints": ("PPR",)}
_ANY_LATER_DAY = "3000-12-31"
_PREPRINT = "PPR"
_PATENT = "PAT"
#: The heading of a part of a structured abstract: "<h4>Background</h4>".
_HEADING = re.compile(r"<h4>([^<:.]{1,80}+)[:.]?</h4>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EuropePmc:
    """Articles and preprints that match a query."""

    name: ClassVar[str] = "europepmc"
    summary: ClassVar[str] = "Europe PMC: articles and preprints of the life sciences that match a query"
    follows: ClassVar[str] = "QUERY"
    example: ClassVar[str] = "'TITLE_ABS:\"gut microbiome\"'"
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    follow: tuple[str, ...] = setting((), "Queries in its own syntax, as in TITLE_ABS:asthma AND NOT AUTH:Doe.")
    include: tuple[str, ...] = setting(tuple(_COLLECTIONS), "What to look for.", choices=tuple(_COLLECTIONS))
    min_interval_hours: int = setting(12, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://www.ebi.ac.uk/europepmc/webservices/rest/search", "Address of the API.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the papers indexed in `span`, page by page; see `Source.fetch`."""
        if not self.follow:
            raise SourceError("europepmc: nothing to follow", hint=f"newsletter pull europepmc {self.example}")
        collections = " OR ".join(f"SRC:{one}" for kind in self.include for one in _COLLECTIONS[kind])
        published = f"FIRST_PDATE:[{span.first - _INDEXING_LAG} TO {_ANY_LATER_DAY}]"  # an issue may be dated ahead
        days = f"FIRST_IDATE:[{span.first} TO {span.last}] AND {published}"
        for query in self.follow:
            yield from self._search(f"({query}) AND ({collections}) AND {days}", client)

    def _search(self, query: str, client: HttpClient) -> Iterator[Document]:
        params: dict[str, str | int] = {
            "query": query, "resultType": "core", "format": "json", "pageSize": _PAGE_SIZE,
        }  # fmt: skip
        if client.contact:
            params["email"] = client.contact
        cursor = "*"
        for page in range(_MAX_PAGES):
            response = client.get(self.api, {**params, "cursorMark": cursor}, conditional=page == 0)
            if response.is_unchanged:
                return
            document = Document(response.place, response.content)
            yield document
            found = _response(document)
            following = values.word(found.get("nextCursorMark"))
            if not following or following == cursor or len(_records(found)) < _PAGE_SIZE:
                return
            cursor = following

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the papers of a response; see `Source.parse`."""
        for number, record in enumerate(_records(_response(document)), start=1):
            try:
                if values.part(record).get("source") != _PATENT:
                    yield _entry(values.part(record))
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error))


def _response(document: Document) -> dict[str, Any]:
    """Return the search result of a document.

    Raises:
        SourceError: It is none, or an error message.
    """
    response = read_object(document, "Europe PMC")
    if "errMsg" in response:
        message = values.plain_text(response["errMsg"]) or "failed"
        raise SourceError(f"{document.place}: Europe PMC error: {shorten(message, 200)}")
    if not isinstance(values.part(response.get("resultList")).get("result"), list):
        raise SourceError(f"{document.place}: unexpected response from Europe PMC: no results")
    return response


def _records(response: dict[str, Any]) -> list[Any]:
    records: list[Any] = response["resultList"]["result"]
    return records


def _entry(record: dict[str, Any]) -> Entry:
    """Parse one record; raise ValueError with the reason if it is invalid."""
    title = without_stop(values.text(record.get("title")))
    if not title:
        raise ValueError("no title")
    stated_doi, collection = values.word(record.get("doi")), values.word(record.get("source"))
    found_doi, version = doi(stated_doi), None
    if found_doi and collection == _PREPRINT:
        found_doi, version = first_version_of(found_doi)
        version = values.count(record.get("versionNumber")) or version
    first_day = values.day(record.get("firstPublicationDate"))
    types = [one.casefold() for one in values.texts(values.part(record.get("pubTypeList")).get("pubType"))]
    return Entry(
        source=EuropePmc.name,
        title=title,
        abstract=values.abstract(_HEADING.sub(r"<p>\1: ", values.word(record.get("abstractText")))),
        authors=_authors(record),
        arxiv_id=arxiv_id(stated_doi),
        doi=found_doi,
        # The date of a later version is not the day of publication.
        published=(first_day or values.stated(record.get("pubYear"))) if (version or 1) == 1 else None,
        keywords=values.texts(values.part(record.get("keywordList")).get("keyword")),
        venue=_venue(record),
        version=version,
        withdrawn=any(one == "retracted publication" or "withdrawn" in one for one in types),
        url=None if found_doi or arxiv_id(stated_doi) else _page(collection, values.word(record.get("id"))),
        pdf_url=_pdf(record),
    )


def _authors(record: dict[str, Any]) -> tuple[str, ...]:
    """Return the authors in full, else the line of last names and initials."""
    listed = values.objects(values.part(record.get("authorList")).get("author"))
    return tuple(filter(None, map(_author, listed))) or values.names(
        values.word(record.get("authorString")).strip().removesuffix(".")
    )


def _author(author: dict[str, Any]) -> str:
    given = values.text(author.get("firstName")) or values.text(author.get("initials"))
    family = values.text(author.get("lastName"))
    # The name of a group may contain a comma, and is not "Last, First".
    if not family:
        return values.text(author.get("fullName")) or values.text(author.get("collectiveName"))
    return "".join(values.people([f"{given} {family}"]))


def _venue(record: dict[str, Any]) -> str | None:
    """Return the journal, or the server of a preprint."""
    journal = values.part(values.part(record.get("journalInfo")).get("journal"))
    publisher = values.part(record.get("bookOrReportDetails")).get("publisher")
    names = (journal.get("title"), record.get("journalTitle"), publisher)
    return next((name for one in names if (name := values.text(one))), None)


def _page(collection: str, number: str) -> str | None:
    is_plain = collection.isascii() and collection.isalpha() and number.isascii() and number.isalnum()
    return f"https://europepmc.org/article/{collection}/{number}" if is_plain else None


def _pdf(record: dict[str, Any]) -> str | None:
    """Return the address of a PDF that is free to read."""
    urls = values.objects(values.part(record.get("fullTextUrlList")).get("fullTextUrl"))
    free = (one for one in urls if one.get("documentStyle") == "pdf" and one.get("availabilityCode") in ("OA", "F"))
    return next((found for one in free if (found := values.link(one.get("url")))), None)
