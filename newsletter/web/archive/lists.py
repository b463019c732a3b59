"""Lists of papers: what a template needs to show one, and the response that has all of it as a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.models import Paper
from newsletter.pipeline.paper_topics import MOST_EXAMINED, PaperTopics
from newsletter.rendering.citations import FORMATS, write_papers
from newsletter.rendering.language import Language
from newsletter.store import Store
from newsletter.store.filters import Limits, Order
from newsletter.store.search import MOST_COUNTED, Found, Hit
from newsletter.topics.query import Node
from newsletter.web.archive.cards import card_of, path_of
from newsletter.web.archive.choices import Choice, View
from newsletter.web.archive.facets import SHOWN, chips_of, facets_of
from newsletter.web.http.caching import cached
from newsletter.web.http.page_language import language_headers
from newsletter.web.site_pages import SitePages

#: Seconds for which clients may cache a page.
MAX_AGE_S = 300


@dataclass
class Lists:
    """Renders the archive's pages, most of which are lists."""

    pages: SitePages
    topics: PaperTopics = field(init=False)

    def __post_init__(self) -> None:
        self.topics = PaperTopics(self.pages.store)

    def find(self, store: Store, choice: Choice, query: Node | None = None, base: Limits | None = None) -> Found:
        """Return the papers of a list on the page that is chosen, and what all of them may be narrowed by."""
        size = choice.view.size
        return store.archive.search(
            query, choice.limits(store, base or Limits()), limit=size, offset=(choice.page - 1) * size,
            order=choice.order, with_traits=self.pages.is_live, with_excerpts=choice.view is View.CARDS,
        )  # fmt: skip

    def context(self, store: Store, choice: Choice, found: Found) -> dict[str, Any]:
        """Return what `list_of_papers.html` shows of a list."""
        spoken, last = self.pages.language, choice.page * choice.view.size
        has_more = found.total > last and last < MOST_COUNTED
        topics = self.topics.of(store, [one.paper_id for one in found.traits])
        return {
            "cards": self.cards(found.hits, is_dense=choice.view is View.LIST),
            "choice": choice,
            "total": found.total,
            "is_all": found.is_all,
            "most": MOST_COUNTED,
            "page": choice.page,
            "previous": replace(choice, page=choice.page - 1).address if choice.page > 1 else "",
            "next": replace(choice, page=choice.page + 1).address if has_more else "",
            "chips": chips_of(choice, spoken),
            "cleared": choice.without(choice.filters).address,
            "facets": facets_of(choice, found.traits, topics, spoken),
            "facet_size": SHOWN,
            "topics_counted": MOST_EXAMINED if len(found.traits) > MOST_EXAMINED else 0,
            "orders": [
                (_order_label(one, spoken), replace(choice, order=one, page=1).address, one is choice.order)
                for one in choice.orders
            ],
            "views": [
                (_view_label(view, spoken), replace(choice, view=view, page=1).address, view is choice.view)
                for view in View
            ],
            "is_dense": choice.view is View.LIST,
            "downloads": [(one.label, choice.download(suffix)) for suffix, one in FORMATS.items()],
        }

    def cards(self, hits: Sequence[Hit], *, is_dense: bool = False) -> list[Any]:
        """Return search results as cards; in a dense list, these have no finding."""
        shown = {"shows_figure": self.pages.config.design.thumbnails, "shows_finding": not is_dense}
        return [card_of(hit.paper, self.pages.language, hit.snippet, **shown) for hit in hits]

    def download(
        self, request: Request, name: str, find: Callable[[Store], Sequence[Paper]]
    ) -> Response:  # fmt: skip
        """Return a list as a file in the format that the path ends in."""
        with self.pages.reading() as store:
            papers = find(store)
        return file_of(papers, name, str(request.path_params["suffix"]), self.pages)

    def show(self, request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
        """Return a page that any cache may store; errors are not cached."""
        address = f"{self.pages.config.site_url or ''}{request.url.path.removeprefix(self.pages.prefix)}"
        content = self.pages.render_template(f"web/{name}", address=address, **{"feed": None, **values})
        if status != 200:
            return HTMLResponse(content, status, language_headers())
        return cached(request, content.encode(), "text/html", MAX_AGE_S)

    def not_found(self, text: str) -> Response:
        """Return the page that says what is not there, and offers a search."""
        _ = self.pages.language.gettext
        return self.pages.show_message(_("Page not found"), text, 404, to="/search", label=_("Search all papers"))


def file_of(papers: Sequence[Paper], name: str, suffix: str, pages: SitePages) -> Response:
    """Return papers as a file to be downloaded."""
    kind = FORMATS[suffix]
    content = write_papers(papers, suffix, lambda paper: f"{pages.config.site_url or ''}{path_of(paper.key)}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{suffix}"', "Cache-Control": "public, max-age=300"}
    return Response(content.encode(), media_type=kind.media_type, headers=headers)


def _order_label(order: Order, language: Language) -> str:
    pgettext = language.pgettext
    return {
        Order.RELEVANCE: pgettext("sort order", "Relevance"), Order.NEWEST: pgettext("sort order", "Newest"),
        Order.UPVOTED: pgettext("sort order", "Most upvoted"), Order.STARRED: pgettext("sort order", "Most stars"),
    }[order]  # fmt: skip


def _view_label(view: View, language: Language) -> str:
    return {View.CARDS: language.gettext("Cards"), View.LIST: language.gettext("List")}[view]
