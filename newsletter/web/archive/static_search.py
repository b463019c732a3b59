"""Search without a server: a page whose script looks through a compact index of the newest papers.

The index is a script that sets one variable, since browsers let no page read other files where it was opened as a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.limits import STATIC_INDEX_BYTES
from newsletter.models import Paper
from newsletter.rendering.extractive import one_line
from newsletter.text import shorten
from newsletter.web.archive.cards import source_name
from newsletter.web.archive.lists import MAX_AGE_S, Lists
from newsletter.web.http.caching import cached
from newsletter.web.site_pages import SitePages

#: Papers are read for the index up to this number, and stored in it up to `STATIC_INDEX_BYTES`.
_MOST_PAPERS = 20_000
_AUTHORS, _TAGS, _FINDING_LENGTH = 8, 12, 200


class StaticSearch:
    """Serves the page and its index, for the static export."""

    def __init__(self, pages: SitePages, lists: Lists) -> None:
        self.pages = pages
        self.lists = lists

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/search", self.page), Route("/search-index.js", self.index)]

    def page(self, request: Request) -> Response:
        """Show the form that the script works on."""
        with self.pages.reading() as store:
            sources = [(name, source_name(name)) for name in store.archive.sources()]
        title = self.pages.language.gettext("Search")
        return self.lists.show(request, "static_search.html", title=title, sources=sources)

    def index(self, request: Request) -> Response:
        """Return the index of the newest papers."""
        with self.pages.reading() as store:
            papers = store.papers.newest(_MOST_PAPERS)
        content = index_of(paper for paper in papers if not paper.withdrawn)
        return cached(request, content.encode(), "text/javascript", MAX_AGE_S)


def index_of(papers: Iterable[Paper], most_bytes: int = STATIC_INDEX_BYTES) -> str:
    """Return the first papers that fit into so many bytes, as a script that sets `paperIndex`.

    Each is [key, title, authors, day, upvotes, stars, sources, other words, finding].
    """
    rows: list[str] = []
    left = most_bytes
    for paper in papers:
        row = json.dumps(_row(paper), ensure_ascii=False, separators=(",", ":"))
        # U+2028 and U+2029 end lines in older scripts; "</script" would end the element if the file were inlined.
        row = row.replace("\u2028", " ").replace("\u2029", " ").replace("</", "<\\/")
        left -= len(row.encode()) + 2
        if left < 0:
            break
        rows.append(row)
    return "var paperIndex = [\n" + ",\n".join(rows) + "\n];\n"


def _row(paper: Paper) -> list[object]:
    more = max(len(paper.authors), paper.author_count or 0) - _AUTHORS
    authors = ", ".join(paper.authors[:_AUTHORS]) + (f" +{more}" if more > 0 and paper.authors else "")
    tags = [*paper.categories, *paper.keywords][:_TAGS]
    return [
        paper.key, paper.title, authors or paper.organization or "", paper.day.isoformat(), paper.upvotes or 0,
        (paper.code_stars or 1) if paper.code_url else 0, " ".join(paper.sources),
        " ".join(filter(None, [paper.organization, paper.venue, *tags])), shorten(one_line(paper), _FINDING_LENGTH),
    ]  # fmt: skip
