"""More like this, less like this: by the links of a mail. A GET only asks; what is said is said by a POST."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter import tokens
from newsletter.errors import StoreError
from newsletter.models import Paper
from newsletter.store import Store
from newsletter.subscribers.feedback import give_feedback_by_token
from newsletter.web.http.forms import Form, posting
from newsletter.web.site_pages import Pages


class FeedbackPages:
    """Answers who says something of a paper."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages

    def routes(self) -> list[Route]:
        """Return what is answered."""
        return [
            Route("/feedback/{token}", self.page, methods=["GET"]),
            Route("/feedback/{token}", posting(self.say), methods=["POST"]),
            Route("/feedback/{token}/forget", posting(self.forget), methods=["POST"]),
        ]

    def page(self, request: Request) -> Response:
        """Show what would be said."""
        token = str(request.path_params["token"])
        with self.pages.store() as store:
            said = self._read(store, token)
        if said is None:
            return self._unknown()
        _, paper, liked = said
        return self.pages.show("feedback.html", paper=paper, liked=liked, token=token, said=False)

    def say(self, request: Request, _form: Form) -> Response:
        """Remember it, and show what came of it."""
        token = str(request.path_params["token"])
        try:
            with self.pages.store() as store:
                subscriber, paper, liked = give_feedback_by_token(store, token, self.pages.clock())
                said = list(store.feedback.of(subscriber.id).values())
        except StoreError:
            return self._unknown()
        return self.pages.show(
            "feedback.html", paper=paper, liked=liked, token=token, said=True, more=said.count(True),
            less=said.count(False),
        )  # fmt: skip

    def forget(self, request: Request, _form: Form) -> Response:
        """Forget what was said of this paper."""
        with self.pages.store() as store:
            said = self._read(store, str(request.path_params["token"]))
            if said is None:
                return self._unknown()
            with store.transaction():
                store.feedback.withdraw(said[0], said[1].id)
        return self.pages.tell("Forgotten", f"Nothing is learned any more from “{said[1].title}”.")

    @staticmethod
    def _read(store: Store, token: str) -> tuple[int, Paper, bool] | None:
        said = tokens.read_feedback(store.secret(), token)
        paper = store.papers.get_many([said[1]]).get(said[1]) if said else None
        known = store.subscribers.find_by_id(said[0]) if said else None
        return (said[0], paper, said[2]) if said and paper and known else None

    def _unknown(self) -> Response:
        words = "This link is not whole, or what it names is gone. Please copy all of it from the mail."
        return self.pages.tell("This does not work", words, 404)
