"""NASA ADS: literature of astronomy and physics that matches a query.

API: https://ui.adsabs.harvard.edu/help/api/ and https://github.com/adsabs/adsabs-dev-api; queries:
https://ui.adsabs.harvard.edu/help/search/search-syntax. Built from these documents, without the live API. New are the
records entered (`entdate`) in the requested days. A token is required; the limit is a number of requests a day, of
which the headers X-RateLimit-Remaining and X-RateLimit-Reset tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from urllib.parse import quote

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal, StatedDate
from newsletter.papers.identifiers import arxiv_id, doi
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_object
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten

_PAGE_SIZE = 200
_MAX_PAGES = 25
_FIELDS = "bibcode,title,abstract,author,author_count,doi,identifier,pubdate,pub,keyword,arxiv_class,doctype,entry_date"
#: Types of record that are not papers: https://ui.adsabs.harvard.edu/help/search/search-syntax (doctype).
_NON_PAPER_TYPES = frozenset({
    "bookreview", "catalog", "editorial", "erratum", "instrument", "newsletter", "obituary", "pressrelease",
    "proceedings", "proposal", "service", "software",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ads:
    """Literature that matches a query."""

    name: ClassVar[str] = "ads"
    summary: ClassVar[str] = "NASA ADS: literature of astronomy and physics that matches a query"
    follows: ClassVar[str] = "QUERY"
    example: ClassVar[str] = '"abs:exoplanet property:refereed"'
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    follow: tuple[str, ...] = setting((), 'Queries in the syntax of ADS, as in author:"Leavitt, H" or abs:exoplanet.')
    api_key: str | None = setting(None, "The API token of an account; required.", secret=True, required=True)
    min_interval_hours: int = setting(12, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://api.adsabs.harvard.edu/v1/search/query", "Address of the API.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the records entered in `span`, page by page; see `Source.fetch`."""
        if not self.follow:
            raise SourceError("ads: nothing to follow", hint=f"newsletter pull ads {self.example}")
        if not self.api_key:
            raise SourceError("ads: no API token", hint="set NEWSLETTER_ADS_API_KEY; ADS gives one to each account")
        for query in self.follow:
            yield from self._search(query, span, client, {"Authorization": f"Bearer {self.api_key}"})

    def _search(self, query: str, span: Span, client: HttpClient, headers: dict[str, str]) -> Iterator[Document]:
        params: dict[str, str | int] = {
            "q": query, "fq": f"entdate:[{span.first} TO {span.last}]", "fl": _FIELDS, "rows": _PAGE_SIZE,
            "sort": "date desc,bibcode desc",
        }  # fmt: skip
        start = 0
        for _ in range(_MAX_PAGES):
            response = client.get(self.api, {**params, "start": start}, headers=headers, conditional=start == 0)
            if response.is_unchanged:
                return
            document = Document(response.place, response.content)
            yield document
            records, total = _records(document)
            start += len(records)
            if not records or start >= total:
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the records of a response; see `Source.parse`."""
        for number, record in enumerate(_records(document)[0], start=1):
            fields = values.part(record)
            try:
                if (kind := values.word(fields.get("doctype"))) in _NON_PAPER_TYPES:
                    yield Refusal(f"{document.place}, entry {number}", f"not a paper ({kind})", is_left_out=True)
                else:
                    yield _entry(fields)
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error), values.word(fields.get("bibcode")))


def _records(document: Document) -> tuple[list[Any], int]:
    """Return the records of a response, and how many the query has in all; without that number, all that are here."""
    response = read_object(document, "ADS")
    if error := response.get("error"):
        message = values.text(values.part(error).get("msg")) or values.text(error) or "failed"
        raise SourceError(f"{document.place}: ADS error: {shorten(message, 200)}")
    found = values.part(response.get("response"))
    records = found.get("docs")
    if not isinstance(records, list):
        raise SourceError(f"{document.place}: unexpected response from ADS: no records")
    total = values.count(found.get("numFound"))
    return records, len(records) if total is None else total


def _entry(fields: dict[str, Any]) -> Entry:
    """Parse one record; raise ValueError with the reason if it is invalid."""
    title = next(iter(_texts(fields.get("title"))), "")
    if not title:
        raise ValueError("no title")
    identifiers = [one for one in _list(fields.get("identifier")) if isinstance(one, str)]
    # A bibcode or a journal's number may look like an arXiv id: only one that says so counts.
    found_arxiv = next((found for one in identifiers if "arxiv:" in one.lower() and (found := arxiv_id(one))), None)
    dois = [one for one in (*_list(fields.get("doi")), *identifiers) if isinstance(one, str)]
    found_doi = next((found for one in dois if (found := doi(one))), None)
    bibcode, venue = values.word(fields.get("bibcode")), values.text(fields.get("pub"))
    return Entry(
        source=Ads.name,
        title=title,
        abstract=values.abstract(fields.get("abstract")),
        authors=values.people(_list(fields.get("author"))),
        author_count=values.count(fields.get("author_count")),
        arxiv_id=found_arxiv,
        doi=found_doi,
        published=_published(fields.get("pubdate")),
        categories=values.texts(_list(fields.get("arxiv_class"))),
        keywords=_texts(fields.get("keyword")),
        venue=venue if venue and not venue.lower().startswith("arxiv") else None,
        url=None if found_arxiv or found_doi or not bibcode else _page_of(bibcode),
    )


def _list(value: Any) -> list[Any]:
    """Return a list, or a list of one value: a Solr field may be either."""
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> tuple[str, ...]:
    return values.texts(_list(value))


def _published(pubdate: Any) -> StatedDate | None:
    """Return the date of "2026-05-00", in which what is not known is zero."""
    parts = [None if part.strip("0") == "" else part for part in values.word(pubdate)[:10].split("-")]
    return values.stated(*parts) if 1 <= len(parts) <= 3 else None


def _page_of(bibcode: str) -> str | None:
    return values.link(f"https://ui.adsabs.harvard.edu/abs/{quote(bibcode, safe='')}/abstract")
