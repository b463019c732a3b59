"""Search: one box, whose results come with filters; without a text, the newest papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.errors import QueryError
from newsletter.models import Paper
from newsletter.pipeline.archive_search import Results, search_archive
from newsletter.pipeline.archive_space import ArchiveSpace
from newsletter.store import Store
from newsletter.store.filters import Limits, Order
from newsletter.store.search import MOST_COUNTED, Found
from newsletter.web.archive.choices import Choice, View, read_choice
from newsletter.web.archive.lists import Lists
from newsletter.web.archive.pages import cached_routes
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.query_problems import query_problem

#: Without a text, the papers of these days are listed, and never of more than a year.
_BROWSED, _MOST_BROWSED = 30, 366


class SearchPage:
    """Serves the page."""

    def __init__(self, pages: SitePages, lists: Lists, space: ArchiveSpace) -> None:
        self.pages = pages
        self.lists = lists
        self.space = space

    def routes(self) -> list[Route]:
        """Return the routes."""
        handlers = {"/search": self.page, "/search/page/{page:digits}": self.page}
        return [Route("/search/papers.{suffix:format}", self.file), *cached_routes(handlers)]

    def page(self, request: Request) -> Response:
        """Show the papers that the query string asks for."""
        choice, results, error = self._choice(request), Results(Found((), 0)), ""
        text = choice.searched.get("q", "")
        with self.pages.reading() as store:
            try:
                results = self._search(store, choice)
            except QueryError as query_error:
                error = query_problem(query_error, self.pages.language)
            context = self.lists.context(store, choice, results.found)
        _ = self.pages.language.gettext
        others = self.lists.cards(
            results.others[: choice.view.size - len(results.found.hits)], is_dense=choice.view is View.LIST
        )
        return self.lists.show(
            request, "search.html", status=422 if error else 200,
            title=_("Search: %(text)s", text=text) if text else _("Search"),
            text=text, error=error, others=others,
            feed=f"?{urlencode({'q': text})}" if text and not error else None,
            **context,
        )  # fmt: skip

    def file(self, request: Request) -> Response:
        """Return the papers that the query string asks for as a file; none for a malformed query."""

        def find(store: Store) -> Sequence[Paper]:
            try:
                found = self._search(store, self._choice(request), MOST_COUNTED)
            except QueryError:
                return ()
            return [hit.paper for hit in (*found.found.hits, *found.others)]

        return self.lists.download(request, "search", find)

    def _choice(self, request: Request) -> Choice:
        """Read what is asked for; days that are none are ignored."""
        path = f"{self.pages.prefix}/search"
        orders = (Order.RELEVANCE, Order.NEWEST, Order.UPVOTED, Order.STARRED)
        choice = read_choice(request, path, orders, is_search=True)
        choice = choice.without(name for name in ("since", "until") if _day(choice.searched.get(name)) is None)
        choice = replace(choice, page=read_choice(request, path, orders).page)
        if "q" in choice.searched:
            return choice
        order = Order.NEWEST if choice.order is Order.RELEVANCE else choice.order
        return replace(choice, orders=orders[1:], order=order)

    def _search(self, store: Store, choice: Choice, most: int | None = None) -> Results:
        """Search, or list what is new: the page that is chosen, or the first `most` papers.

        Raises:
            QueryError: The query is malformed.
        """
        since, until = (_day(choice.searched.get(name)) for name in ("since", "until"))
        size, text = most or choice.view.size, choice.searched.get("q")
        page: dict[str, Any] = {"limit": size, "offset": 0 if most else (choice.page - 1) * size, "order": choice.order}
        page["with_excerpts"] = most is None and choice.view is View.CARDS
        if text:
            limits = choice.limits(store, Limits(since=since, until=until))
            return search_archive(store, text, limits, **page, with_traits=most is None, space=self.space)
        until = until or store.archive.day_before(date.max) or date.max
        since = max(since or _before(until, _BROWSED), _before(until, _MOST_BROWSED))
        limits = choice.limits(store, Limits(since=since, until=until))
        return Results(store.archive.search(None, limits, **page, with_traits=most is None))


def _before(day: date, days: int) -> date:
    return date.fromordinal(max(1, day.toordinal() - days))


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
