"""Saved papers: a subscriber's own list, to read later.

There are two links. The one to the list is for its subscriber: only their preferences lead to it. The one that saves a
paper is in digests, which people forward: whoever has it can add a paper, as they can give feedback, and sees nothing.
A GET changes nothing, because mail scanners follow links.
"""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.limits import SAVED_PAPERS
from newsletter.models import Paper, Subscriber, tokens
from newsletter.rendering.citations import FORMATS
from newsletter.rendering.links import FeedbackLinks
from newsletter.store import Store
from newsletter.web.archive.cards import card_of, path_of
from newsletter.web.archive.choices import View
from newsletter.web.archive.lists import file_of
from newsletter.web.http.forms import Form, form_endpoint
from newsletter.web.http.page_language import speak
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers import session


class SavedPapers:
    """Serves the list, and what adds to it and takes from it."""

    def __init__(self, pages: SitePages) -> None:
        self.pages = pages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/preferences/saved", self.lead, methods=["GET"]),
            Route("/saved/{token}", self.page, methods=["GET"]),
            Route("/saved/{token}/papers.{suffix:format}", self.file, methods=["GET"]),
            Route("/saved/{token}/{number:digits}", self.paper, methods=["GET"]),
            Route("/saved/{token}/{number:digits}", form_endpoint(self.change), methods=["POST"]),
            Route("/save/{token}", self.ask, methods=["GET"]),
            Route("/save/{token}", form_endpoint(self.save), methods=["POST"]),
        ]

    # -- the list -------------------------------------------------------------------------------------

    def lead(self, request: Request) -> Response:
        """Lead to the list, or to one paper (?paper=KEY); without a session, offer a link to the preferences."""
        with self.pages.store() as store:
            subscriber = session.subscriber(store, request, self.pages.clock())
            if subscriber is None:
                return self.pages.show("saved_link.html")
            here = self._path_of_list(store, subscriber)
            paper = store.papers.find(request.query_params.get("paper", ""))
        return RedirectResponse(f"{here}/{paper.id}" if paper else here, 303)

    def page(self, request: Request) -> Response:
        """Show the list, the last saved first."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return self._invalid_link()
            here = self._path_of_list(store, subscriber)
            saved = store.saved.of(subscriber.id)
        spoken, view = self.pages.language, request.query_params.get("view", View.CARDS)
        shows_figure = self.pages.config.design.thumbnails
        return self.pages.show(
            "saved.html", here=here, cards=[card_of(paper, spoken, shows_figure=shows_figure) for paper, _ in saved],
            is_dense=view == View.LIST, own=lambda number: f"{here}/{number}",
            downloads=[(one.label, f"{here}/papers.{suffix}") for suffix, one in FORMATS.items()],
        )  # fmt: skip

    def file(self, request: Request) -> Response:
        """Return the list as a file."""
        with self.pages.store() as store:
            subscriber = self._subscriber(store, request)
            if subscriber is None:
                return self._invalid_link()
            papers = [paper for paper, _ in store.saved.of(subscriber.id)]
        response = file_of(papers, "saved-papers", str(request.path_params["suffix"]), self.pages)
        response.headers["Cache-Control"] = "no-store"
        return response

    # -- one paper ------------------------------------------------------------------------------------

    def paper(self, request: Request) -> Response:
        """Show one paper with what its reader may do: save or remove it, ask for more or less like it."""
        with self.pages.store() as store:
            known = self._paper(store, request)
            if known is None:
                return self._invalid_link()
            subscriber, paper = known
            feedback = feedback_links(store, subscriber.id, self.pages.prefix)
            is_saved = store.saved.has(subscriber.id, paper.id)
            here = self._path_of_list(store, subscriber)
        return self.pages.show(
            "saved_paper.html", here=here, card=card_of(paper, self.pages.language), is_saved=is_saved,
            more_url=feedback.more(paper.id), less_url=feedback.less(paper.id), path=path_of(paper.key),
        )  # fmt: skip

    def change(self, request: Request, form: Form) -> Response:
        """Save the paper, or remove it from the list."""
        with self.pages.store() as store:
            known = self._paper(store, request)
            if known is None:
                return self._invalid_link()
            subscriber, paper = known
            here = self._path_of_list(store, subscriber)
            if form.one("action") == "remove":
                store.saved.remove(subscriber.id, paper.id)
            elif not store.saved.put(subscriber.id, paper.id, self.pages.clock(), SAVED_PAPERS):
                return self._full()
        return RedirectResponse(here, 303)

    # -- from a digest --------------------------------------------------------------------------------

    def ask(self, request: Request) -> Response:
        """Ask for a click that saves the paper."""
        with self.pages.store() as store:
            known = self._to_save(store, request, self.pages.clock())
        if known is None:
            return self._invalid_link()
        return self.pages.show("save.html", paper=known[1], is_done=False)

    def save(self, request: Request, _form: Form) -> Response:
        """Save the paper; nothing of the list is shown."""
        with self.pages.store() as store:
            known = self._to_save(store, request, self.pages.clock())
            if known is None:
                return self._invalid_link()
            subscriber, paper = known
            if not store.saved.put(subscriber.id, paper.id, self.pages.clock(), SAVED_PAPERS):
                return self._full()
        return self.pages.show("save.html", paper=paper, is_done=True)

    # -- parts ----------------------------------------------------------------------------------------

    def _subscriber(self, store: Store, request: Request) -> Subscriber | None:
        keys = store.accepted_keys(self.pages.clock())
        number = tokens.read(keys, tokens.SAVED, str(request.path_params["token"]))
        return _known(store, number)

    def _paper(self, store: Store, request: Request) -> tuple[Subscriber, Paper] | None:
        subscriber, number = self._subscriber(store, request), str(request.path_params["number"])
        paper = store.papers.get_many([int(number)]).get(int(number)) if tokens.is_id(number) else None
        return (subscriber, paper) if subscriber and paper else None

    def _to_save(self, store: Store, request: Request, now: datetime) -> tuple[Subscriber, Paper] | None:
        signed = tokens.read_save(store.accepted_keys(now), str(request.path_params["token"]))
        if signed is None:
            return None
        subscriber, paper = _known(store, signed[0]), store.papers.get_many([signed[1]]).get(signed[1])
        return (subscriber, paper) if subscriber and paper else None

    def _path_of_list(self, store: Store, subscriber: Subscriber) -> str:
        return f"{self.pages.prefix}/saved/{tokens.sign(store.secret(), tokens.SAVED, subscriber.id)}"

    def _full(self) -> Response:
        _ = self.pages.language
        text = _.ngettext(
            "It already has %(number)s paper, the most it can hold. Remove one to save another.",
            "It already has %(number)s papers, the most it can hold. Remove one to save another.",
            SAVED_PAPERS,
        )
        return self.pages.show_message(_.gettext("Your list is full"), text, 409)

    def _invalid_link(self) -> Response:
        _ = self.pages.language.gettext
        text = _("This link is incomplete or no longer valid. Your preferences have a new one.")
        return self.pages.show_message(
            _("Link not valid"), text, 404, to="/preferences/saved", label=_("Your saved papers")
        )  # fmt: skip


def feedback_links(store: Store, subscriber_id: int, prefix: str) -> FeedbackLinks:
    """Return the feedback links of a subscriber, for pages below the site's prefix."""
    return FeedbackLinks(f"{prefix}/feedback/", tokens.sign(store.secret(), tokens.FEEDBACK, subscriber_id))


def _known(store: Store, subscriber_id: int | None) -> Subscriber | None:
    """Return a subscriber, in whose language the page is then."""
    subscriber = None if subscriber_id is None else store.subscribers.find_by_id(subscriber_id)
    if subscriber is not None:
        speak(subscriber.profile.language)
    return subscriber
