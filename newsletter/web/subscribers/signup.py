"""To subscribe: a form, an endpoint for programs, and the link that confirms.

What is answered never depends on whether an address is known: it is not even looked up before the mail is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter import tokens
from newsletter.errors import ProfileError, QueryError, StoreError
from newsletter.models import Profile, Topic
from newsletter.pipeline.messages import PREFERENCES_LAST
from newsletter.rendering.links import paper_url
from newsletter.store.confirmations import Kind
from newsletter.subscribers.double_opt_in import confirm, read_request, request_subscription
from newsletter.web.http.forms import MOST_BYTES, Form, limited_body, posting
from newsletter.web.site_pages import Pages
from newsletter.web.subscribers.openapi import DESCRIPTION
from newsletter.web.subscribers.outgoing import Outgoing
from newsletter.web.subscribers.profile_form import Fields, fields_of, fields_of_form, read_profile_form

#: A field that no person sees; programs fill it in.
_TRAP = "website"


class Signup:
    """Answers who wants to be mailed."""

    def __init__(self, pages: Pages, post: Outgoing) -> None:
        self.pages = pages
        self.post = post

    def routes(self) -> list[Route]:
        """Return what is answered."""
        return [
            Route("/subscribe", self.form, methods=["GET"]),
            Route("/subscribe", posting(self.ask), methods=["POST"]),
            Route("/subscribe/asked", self.asked, methods=["GET"]),
            Route("/subscribe/embed", self.embed, methods=["GET"]),
            Route("/sample.json", self.sample, methods=["GET"]),
            Route("/confirm/{token}", self.to_confirm, methods=["GET"]),
            Route("/confirm/{token}", posting(self.confirm), methods=["POST"]),
            Route("/api/subscribe", self.ask_by_json, methods=["POST"]),
            Route("/api/openapi.json", self.openapi, methods=["GET"]),
        ]

    # -- the form -------------------------------------------------------------------------------------

    def form(self, request: Request) -> Response:
        """Show the form, with what the address says filled in: ?email=…&topic=…"""
        asked = Form({name: tuple(request.query_params.getlist(name)) for name in request.query_params})
        counts = self._counts()
        fields = fields_of_form(asked, counts) if asked.fields else fields_of(Profile(), counts)
        return self._shown(fields, asked)

    def ask(self, _request: Request, form: Form) -> Response:
        """Take a filled form."""
        if not form.one(_TRAP):
            try:
                self._ask(form.one("email"), form.one("name"), read_profile_form(form))
            except ProfileError as error:
                return self._shown(fields_of_form(form, self._counts()), form, error)
        there = f"{self.pages.prefix}/subscribe/asked"
        return RedirectResponse(there, 303, background=BackgroundTask(self.post.send_waiting))

    def asked(self, _request: Request) -> Response:
        """Tell what comes next."""
        return self.pages.tell(
            "Now look into your mailbox",
            "If the address is right, there is a mail with a link that confirms. It is good for three days. "
            "Nothing else is sent before.",
        )

    def embed(self, _request: Request) -> Response:
        """Show the few lines by which other sites ask."""
        return self.pages.show("embed.html", private=False, url=f"{self.pages.config.site_url or ''}/subscribe")

    def sample(self, request: Request) -> Response:
        """Tell what a query would have brought in the last week."""
        try:
            found = self.pages.topic_counts.sample(request.query_params.get("q", ""))
        except QueryError as error:
            return JSONResponse({"error": error.message, "hint": error.hint}, 422)
        papers = [{"title": paper.title, "url": paper_url(paper)} for paper in found.best]
        return JSONResponse({"matched": found.matched, "of": found.papers, "papers": papers})

    def _shown(self, fields: Fields, form: Form, error: ProfileError | None = None) -> Response:
        typed = {name: form.one(name) for name in ("email", "name")}
        words = None if error is None else {"text": error.message.removeprefix("email: "), "hint": error.hint or ""}
        return self.pages.show("subscribe.html", 422 if error else 200, fields=fields, typed=typed, error=words)

    def _counts(self) -> dict[Topic, int]:
        with self.pages.store() as store:
            topics = store.topics.catalogue()
        return self.pages.topic_counts.counts(topics)

    def _ask(self, email: str, name: str, preferences: Mapping[str, Any]) -> None:
        with self.pages.store() as store:
            request_subscription(store, email, name, preferences, self.pages.clock())

    # -- for programs ---------------------------------------------------------------------------------

    async def ask_by_json(self, request: Request) -> Response:
        """Take {"email": …, "name": …} and wishes as a profile's file has them."""
        try:
            body = await limited_body(request, MOST_BYTES)
        except ClientDisconnect:
            return PlainTextResponse("", 400)
        if body is None:
            return _wrong("the body is too large", None, 413)
        return await run_in_threadpool(self._answer_json, body)

    def _answer_json(self, body: bytes) -> Response:
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            return _wrong("the body is no JSON", None, 400)
        if not isinstance(asked, dict) or not isinstance(asked.get("email"), str):
            return _wrong("an object with an email is expected", '{"email": "you@example.org"}', 422)
        name = asked.get("name", "")
        if not isinstance(name, str):
            return _wrong("name: text is expected", None, 422)
        try:
            self._ask(asked["email"], name, {k: v for k, v in asked.items() if k not in ("email", "name")})
        except ProfileError as error:
            return _wrong(error.message, error.hint, 422)
        return JSONResponse({"status": "asked"}, 202, background=BackgroundTask(self.post.send_waiting))

    def openapi(self, _request: Request) -> Response:
        """Describe the endpoints for programs."""
        config = self.pages.config
        server = [{"url": config.site_url or "/"}]
        about = {"title": config.site_name, "version": "1"}
        return JSONResponse(DESCRIPTION | {"info": about, "servers": server})

    # -- to confirm -----------------------------------------------------------------------------------

    def to_confirm(self, request: Request) -> Response:
        """Ask once more: programs that look at mail follow links, too."""
        try:
            with self.pages.store() as store:
                asked = read_request(store, request.path_params["token"], self.pages.clock())
        except StoreError as error:
            return self._cannot(error)
        return self.pages.show("confirm.html", asked=asked, is_move=asked.kind is Kind.CHANGE_ADDRESS)

    def confirm(self, request: Request, _form: Form) -> Response:
        """Do what was asked for."""
        now = self.pages.clock()
        try:
            with self.pages.store() as store:
                known = confirm(store, request.path_params["token"], now)
                until = now.date() + PREFERENCES_LAST
                token = tokens.sign_until(store.secret(), tokens.PREFERENCES, known.id, until)
        except StoreError as error:
            return self._cannot(error)
        return self.pages.show(
            "confirmed.html", subscriber=known, preferences=f"{self.pages.prefix}/preferences/{token}"
        )

    def _cannot(self, error: StoreError) -> Response:
        words = f"{error.message[0].upper()}{error.message[1:]}."
        return self.pages.tell("This does not work", words, 404, to="/subscribe", label="Ask once more")


def _wrong(message: str, hint: str | None, status: int) -> JSONResponse:
    return JSONResponse({"error": message, "hint": hint}, status)
