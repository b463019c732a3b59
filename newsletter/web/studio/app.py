"""The preview studio (`newsletter preview`): a local page that shows what subscribers get, with live reload.

    files, store → previews.of(selection) → /digest.html, .txt, .eml and .json, which the page assembles
    a file or the store changes → /changes → the page reloads them

The studio is read-only, sends nothing, listens on localhost only, and asks for the token in its printed address.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from newsletter.config.load import load_config
from newsletter.errors import NewsletterError, StoreError
from newsletter.files.site import Site, default_templates
from newsletter.models.languages import LANGUAGE_TAGS
from newsletter.pipeline.topic_counts import TopicCounts
from newsletter.rendering.environment import find_template, make_environment, render
from newsletter.rendering.language import Language, language
from newsletter.store import open_store
from newsletter.web.http.guard import Guard
from newsletter.web.http.page_language import PageLanguages, language_headers, spoken
from newsletter.web.http.server import listen, make_server
from newsletter.web.studio import outbox
from newsletter.web.studio.access_token import AccessToken, new_token
from newsletter.web.studio.live_reload import changes, version
from newsletter.web.studio.localhost_only import LocalhostOnly, message_policy
from newsletter.web.studio.page import page_context
from newsletter.web.studio.preview import Previews
from newsletter.web.studio.preview_json import checks_of, preview_json
from newsletter.web.studio.selection import choose_subscriber, offered_editions, parse_selection
from newsletter.web.topic_help import topic_help

if TYPE_CHECKING:
    from uvicorn import Server

_HOST = "127.0.0.1"
#: The page's own files.
_ASSETS = ("studio.css", "studio.js", "frame.js", "inversion.js", "panels.js", "inbox.js", "texts.js", "topic_help.js")
#: For a selection that cannot be rendered: an invalid profile, a broken template, an unknown edition.
_UNPROCESSABLE = 422


@dataclass
class _Studio:
    """The request handlers. All but `changes` are plain functions, which Starlette runs in threads."""

    previews: Previews
    topic_counts: TopicCounts
    is_shutting_down: Callable[[], bool]

    def page(self, request: Request) -> Response:
        context = page_context(self.previews, parse_selection(request.query_params), _language())
        return HTMLResponse(_render("studio.html", **context), headers=dict(language_headers()))

    def asset(self, request: Request) -> Response:
        return FileResponse(default_templates() / "web" / request.url.path.removeprefix("/"))

    def digest_json(self, request: Request) -> Response:
        """Return everything about a message but itself, or the error that prevents it; the page shows either."""
        current = version(self.previews.site)
        try:
            selection = parse_selection(request.query_params)
            preview = preview_json(self.previews.of(selection), _language())
            with self.previews.store() as store:
                subscriber = choose_subscriber(self.previews.site, store, selection, self.previews.clock())
                editions = offered_editions(store, subscriber, _language())
        except NewsletterError as error:
            return JSONResponse({"version": current, "error": _error_json(error)})
        return JSONResponse({"version": current, "error": None, "editions": editions, **preview})

    def checks_json(self, request: Request) -> Response:
        message = self.previews.of(parse_selection(request.query_params)).message
        return JSONResponse(checks_of(message, _language()))

    def digest_html(self, request: Request) -> Response:
        message = self.previews.of(parse_selection(request.query_params)).message
        return _message(request, message.html, message.text)

    def digest_txt(self, request: Request) -> Response:
        return PlainTextResponse(self.previews.of(parse_selection(request.query_params)).message.text)

    def digest_eml(self, request: Request) -> Response:
        return PlainTextResponse(self.previews.of(parse_selection(request.query_params)).message.content)

    def topic_json(self, request: Request) -> Response:
        """Return what a topic that is being typed matched in the last week: a name of the catalogue, or a query."""
        typed = request.query_params.get("q", "")
        with self.previews.store() as store:
            known = store.topics.find(typed)
        return topic_help(self.topic_counts, known.query if known else typed, _language())

    def version(self, _request: Request) -> Response:
        return JSONResponse({"version": version(self.previews.site)})

    async def changes(self, request: Request) -> Response:
        async def is_over() -> bool:
            return self.is_shutting_down() or await request.is_disconnected()

        return StreamingResponse(changes(self.previews.site, is_over), media_type="text/event-stream")

    def inbox(self, request: Request) -> Response:
        """Return the messages of the outbox; with `q`, those that a search finds."""
        folder = load_config(self.previews.site).outbox
        found = outbox.messages(folder, request.query_params.get("q", ""))
        messages = [asdict(message) | {"date": message.date.isoformat()} for message in found.messages]
        return JSONResponse({"folder": str(folder), "messages": messages, "total": found.total})

    def inbox_message(self, request: Request) -> Response:
        content = outbox.content(load_config(self.previews.site).outbox, request.path_params["name"])
        text = outbox.body(content, "plain") or ""
        match request.path_params["format"]:
            case "html":
                return _message(request, outbox.body(content, "html"), text)
            case "txt":
                return PlainTextResponse(text)
            case "eml":
                return PlainTextResponse(content)
        return PlainTextResponse("Unknown format: use .html, .txt or .eml.\n", 404)


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def make_studio(
    site: Site,
    clock: Callable[[], datetime] = utc_now,
    is_shutting_down: Callable[[], bool] = lambda: False,
    *,
    token: str,
) -> Starlette:
    """Return the studio's application, for requests with the token.

    Its event streams end when `is_shutting_down` returns True.
    """
    studio = _Studio(
        Previews(site, clock), TopicCounts(lambda: open_store(load_config(site).store), clock), is_shutting_down
    )
    routes = [
        Route("/", studio.page),
        Route("/digest.json", studio.digest_json),
        Route("/checks.json", studio.checks_json),
        Route("/digest.html", studio.digest_html),
        Route("/digest.txt", studio.digest_txt),
        Route("/digest.eml", studio.digest_eml),
        Route("/changes", studio.changes),
        Route("/topic.json", studio.topic_json),
        Route("/version", studio.version),
        Route("/inbox", studio.inbox),
        Route("/inbox/{name}.{format}", studio.inbox_message),
        *(Route(f"/{name}", studio.asset) for name in _ASSETS),
    ]
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(Guard, policy=LocalhostOnly()),
            Middleware(AccessToken, token=token),
            Middleware(PageLanguages, tags=LANGUAGE_TAGS, default="en"),
        ],
        exception_handlers={NewsletterError: _handle_error, OSError: _handle_error, Exception: _handle_bug},
    )


def make_studio_server(site: Site, clock: Callable[[], datetime] = utc_now, *, token: str) -> Server:
    """Return a uvicorn server for the studio; pass its sockets to `run`."""
    # Event streams never end by themselves, and shutdown waits for open responses.
    server = make_server(make_studio(site, clock, is_shutting_down=lambda: server.should_exit, token=token))
    return server


def serve_studio(site: Site, port: int, announce: Callable[[str], object] = sys.stdout.write) -> None:
    """Serve the studio on localhost until Ctrl-C, and announce its URL with the token; port 0 picks a free port.

    Raises:
        NewsletterError: The port is in use.
    """
    token = new_token()
    with listen(_HOST, port) as listening:
        announce(f"http://{_HOST}:{listening.getsockname()[1]}/?token={token}\n")
        with suppress(KeyboardInterrupt):
            make_studio_server(site, token=token).run(sockets=[listening])


# -- responses ----------------------------------------------------------------------------------------


def _message(request: Request, html: str | None, text: str) -> Response:
    """Return the HTML of a message, or its text in a page if it has no HTML part."""
    page = (
        html
        if html is not None
        else _render("frame.html", title=_language().gettext("No HTML part: this is the text part"), text=text)
    )
    policy = message_policy(images=request.query_params.get("images") != "off")
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


def _handle_error(request: Request, error: Exception) -> Response:
    """Report an error in the format that was requested."""
    match error:
        case StoreError():
            status = 503
        case NewsletterError():
            status = _UNPROCESSABLE
        case _:
            status = 500
    return _error_response(request, error, status)


def _handle_bug(request: Request, error: Exception) -> Response:
    """Report an unexpected exception without its traceback, which Starlette writes to the terminal."""
    bug = NewsletterError(f"{type(error).__name__}: {error}", hint="internal error (bug); see the terminal")
    return _error_response(request, bug, 500)


def _error_response(request: Request, error: Exception, status: int) -> Response:
    shown = _error_json(error)
    if request.url.path.endswith(".html") or request.url.path == "/":
        page = _render("frame.html", title=shown["message"], text=shown["hint"])
        return HTMLResponse(page, status, {"Content-Security-Policy": message_policy(images=False)})
    return PlainTextResponse(f"{error}\n", status)


def _error_json(error: Exception) -> dict[str, str]:
    message = error.message if isinstance(error, NewsletterError) else str(error)
    hint = error.hint if isinstance(error, NewsletterError) else None
    return {"kind": type(error).__name__, "message": message, "hint": hint or ""}


def _render(template: str, **values: object) -> str:
    """Render a page of the studio from the built-in templates, so that it works while a site's own are broken."""
    spoken_here = _language()
    shared = {"language": spoken_here, **spoken_here.markup_functions()}
    return render(find_template(make_environment(), [f"web/{template}"]), **shared | values)


def _language() -> Language:
    """Return the language of the page that is being made: the browser's."""
    return language(spoken() or "en")
