"""All of the archive: its routes share what they know of papers."""

from __future__ import annotations

from starlette.routing import Route

from newsletter.pipeline.archive_space import ArchiveSpace
from newsletter.web.archive.editions import Editions
from newsletter.web.archive.feeds import Feeds
from newsletter.web.archive.lists import Lists
from newsletter.web.archive.pages import Archive
from newsletter.web.archive.paper_page import PaperPage
from newsletter.web.archive.search_page import SearchPage
from newsletter.web.archive.static_search import StaticSearch
from newsletter.web.site_pages import SitePages


def archive_routes(pages: SitePages) -> list[Route]:
    """Return the routes of the archive and its feeds."""
    lists, space = Lists(pages), ArchiveSpace()
    search = SearchPage(pages, lists, space) if pages.is_live else StaticSearch(pages, lists)
    return [
        *Archive(pages, lists).routes(),
        *Editions(pages, lists).routes(),
        *PaperPage(pages, lists, space).routes(),
        *search.routes(),
        *Feeds(pages, lists.topics).routes(),
    ]
