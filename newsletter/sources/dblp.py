"""dblp: publications in computer science by venue, author or query.

API: https://dblp.org/faq/13501473.html (search, as JSON), with the operators of https://dblp.org/search: all words,
each as a prefix, `word$` for the word itself, `a|b` for either. dblp states the year of a publication and no day, so
all of a year is asked for; what is known already is merged. It has no abstracts. It asks for a second or two between
requests (https://dblp.org/faq/1474706.html), and shows those who ask too fast a web page.
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
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_object
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten

#: The API returns at most 1000 at a time.
_PAGE_SIZE = 1000
_MAX_PAGES = 10
#: Proceedings are often listed weeks after their year has ended.
_LISTING_LAG = timedelta(days=90)
# https://dblp.org/db/conf/acl, conf/acl, journals/jmlr
_STREAM = re.compile(
    r"(?:https?://dblp\.(?:org|uni-trier\.de)/)?(?:streams/|db/)?((?:conf|journals|series)/[\w-]+)/?", re.ASCII
)
_FACET = re.compile(r"(author|venue|stream|type):\s*(.+?):?")
#: Whole volumes, which are no papers.
_EDITORSHIP = "Editorship"
_ARXIV_VENUE = "CoRR"


@dataclass(frozen=True, slots=True)
class Dblp:
    """Publications by venue, author or query."""

    name: ClassVar[str] = "dblp"
    summary: ClassVar[str] = "dblp: publications in computer science by venue, author or query; without abstracts"
    follows: ClassVar[str] = "VENUE|AUTHOR|QUERY"
    example: ClassVar[str] = 'conf/acl "author:Ada Lovelace"'
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    follow: tuple[str, ...] = setting(
        (), "Venues by key (conf/acl, journals/jmlr), author:NAME, or words in the title."
    )
    min_interval_hours: int = setting(24, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://dblp.org/search/publ/api", "Address of the API.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the publications of the years of `span`, page by page; see `Source.fetch`."""
        if not self.follow:
            raise SourceError("dblp: nothing to follow", hint=f"newsletter pull dblp {self.example}")
        for one in self.follow:
            for year in range((span.first - _LISTING_LAG).year, span.last.year + 1):
                yield from self._search(f"{_query(one)} year:{year}:", client)

    def _search(self, query: str, client: HttpClient) -> Iterator[Document]:
        start = 0
        for _ in range(_MAX_PAGES):
            params: dict[str, str | int] = {"q": query, "format": "json", "h": _PAGE_SIZE, "f": start, "c": 0}
            response = client.get(self.api, params, conditional=start == 0)
            if response.is_unchanged:
                return
            document = Document(response.place, response.content)
            yield document
            hits, total = _hits(document)
            start += len(hits)
            if not hits or start >= total:
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the publications of a response; see `Source.parse`."""
        for number, hit in enumerate(_hits(document)[0], start=1):
            info = values.part(values.part(hit).get("info"))
            try:
                if info.get("type") != _EDITORSHIP:
                    yield _entry(info)
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error), values.word(info.get("key")))


def _query(followed: str) -> str:
    """Return the query for a venue, for an author ("author:Ada Lovelace"), or for words."""
    if match := _STREAM.fullmatch(followed):
        return f"stream:streams/{match[1]}:"
    if match := _FACET.fullmatch(followed):
        return f"{match[1]}:{'_'.join(match[2].split())}:"
    return followed


def _hits(document: Document) -> tuple[list[Any], int]:
    """Return the hits of a response, and the number of all hits.

    Raises:
        SourceError: The response is not a search result, or an error message.
    """
    result = values.part(read_object(document, "dblp").get("result"))
    status = values.part(result.get("status"))
    if status.get("@code", "200") != "200":
        message = values.plain_text(status.get("text")) or values.plain_text(status.get("@code")) or "failed"
        raise SourceError(f"{document.place}: dblp error: {shorten(message, 200)}")
    found = result.get("hits")
    if not isinstance(found, dict):
        raise SourceError(f"{document.place}: unexpected response from dblp: no hits")
    hits = found.get("hit", [])
    stated = values.word(found.get("@total"))
    total = int(stated) if stated.isascii() and stated.isdecimal() and len(stated) < 10 else 0
    return _several(hits), total


def _several(value: Any) -> list[Any]:
    """Return a list as it is, and what stands for a list of one as such a list: dblp's JSON is made from XML."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _entry(info: dict[str, Any]) -> Entry:
    """Parse one publication; raise ValueError with the reason if it is invalid."""
    title = _without_stop(values.text(info.get("title")))
    if not title:
        raise ValueError("no title")
    links = [one for one in _several(info.get("ee")) if isinstance(one, str)]
    names = [values.word(info.get("doi")), *links, values.word(info.get("volume")).removeprefix("abs/")]
    venue = next((name for one in _several(info.get("venue")) if (name := values.text(one))), None)
    found_arxiv = next((found for one in names if (found := arxiv_id(one))), None)
    found_doi = next((found for one in names if (found := doi(one))), None)
    pages = (values.link(one) for one in (*links, info.get("url")))
    return Entry(
        source=Dblp.name,
        title=title,
        authors=_authors(info),
        arxiv_id=found_arxiv,
        doi=found_doi,
        published=values.stated(info.get("year")),
        venue=venue if venue != _ARXIV_VENUE else None,
        url=None if found_arxiv or found_doi else next((page for page in pages if page), None),
    )


def _authors(info: dict[str, Any]) -> tuple[str, ...]:
    listed = _several(values.part(info.get("authors")).get("author"))
    names = (one.get("text") if isinstance(one, dict) else one for one in listed)
    return values.people(_without_number(name) for name in names if isinstance(name, str))


def _without_number(name: str) -> str:
    """Return a name without the number that tells namesakes apart: "Wei Wang 0001"."""
    words, _, last = name.strip().rpartition(" ")
    return words.rstrip() if words and len(last) == 4 and last.isascii() and last.isdecimal() else name


def _without_stop(title: str) -> str:
    """Return a title without the full stop that dblp puts at its end, but not without one of "..."."""
    return title.removesuffix(".").rstrip() if not title.endswith("..") else title
