"""Rate ten papers: a page of the preferences, by which a taste model has something to learn from on the first day."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.models.languages import translatable
from newsletter.models.tokens import is_id
from newsletter.pipeline.cold_start import papers_to_rate, rate
from newsletter.rendering.links import paper_url
from newsletter.web.archive.cards import card_of
from newsletter.web.http.forms import Form, form_endpoint
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers import session

#: Names of the form's fields: this and the id of a paper.
_FIELD = "paper-"
_CLOSED = translatable("To rate papers, first open your preferences: request a link to them here.")
_RATINGS = {"more": True, "less": False}


class Rating:
    """Serves the page on which a subscriber rates papers, in the session that a signed link began."""

    def __init__(self, pages: SitePages) -> None:
        self.pages = pages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/preferences/rate", self.page, methods=["GET"]),
            Route("/preferences/rate", form_endpoint(self.rate), methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """Show ten papers, each with "more" and "less like this"."""
        with self.pages.store() as store:
            subscriber = session.subscriber(store, request, self.pages.clock())
            if subscriber is None:
                return session.expired(self.pages, _CLOSED)
            papers = papers_to_rate(store, subscriber)
        rows = [(f"{_FIELD}{paper.id}", paper_url(paper), card_of(paper, self.pages.language)) for paper in papers]
        return self.pages.show("rate.html", rows=rows)

    def rate(self, request: Request, form: Form) -> Response:
        """Store the ratings; papers that are left open are not rated."""
        ratings = {
            int(number): _RATINGS[form.one(name)]
            for name in form.fields
            if (number := name.removeprefix(_FIELD)) != name and is_id(number) and form.one(name) in _RATINGS
        }
        with self.pages.store() as store:
            subscriber = session.subscriber(store, request, self.pages.clock())
            if subscriber is None:
                return session.expired(self.pages, _CLOSED)
            stored = rate(store, subscriber, ratings, self.pages.clock())
        return RedirectResponse(f"{self.pages.prefix}/preferences{'?done=rated' if stored else ''}", 303)
