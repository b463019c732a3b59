"""arXiv: its daily announcements by category, and queries in its own language.

The feeds (https://info.arxiv.org/help/rss.html) say what was announced, and how: new, cross-listed or replaced. They
hold the latest announcement only, so what was missed is asked of the query API
(https://info.arxiv.org/help/api/user-manual.html), which knows the days of submission: up to four before those of
announcement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources.arxiv_atom import NOT_ANNOUNCED, count_of, read_response
from newsletter.sources.documents import Document, Span
from newsletter.sources.http.client import Response, Web
from newsletter.sources.settings import setting

# https://arxiv.org/category_taxonomy: archives that are divided into categories, and those that are one themselves.
_DIVIDED = ("astro-ph", "cond-mat", "cs", "econ", "eess", "math", "nlin", "physics", "q-bio", "q-fin", "stat")
_WHOLE = ("gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th", "quant-ph")
_CATEGORY = re.compile(rf"(?:{'|'.join(_DIVIDED)})(?:\.(?:[A-Za-z]+(?:-[a-z]+)?|\*))?|{'|'.join(_WHOLE)}")
_ANNOUNCEMENTS = ("new", "cross", "replace", "replace-cross")
_LAG = timedelta(days=4)
_PAGE_SIZE = 200
#: A week of several busy categories is some thousands of papers.
_MOST_MISSED = 10_000
# The API gives no more than 30,000 papers of one query.
_MOST_PAGES = 30_000 // _PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Arxiv:
    """Categories and queries."""

    name: ClassVar[str] = "arxiv"
    summary: ClassVar[str] = "arXiv's announcements by category, and queries of its API"
    follows: ClassVar[str] = "CATEGORY|QUERY"
    example: ClassVar[str] = "cs.CL cs.LG"
    suffixes: ClassVar[tuple[str, ...]] = (".xml", ".atom", ".rss", ".json")

    follow: tuple[str, ...] = setting((), "Categories (cs.CL), or queries of the API (ti:unlearning AND cat:cs.LG).")
    announce: tuple[str, ...] = setting(
        ("new", "cross"), "Which announcements of a category to keep.", choices=_ANNOUNCEMENTS
    )
    max_results: int = setting(2000, "How many papers to take of a query at most, the latest first.")
    every: int = setting(4, "Hours to leave it alone after an answer in full.", internal=True)
    api: str = setting("https://export.arxiv.org/api/query", "Where queries are answered.", internal=True)
    feed: str = setting("https://rss.arxiv.org/atom", "Where announcements are.", internal=True)

    def fetch(self, span: Span, web: Web) -> Iterator[Document]:
        """Yield the announcements of all categories, what was missed of them, and the answers to queries."""
        if not self.follow:
            raise SourceError("arxiv: nothing to follow", hint="name categories: newsletter pull arxiv cs.CL cs.LG")
        categories = [one for one in self.follow if _CATEGORY.fullmatch(one)]
        if categories:
            names = "+".join(dict.fromkeys(one.removesuffix(".*") for one in categories))
            response = web.get(f"{self.feed}/{names}", expected=(400,), conditional=True)
            if not response.is_unchanged:
                yield _document(response)
            if span.first < span.last - timedelta(days=1):
                missed = " OR ".join(dict.fromkeys(_in_query(one) for one in categories))
                yield from self._ask(missed, _MOST_MISSED, span, web)
        for query in self.follow:
            if query not in categories:
                yield from self._ask(query, self.max_results, span, web)

    def _ask(self, query: str, most: int, span: Span, web: Web) -> Iterator[Document]:
        """Yield the pages of what was submitted in time to be announced in `span`, the latest first."""
        submitted = f"submittedDate:[{span.first - _LAG:%Y%m%d}0000 TO {span.last:%Y%m%d}2359]"
        start = 0
        for _ in range(_MOST_PAGES):
            size = min(_PAGE_SIZE, most - start)
            if size <= 0:
                return
            params: dict[str, str | int] = {
                "search_query": f"({query}) AND {submitted}", "start": start, "max_results": size,
                "sortBy": "submittedDate", "sortOrder": "descending",
            }  # fmt: skip
            response = web.get(self.api, params, expected=(400,), conditional=start == 0)
            if response.is_unchanged:
                return
            document = _document(response)
            got, total = count_of(document)
            if not got and total is not None and start < total:
                # A page that is empty by mistake: https://github.com/lukasschwab/arxiv.py/issues/43
                document = _document(web.get(self.api, params, expected=(400,)))
                got = count_of(document)[0]
                if not got:
                    raise SourceError(f"{response.place}: an empty page, though {total} are said to be there")
            if got:
                yield document
            start += got
            if start >= total if total is not None else got < size:
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the entries of an answer or a feed, Atom or RSS; see `Source.parse`."""
        for told in read_response(document):
            if isinstance(told, Refusal):
                yield told
            elif told.announced in (NOT_ANNOUNCED, *self.announce):
                yield told.entry


def _in_query(category: str) -> str:
    """Return how the API is asked for a category, or for all that an archive is divided into."""
    return f"cat:{category}.*" if category in _DIVIDED else f"cat:{category}"


def _document(response: Response) -> Document:
    """Return an answer as a document.

    Raises:
        SourceError: It says what was wrong with the question.
    """
    document = Document(response.place, response.content)
    if response.status == 400:
        count_of(document)  # raises arXiv's own words, where there are any
        raise SourceError(f"{response.place}: answered 400 Bad Request", hint="is what you follow spelled right?")
    return document
