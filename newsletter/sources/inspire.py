"""INSPIRE: literature of high energy physics that matches a query.

API: https://github.com/inspirehep/rest-api-doc, with the fields of
https://inspire-schemas.readthedocs.io/en/latest/schemas/hep.html and the queries of
https://inspirehep.net/help/knowledge-base/inspire-paper-search/. Built from these documents, without the live API. New
are the records added (`da`) in the requested days: they come some hours after arXiv's announcement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal, StatedDate
from newsletter.papers.identifiers import arxiv_id, doi
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.dates import published
from newsletter.sources.formats.json_response import read_object
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten

_PAGE_SIZE = 250
# At most 10,000 records of a query can be had, on however many pages.
_MAX_PAGES = 10_000 // _PAGE_SIZE
_FIELDS = (
    "titles,abstracts,authors.full_name,collaborations,corporate_author,arxiv_eprints,dois,publication_info,"
    "earliest_date,imprints,keywords,inspire_categories,document_type,withdrawn,control_number"
)
#: Types of record that are volumes of papers, not papers.
_VOLUMES = frozenset({"proceedings", "activity report"})
#: DOIs of a record that belong to other texts: an erratum, an addendum, a review.
_OWN_MATERIALS = frozenset({"", "publication", "preprint", "version", "part", "ebook", "thesis"})


@dataclass(frozen=True, slots=True)
class Inspire:
    """Literature that matches a query."""

    name: ClassVar[str] = "inspire"
    summary: ClassVar[str] = "INSPIRE: literature of high energy physics that matches a query"
    follows: ClassVar[str] = "QUERY"
    example: ClassVar[str] = '"t dark photon"'
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    follow: tuple[str, ...] = setting((), "Queries in INSPIRE's syntax, as in a E.Witten.1 or t axion.")
    min_interval_hours: int = setting(12, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://inspirehep.net/api/literature", "Address of the API.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the records added in `span`, page by page; see `Source.fetch`."""
        if not self.follow:
            raise SourceError("inspire: nothing to follow", hint=f"newsletter pull inspire {self.example}")
        for query in self.follow:
            yield from self._search(query, span, client)

    def _search(self, query: str, span: Span, client: HttpClient) -> Iterator[Document]:
        params: dict[str, str | int] = {
            "q": f"({query}) and da >= {span.first} and da <= {span.last}", "sort": "mostrecent",
            "size": _PAGE_SIZE, "fields": _FIELDS,
        }  # fmt: skip
        for page in range(1, _MAX_PAGES + 1):
            response = client.get(self.api, {**params, "page": page}, conditional=page == 1)
            if response.is_unchanged:
                return
            document = Document(response.place, response.content)
            yield document
            records, total = _records(document)
            if len(records) < _PAGE_SIZE or (total is not None and page * _PAGE_SIZE >= total):
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the records of a response; see `Source.parse`."""
        for number, record in enumerate(_records(document)[0], start=1):
            metadata = values.part(values.part(record).get("metadata"))
            try:
                if volume := _VOLUMES.intersection(values.texts(metadata.get("document_type"))):
                    why = f"a whole volume ({min(volume)}), not a paper"
                    yield Refusal(f"{document.place}, entry {number}", why, is_left_out=True)
                else:
                    yield _entry(metadata)
            except ValueError as error:
                item = str(metadata.get("control_number") or "")
                yield Refusal(f"{document.place}, entry {number}", str(error), item)


def _records(document: Document) -> tuple[list[Any], int | None]:
    """Return the records of a response, a search or a single record, and how many the query has in all."""
    response = read_object(document, "INSPIRE")
    if isinstance(response.get("message"), str) and "hits" not in response:
        message = shorten(values.text(response["message"]), 200)
        raise SourceError(f"{document.place}: INSPIRE error: {message}")
    if "metadata" in response:
        return [response], None
    hits = values.part(response.get("hits"))
    records = hits.get("hits")
    if not isinstance(records, list):
        raise SourceError(f"{document.place}: unexpected response from INSPIRE: no records")
    return records, values.count(hits.get("total"))


def _entry(metadata: dict[str, Any]) -> Entry:
    """Parse one record; raise ValueError with the reason if it is invalid."""
    title = _preferred(metadata.get("titles"), "title")
    if title is None:
        raise ValueError("no title")
    eprints = values.objects(metadata.get("arxiv_eprints"))
    found_arxiv = next(filter(None, (arxiv_id(values.word(one.get("value"))) for one in eprints)), None)
    found_doi = next(
        (found for one in _own(metadata.get("dois")) if (found := doi(values.word(one.get("value"))))), None
    )
    categories: list[Any] = [name for one in eprints for name in values.texts(one.get("categories"))]
    categories += [one.get("term") for one in values.objects(metadata.get("inspire_categories"))]
    number = values.count(metadata.get("control_number"))
    return Entry(
        source=Inspire.name,
        title=values.plain_text(title["title"]) if _is_plain(title) else values.text(title["title"]),
        abstract=_abstract(metadata.get("abstracts")),
        authors=_authors(metadata),
        arxiv_id=found_arxiv,
        doi=found_doi,
        published=_published(metadata),
        categories=values.texts(categories),
        keywords=values.texts([one.get("value") for one in values.objects(metadata.get("keywords"))]),
        venue=_venue(metadata),
        withdrawn=metadata.get("withdrawn") is True,
        url=f"https://inspirehep.net/literature/{number}" if number and not (found_arxiv or found_doi) else None,
    )


def _preferred(texts: Any, name: str) -> dict[str, Any] | None:
    """Return the text of arXiv, else the first one: what is not empty of a list of `{name: …, "source": …}`."""
    found = [one for one in values.objects(texts) if values.text(one.get(name))]
    return next((one for one in found if _is_plain(one)), found[0] if found else None)


def _is_plain(text: dict[str, Any]) -> bool:
    """Return whether a text is arXiv's, which has TeX and no tags; publishers' have tags and MathML."""
    return values.word(text.get("source")).lower() == "arxiv"


def _abstract(abstracts: Any) -> str:
    found = _preferred(abstracts, "value")
    if found is None:
        return ""
    return values.plain_abstract(found["value"]) if _is_plain(found) else values.abstract(found["value"])


def _own(dois: Any) -> list[dict[str, Any]]:
    return [one for one in values.objects(dois) if values.word(one.get("material")).lower() in _OWN_MATERIALS]


def _authors(metadata: dict[str, Any]) -> tuple[str, ...]:
    """Return the people, else the collaborations or institutions that sign as one."""
    people = values.people(one.get("full_name") for one in values.objects(metadata.get("authors")))
    groups = values.texts([one.get("value") for one in values.objects(metadata.get("collaborations"))])
    named = tuple(one if "ollaboration" in one else f"{one} Collaboration" for one in groups)
    return people or named or values.texts(metadata.get("corporate_author"))


def _published(metadata: dict[str, Any]) -> StatedDate | None:
    imprints = [one.get("date") for one in values.objects(metadata.get("imprints"))]
    years = [one.get("year") for one in values.objects(metadata.get("publication_info"))]
    return next((day for one in (metadata.get("earliest_date"), *imprints, *years) if (day := _day(one))), None)


def _day(stated: Any) -> StatedDate | None:
    return published({"published": stated})


def _venue(metadata: dict[str, Any]) -> str | None:
    found = values.objects(metadata.get("publication_info"))
    names = (values.text(one.get("journal_title")) for one in found)
    return next((name for name in names if name and not name.lower().startswith("arxiv")), None)
