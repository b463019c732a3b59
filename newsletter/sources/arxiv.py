"""arXiv: daily announcements by category, and queries of its API.

The feeds (https://info.arxiv.org/help/rss.html) list what was announced, and how: new, cross-listed or replaced. They
hold the latest announcement only, so missed days are requested from the query API
(https://info.arxiv.org/help/api/user-manual.html). The API filters by day of submission, which is up to four days
before that of announcement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources.arxiv_atom import AnnounceType, count_of, parse_response
from newsletter.sources.documents import Document, Span
from newsletter.sources.http.client import HttpClient, Response
from newsletter.sources.publication import ARXIV, Publication
from newsletter.sources.settings import setting

# https://arxiv.org/category_taxonomy: archives that have categories, and those that are a category themselves.
_ARCHIVES = ("astro-ph", "cond-mat", "cs", "econ", "eess", "math", "nlin", "physics", "q-bio", "q-fin", "stat")
_SINGLE_CATEGORIES = ("gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th", "quant-ph")
_CATEGORY = re.compile(rf"(?:{'|'.join(_ARCHIVES)})(?:\.(?:[A-Za-z]+(?:-[a-z]+)?|\*))?|{'|'.join(_SINGLE_CATEGORIES)}")
_ANNOUNCE_TYPES = tuple(kind.value for kind in AnnounceType if kind.is_setting)
_ANNOUNCEMENT_LAG = timedelta(days=4)
_PAGE_SIZE = 200
#: Papers of missed days: a week of several busy categories has some thousands.
_MAX_MISSED = 10_000
# The API returns at most 30,000 papers per query.
_MAX_PAGES = 30_000 // _PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Arxiv:
    """Categories and queries."""

    name: ClassVar[str] = "arxiv"
    summary: ClassVar[str] = "arXiv announcements by category, and queries of its API"
    follows: ClassVar[str] = "CATEGORY|QUERY"
    example: ClassVar[str] = "cs.CL cs.LG"
    suffixes: ClassVar[tuple[str, ...]] = (".xml", ".atom", ".rss", ".json")
    publication: ClassVar[Publication] = ARXIV

    follow: tuple[str, ...] = setting((), "Categories (cs.CL), or queries of the API (ti:unlearning AND cat:cs.LG).")
    announce: tuple[str, ...] = setting(("new", "cross"), "Types of announcement to keep.", choices=_ANNOUNCE_TYPES)
    max_results: int = setting(2000, "Maximum number of papers of a query, newest first.")
    min_interval_hours: int = setting(4, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://export.arxiv.org/api/query", "Address of the query API.", internal=True)
    feed: str = setting("https://rss.arxiv.org/atom", "Address of the announcement feeds.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the announcements of all categories, those of missed days, and the results of queries."""
        if not self.follow:
            raise SourceError(
                "arxiv: nothing to follow", hint="give categories, as in newsletter pull arxiv cs.CL cs.LG"
            )
        categories = [one for one in self.follow if _CATEGORY.fullmatch(one)]
        if categories:
            names = "+".join(dict.fromkeys(one.removesuffix(".*") for one in categories))
            response = client.get(f"{self.feed}/{names}", expected=(400,), conditional=True)
            if not response.is_unchanged:
                yield _document(response)
            if span.first < span.last - timedelta(days=1):
                missed = " OR ".join(dict.fromkeys(_category_query(one) for one in categories))
                yield from self._search(missed, _MAX_MISSED, span, client)
        for query in self.follow:
            if query not in categories:
                yield from self._search(query, self.max_results, span, client)

    def _search(self, query: str, max_results: int, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the result pages of papers submitted in time to be announced in `span`, newest first."""
        submitted = f"submittedDate:[{span.first - _ANNOUNCEMENT_LAG:%Y%m%d}0000 TO {span.last:%Y%m%d}2359]"
        start = 0
        for _ in range(_MAX_PAGES):
            size = min(_PAGE_SIZE, max_results - start)
            if size <= 0:
                return
            params: dict[str, str | int] = {
                "search_query": f"({query}) AND {submitted}", "start": start, "max_results": size,
                "sortBy": "submittedDate", "sortOrder": "descending",
            }  # fmt: skip
            response = client.get(self.api, params, expected=(400,), conditional=start == 0)
            if response.is_unchanged:
                return
            document = _document(response)
            received, total = count_of(document)
            if not received and total is not None and start < total:
                # The API sometimes returns an empty page by mistake: https://github.com/lukasschwab/arxiv.py/issues/43
                document = _document(client.get(self.api, params, expected=(400,)))
                received = count_of(document)[0]
                if not received:
                    raise SourceError(f"{response.place}: empty page: expected more of {total} results")
            if received:
                yield document
            start += received
            if start >= total if total is not None else received < size:
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the entries of an API response or of a feed, Atom or RSS; see `Source.parse`."""
        for item in parse_response(document):
            if isinstance(item, Refusal):
                yield item
            elif item.announce_type in (AnnounceType.NONE, *self.announce):
                yield item.entry


def _category_query(category: str) -> str:
    """Return the API query for a category, or for all categories of an archive."""
    return f"cat:{category}.*" if category in _ARCHIVES else f"cat:{category}"


def _document(response: Response) -> Document:
    """Return a response as a document.

    Raises:
        SourceError: The response reports an invalid request.
    """
    document = Document(response.place, response.content)
    if response.status == 400:
        count_of(document)  # raises arXiv's own error message, if there is one
        raise SourceError(f"{response.place}: HTTP 400 Bad Request", hint="check the spelling of the category or query")
    return document
