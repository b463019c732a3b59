"""Semantic Scholar: papers that match a query.

API: https://api.semanticscholar.org/api-docs/graph, `paper/search/bulk`: a thousand papers per page, the next by a
token. Only the requested fields are returned, and any may be null. This search rejects the field `tldr`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import arxiv_id, doi
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_json
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten

_FIELDS = (
    "paperId,externalIds,title,abstract,venue,publicationVenue,publicationDate,year,authors,openAccessPdf,url,"
    "s2FieldsOfStudy"
)
_MAX_PAGES = 10


@dataclass(frozen=True, slots=True)
class SemanticScholar:
    """Papers that match a query."""

    name: ClassVar[str] = "semanticscholar"
    summary: ClassVar[str] = "Semantic Scholar: papers that match a query"
    follows: ClassVar[str] = "QUERY"
    example: ClassVar[str] = '"in-context learning"'
    suffixes: ClassVar[tuple[str, ...]] = (".json", ".yaml", ".yml")

    follow: tuple[str, ...] = setting((), 'Queries in its own syntax, as in "in-context learning" +agents -survey.')
    api_key: str | None = setting(None, "An API key; without one, all clients share one rate limit.", secret=True)
    min_interval_hours: int = setting(12, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting(
        "https://api.semanticscholar.org/graph/v1/paper/search/bulk", "Address of the API.", internal=True
    )

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the papers published in `span`, page by page; see `Source.fetch`."""
        if not self.follow:
            raise SourceError(
                "semanticscholar: nothing to follow", hint=f"newsletter pull semanticscholar {self.example}"
            )
        for query in self.follow:
            yield from self._search(query, span, client)

    def _search(self, query: str, span: Span, client: HttpClient) -> Iterator[Document]:
        params: dict[str, str | int] = {
            "query": query, "fields": _FIELDS, "publicationDateOrYear": f"{span.first}:{span.last}",
        }  # fmt: skip
        headers = {"x-api-key": self.api_key} if self.api_key else {}
        for page in range(_MAX_PAGES):
            response = client.get(self.api, params, headers=headers, conditional=page == 0)
            if response.is_unchanged:
                return
            document = Document(response.place, response.content)
            yield document
            content = read_json(document)
            token = content.get("token") if isinstance(content, dict) else None
            if not isinstance(token, str) or not token or not _papers(document):
                return
            params["token"] = token

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the papers of a response; see `Source.parse`."""
        for number, paper in enumerate(_papers(document), start=1):
            try:
                yield _entry(paper)
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error))


def _papers(document: Document) -> list[Any]:
    """Return the papers of a response: of a search, an author, a batch (null if not found), or a single paper."""
    response = read_json(document)
    if isinstance(response, dict):
        for key in ("error", "message"):
            if isinstance(response.get(key), str):
                message = shorten(values.plain_text(response[key]), 200)
                raise SourceError(f"{document.place}: Semantic Scholar error: {message}")
        nothing = [] if response.get("total") == 0 else [response]  # a search without results may omit "data"
        papers = response.get("data", response.get("papers", nothing))
    else:
        papers = response
    if not isinstance(papers, list) or not _are_papers(papers):
        raise SourceError(f"{document.place}: unexpected response from Semantic Scholar: no papers")
    return papers


def _are_papers(papers: list[Any]) -> bool:
    """Return whether a list may be of papers: it is empty, or one has the fields of a paper and not of an author."""
    found = [one for one in papers if one is not None]
    return not found or any("paperId" in one or "title" in one for one in values.objects(found))


def _entry(paper: Any) -> Entry:
    """Parse one paper; raise ValueError with the reason if it is invalid."""
    if not isinstance(paper, dict):
        raise ValueError("not found" if paper is None else "not a paper")
    title = values.plain_text(paper.get("title"))
    if not title:
        raise ValueError("no title")
    ids, tldr, pdf = (values.part(paper.get(name)) for name in ("externalIds", "tldr", "openAccessPdf"))
    venue = values.plain_text(paper.get("venue")) or values.plain_text(
        values.part(paper.get("publicationVenue")).get("name")
    )
    return Entry(
        source=SemanticScholar.name,
        title=title,
        abstract=values.plain_abstract(paper.get("abstract")),
        authors=values.people(author.get("name") for author in values.objects(paper.get("authors"))),
        arxiv_id=arxiv_id(values.word(ids.get("ArXiv"))) or arxiv_id(values.word(ids.get("DOI"))),
        doi=doi(values.word(ids.get("DOI"))),
        published=values.day(paper.get("publicationDate")) or values.stated(paper.get("year")),
        categories=values.texts([field.get("category") for field in values.objects(paper.get("s2FieldsOfStudy"))]),
        venue=venue if venue and not venue.lower().startswith("arxiv") else None,
        summary=values.plain_text(tldr.get("text")) or None,
        url=values.link(paper.get("url")),
        pdf_url=values.link(pdf.get("url")),
    )
