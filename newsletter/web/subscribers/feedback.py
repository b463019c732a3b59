"""Feedback by the links of an email: "More like this", "Less like this".

A GET only shows a form, because mail scanners follow links; the POST records the feedback.
"""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.errors import RequestError
from newsletter.models import Paper, tokens
from newsletter.store import Store
from newsletter.subscribers.feedback import give_feedback_by_token
from newsletter.web.http.forms import Form, form_endpoint
from newsletter.web.http.page_language import speak
from newsletter.web.site_pages import SitePages


class FeedbackPages:
    """Serves the pages that feedback links lead to."""

    def __init__(self, pages: SitePages) -> None:
        self.pages = pages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/feedback/{token}", self.page, methods=["GET"]),
            Route("/feedback/{token}", form_endpoint(self.give), methods=["POST"]),
            Route("/feedback/{token}/withdraw", form_endpoint(self.withdraw), methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """Ask for confirmation; change nothing."""
        token = str(request.path_params["token"])
        with self.pages.store() as store:
            feedback = self._read(store, token, self.pages.clock())
        if feedback is None:
            return self._invalid_link()
        _, paper, liked = feedback
        return self.pages.show("feedback.html", paper=paper, liked=liked, token=token, is_given=False)

    def give(self, request: Request, _form: Form) -> Response:
        """Record the feedback, and show how much there is so far."""
        token = str(request.path_params["token"])
        try:
            with self.pages.store() as store:
                subscriber, paper, liked = give_feedback_by_token(store, token, self.pages.clock())
                speak(subscriber.profile.language)
                likes = list(store.feedback.of(subscriber.id).values())
        except RequestError:
            return self._invalid_link()
        return self.pages.show(
            "feedback.html", paper=paper, liked=liked, token=token, is_given=True, more=likes.count(True),
            less=likes.count(False),
        )  # fmt: skip

    def withdraw(self, request: Request, _form: Form) -> Response:
        """Delete the subscriber's feedback on this paper."""
        with self.pages.store() as store:
            feedback = self._read(store, str(request.path_params["token"]), self.pages.clock())
            if feedback is None:
                return self._invalid_link()
            subscriber_id, paper, _ = feedback
            with store.transaction():
                store.feedback.withdraw(subscriber_id, paper.id)
        _, title = self.pages.language.gettext, self.pages.language.quoted(paper.title)
        text = _("%(title)s no longer influences your digests.", title=title)
        return self.pages.show_message(_("Feedback removed"), text)

    @staticmethod
    def _read(store: Store, token: str, now: datetime) -> tuple[int, Paper, bool] | None:
        """Return subscriber id, paper and whether they like it; None for an invalid token or deleted data."""
        signed = tokens.read_feedback(store.accepted_keys(now), token)
        if signed is None:
            return None
        subscriber_id, paper_id, liked = signed
        paper = store.papers.get_many([paper_id]).get(paper_id)
        subscriber = store.subscribers.find_by_id(subscriber_id)
        if subscriber is None or paper is None:
            return None
        speak(subscriber.profile.language)
        return subscriber_id, paper, liked

    def _invalid_link(self) -> Response:
        _ = self.pages.language.gettext
        text = _("This link is incomplete or no longer valid. Please copy the whole link from the email.")
        return self.pages.show_message(_("Link not valid"), text, 404)
