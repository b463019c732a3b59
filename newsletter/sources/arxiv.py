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
from newsletter.sources.arxiv_atom import NO_CATEGORY, read_answer, total_of
from newsletter.sources.documents import Document, Span
from newsletter.sources.http import Web
from newsletter.sources.settings import setting

_CATEGORY = re.compile(r"[a-z][a-z-]+(?:\.(?:[A-Za-z]{2}|[a-z][a-z-]+|\*))?")
_ANNOUNCEMENTS = ("new", "cross", "replace", "replace-cross")
_LAG = timedelta(days=4)
_PAGE_SIZE = 200
_MOST_PAGES = 50


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
    every: int = setting(4, "Hours to leave it alone after an answer in full.", internal=True)
    api: str = setting("https://export.arxiv.org/api/query", "Where queries are answered.", internal=True)
    feed: str = setting("https://rss.arxiv.org/atom", "Where announcements are.", internal=True)

    def fetch(self, span: Span, web: Web) -> Iterator[Document]:
        """Yield the announcements of all categories, what was missed of them, and the answers to queries."""
        if not self.follow:
            raise SourceError("arxiv: nothing to follow", hint="name categories: newsletter pull arxiv cs.CL cs.LG")
        categories = [one for one in self.follow if _CATEGORY.fullmatch(one)]
        if categories:
            answer = web.get(f"{self.feed}/{'+'.join(categories)}", conditional=True)
            if not answer.is_unchanged:
                yield Document(answer.place, answer.content)
            if span.first < span.last - timedelta(days=1):
                yield from self._ask(" OR ".join(f"cat:{one}" for one in categories), span, web)
        for query in self.follow:
            if query not in categories:
                yield from self._ask(query, span, web)

    def _ask(self, query: str, span: Span, web: Web) -> Iterator[Document]:
        """Yield the pages of what was submitted in time to be announced in `span`, the latest first."""
        submitted = f"submittedDate:[{span.first - _LAG:%Y%m%d}0000 TO {span.last:%Y%m%d}2359]"
        start = 0
        for _ in range(_MOST_PAGES):
            params: dict[str, str | int] = {
                "search_query": f"({query}) AND {submitted}", "start": start, "max_results": _PAGE_SIZE,
                "sortBy": "submittedDate", "sortOrder": "descending",
            }  # fmt: skip
            answer = web.get(self.api, params, conditional=start == 0)
            if answer.is_unchanged:
                return
            document = Document(answer.place, answer.content)
            got, total = total_of(document)
            if not got and start < total:  # a page that is empty by mistake: known faults of the API come and go
                document = Document(answer.place, web.get(self.api, params).content)
                got, total = total_of(document)
                if not got:
                    raise SourceError(f"{answer.place}: an empty page, though {total} are said to be there")
            if got:
                yield document
            start += got
            if start >= total:
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the entries of an answer or a feed, Atom or RSS; see `Source.parse`."""
        for told in read_answer(document):
            if isinstance(told, Refusal):
                yield told
            elif told.announced in (NO_CATEGORY, *self.announce):
                yield told.entry
