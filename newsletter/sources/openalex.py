"""OpenAlex: works by query, author, source, topic or institution.

API: https://docs.openalex.org/api-entities/works. Abstracts are an inverted index (word → positions). Since
February 2026 an API key is required for more than a few requests a day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import arxiv_id, doi
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_object
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten

_PAGE_SIZE = 100
_MAX_PAGES = 50
_FIELDS = (
    "id,doi,ids,title,display_name,publication_date,type,abstract_inverted_index,authorships,primary_location,"
    "locations,topics,keywords,is_retracted,is_paratext"
)
# Filters by the first letter of an id: https://docs.openalex.org/api-entities/works/filter-works
_FILTERS = {
    "A": "authorships.author.id", "S": "primary_location.source.id", "T": "topics.id",
    "I": "authorships.institutions.id",
}  # fmt: skip
_ID = re.compile(r"(?:https?://openalex\.org/)?(?P<id>[ASTI]\d{4,12})", re.IGNORECASE)
_NON_WORK_ID = re.compile(r"https?://openalex\.org/(?!W)[A-Z]\d+")
_ORCID = re.compile(r"(?:https?://orcid\.org/)?(?P<id>\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
_NON_PAPER_TYPES = frozenset(
    {"paratext", "retraction", "editorial", "erratum", "grant", "peer-review", "supplementary-materials"}
)
_MAX_WORDS = 5_000


@dataclass(frozen=True, slots=True)
class OpenAlex:
    """Works by query, author, source, topic or institution."""

    name: ClassVar[str] = "openalex"
    summary: ClassVar[str] = "OpenAlex: works by query, author, source, topic or institution"
    follows: ClassVar[str] = "QUERY|ID|ORCID"
    example: ClassVar[str] = '"retrieval augmented generation"'
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    follow: tuple[str, ...] = setting((), "Words in title and abstract; an ORCID; or an id: A… S… T… I….")
    api_key: str | None = setting(None, "An API key; without one the rate limit is very low.", secret=True)
    min_interval_hours: int = setting(12, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://api.openalex.org/works", "Address of the API.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the works published in `span`, page by page; see `Source.fetch`."""
        if not self.follow:
            raise SourceError("openalex: nothing to follow", hint=f"newsletter pull openalex {self.example}")
        for one in self.follow:
            yield from self._search(one, span, client)

    def _search(self, followed: str, span: Span, client: HttpClient) -> Iterator[Document]:
        published = f"from_publication_date:{span.first},to_publication_date:{span.last}"
        params: dict[str, str | int] = {
            "filter": f"{published},{_filter(followed)}", "select": _FIELDS, "per-page": _PAGE_SIZE,
        }  # fmt: skip
        if client.contact:
            params["mailto"] = client.contact
        secrets = {"api_key": self.api_key} if self.api_key else {}
        cursor = "*"
        for page in range(_MAX_PAGES):
            response = client.get(self.api, {**params, "cursor": cursor}, secrets=secrets, conditional=page == 0)
            if response.is_unchanged:
                return
            document = Document(response.place, response.content)
            yield document
            page_object = read_object(document, "OpenAlex")
            meta = page_object.get("meta")
            cursor = str((meta.get("next_cursor") if isinstance(meta, dict) else "") or "")
            if not cursor or len(values.objects(page_object.get("results"))) < _PAGE_SIZE:
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the works of a response; see `Source.parse`."""
        response = read_object(document, "OpenAlex")
        if isinstance(response.get("error"), str):
            message = values.text(response.get("message")) or values.text(response["error"])
            raise SourceError(f"{document.place}: OpenAlex error: {shorten(message, 200)}")
        works = response.get("results") if "results" in response else [response]
        if not isinstance(works, list) or not ("results" in response or "authorships" in response):
            raise SourceError(f"{document.place}: unexpected response from OpenAlex: no works")
        for number, work in enumerate(works, start=1):
            try:
                if _is_paper(values.part(work)):
                    yield _entry(values.part(work))
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error))


def _filter(followed: str) -> str:
    """Return the filter for an ORCID, an id, or words in title and abstract."""
    if match := _ORCID.fullmatch(followed):
        return f"authorships.author.orcid:{match['id']}"
    if match := _ID.fullmatch(followed):
        return f"{_FILTERS[match['id'][0].upper()]}:{match['id'].upper()}"
    # A comma separates filters, and a pipe means "or" between ids.
    return f"title_and_abstract.search:{followed.replace(',', ' ').replace('|', ' ')}"


def _is_paper(work: dict[str, Any]) -> bool:
    return work.get("is_paratext") is not True and values.word(work.get("type")) not in _NON_PAPER_TYPES


def _entry(work: dict[str, Any]) -> Entry:
    """Parse one work; raise ValueError with the reason if it is invalid."""
    if _NON_WORK_ID.match(values.word(work.get("id"))):  # authors and sources also have a display name
        raise ValueError(f"not a work (its id is {shorten(work['id'], 60)})")
    title = values.text(work.get("title")) or values.text(work.get("display_name"))
    if not title:
        raise ValueError("no title")
    authorships = values.objects(work.get("authorships"))
    location = values.part(work.get("primary_location"))
    venue = values.text(values.part(location.get("source")).get("display_name"))
    found_arxiv, found_doi = _arxiv(work), doi(values.word(work.get("doi")))
    return Entry(
        source=OpenAlex.name,
        title=title,
        abstract=values.abstract(_abstract(work.get("abstract_inverted_index"))),
        authors=values.people(values.part(one.get("author")).get("display_name") for one in authorships),
        organization=_organization(authorships),
        arxiv_id=found_arxiv,
        doi=found_doi,
        published=values.day(work.get("publication_date")),
        categories=values.texts([topic.get("display_name") for topic in values.objects(work.get("topics"))]),
        keywords=values.texts([keyword.get("display_name") for keyword in values.objects(work.get("keywords"))]),
        venue=venue if venue and not venue.lower().startswith("arxiv") else None,
        withdrawn=work.get("is_retracted") is True,
        url=None if found_arxiv or found_doi else values.link(location.get("landing_page_url")),
        pdf_url=values.link(location.get("pdf_url")),
    )


def _abstract(index: Any) -> str:
    """Return the text of an inverted index."""
    occurrences = sorted(
        (position, word)
        for word, positions in values.part(index).items()
        for position in (positions if isinstance(positions, list) else ())
        if isinstance(position, int)
    )
    return " ".join(word for _, word in occurrences[:_MAX_WORDS])


def _arxiv(work: dict[str, Any]) -> str | None:
    locations = values.objects(work.get("locations"))
    candidates = [work.get("doi"), *(one.get("landing_page_url") for one in locations)]
    candidates += [one.get("pdf_url") for one in locations]
    return next((found for one in candidates if isinstance(one, str) and (found := arxiv_id(one))), None)


def _organization(authorships: list[dict[str, Any]]) -> str | None:
    """Return the institution of the first author with one."""
    institutions = (values.objects(one.get("institutions")) for one in authorships)
    names = (values.text(one.get("display_name")) for found in institutions for one in found)
    return next((name for name in names if name), None)
