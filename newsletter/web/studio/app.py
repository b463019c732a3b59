"""`newsletter preview`: a page of this machine's that shows what readers get, and follows what is edited.

    files, store → previews.of(choice) → /digest.html, .txt, .eml and .json, which the page puts together
    any of these changes → /changes → the page asks again

Nothing can be changed here, nothing is sent, and no address but this machine's own is listened on.
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
from newsletter.errors import NewsletterError
from newsletter.rendering.environment import find_template, make_environment, render
from newsletter.site import Site, default_templates
from newsletter.web.http.server import listen, make_server
from newsletter.web.studio import outbox
from newsletter.web.studio.live_reload import changes, version
from newsletter.web.studio.localhost_only import LocalhostOnly, message_policy
from newsletter.web.studio.page import page_context
from newsletter.web.studio.preview import Previews
from newsletter.web.studio.preview_json import checks_of, facts_of
from newsletter.web.studio.selection import choose_subscriber, offered_editions, read_choice

if TYPE_CHECKING:
    from uvicorn import Server

_HOST = "127.0.0.1"
#: The page's own files.
_ASSETS = ("studio.css", "studio.js", "frame.js", "panels.js")
#: The address asks for something that cannot be made: of a wrong profile, a broken template, an unknown edition.
_CANNOT = 422


@dataclass
class _Studio:
    """Answers requests. All but `changes` are plain functions, which Starlette runs in threads."""

    previews: Previews
    is_stopping: Callable[[], bool]

    def page(self, request: Request) -> Response:
        return HTMLResponse(_rendered("studio.html", **page_context(self.previews, read_choice(request.query_params))))

    def asset(self, request: Request) -> Response:
        return FileResponse(default_templates() / "web" / request.url.path.removeprefix("/"))

    def digest_json(self, request: Request) -> Response:
        """Return all there is to say of a letter, or why there is none; the page shows either."""
        now_shown = version(self.previews.site)
        try:
            choice = read_choice(request.query_params)
            facts = facts_of(self.previews.of(choice))
            with self.previews.store() as store:
                subscriber = choose_subscriber(self.previews.site, store, choice, self.previews.clock())
                editions = offered_editions(store, subscriber)
        except NewsletterError as error:
            return JSONResponse({"version": now_shown, "error": _in_words(error)})
        return JSONResponse({"version": now_shown, "error": None, "editions": editions, **facts})

    def checks_json(self, request: Request) -> Response:
        return JSONResponse(checks_of(self.previews.of(read_choice(request.query_params)).message))

    def digest_html(self, request: Request) -> Response:
        message = self.previews.of(read_choice(request.query_params)).message
        return _message(request, message.html, message.text)

    def digest_txt(self, request: Request) -> Response:
        return PlainTextResponse(self.previews.of(read_choice(request.query_params)).message.text)

    def digest_eml(self, request: Request) -> Response:
        return PlainTextResponse(self.previews.of(read_choice(request.query_params)).message.content)

    def version(self, _request: Request) -> Response:
        return JSONResponse({"version": version(self.previews.site)})

    async def changes(self, request: Request) -> Response:
        async def is_over() -> bool:
            return self.is_stopping() or await request.is_disconnected()

        return StreamingResponse(changes(self.previews.site, is_over), media_type="text/event-stream")

    def inbox(self, _request: Request) -> Response:
        config = load_config(self.previews.site)
        found = [asdict(message) | {"date": message.date.isoformat()} for message in outbox.messages(config.outbox)]
        return JSONResponse({"folder": str(config.outbox), "messages": found})

    def inbox_message(self, request: Request) -> Response:
        content = outbox.content(load_config(self.previews.site).outbox, request.path_params["name"])
        text = outbox.body(content, "plain") or ""
        match request.path_params["form"]:
            case "html":
                return _message(request, outbox.body(content, "html"), text)
            case "txt":
                return PlainTextResponse(text)
            case "eml":
                return PlainTextResponse(content)
        return PlainTextResponse("A letter has the forms .html, .txt and .eml.\n", 404)


def this_moment() -> datetime:
    """Return it, in UTC."""
    return datetime.now(UTC)


def make_studio(
    site: Site,
    clock: Callable[[], datetime] = this_moment,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Starlette:
    """Make the application; its streams end when `is_stopping` says so."""
    studio = _Studio(Previews(site, clock), is_stopping)
    routes = [
        Route("/", studio.page),
        Route("/digest.json", studio.digest_json),
        Route("/checks.json", studio.checks_json),
        Route("/digest.html", studio.digest_html),
        Route("/digest.txt", studio.digest_txt),
        Route("/digest.eml", studio.digest_eml),
        Route("/changes", studio.changes),
        Route("/version", studio.version),
        Route("/inbox", studio.inbox),
        Route("/inbox/{name}.{form}", studio.inbox_message),
        *(Route(f"/{name}", studio.asset) for name in _ASSETS),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(LocalhostOnly)],
        exception_handlers={NewsletterError: _tell, OSError: _tell, Exception: _tell_of_mistake},
    )


def make_studio_server(site: Site, clock: Callable[[], datetime] = this_moment) -> Server:
    """Make what serves the studio; it is told where when it runs."""
    # Streams never end by themselves, and Ctrl-C would wait for them.
    server = make_server(make_studio(site, clock, is_stopping=lambda: server.should_exit))
    return server


def serve_studio(site: Site, port: int, announce: Callable[[str], object] = sys.stdout.write) -> None:
    """Serve the studio to this machine alone until Ctrl-C; port 0 is a free one. The address is announced in a line.

    Raises:
        NewsletterError: The port is taken.
    """
    with listen(_HOST, port) as listening:
        announce(f"http://{_HOST}:{listening.getsockname()[1]}/\n")
        with suppress(KeyboardInterrupt):
            make_studio_server(site).run(sockets=[listening])


# -- answers ------------------------------------------------------------------------------------------


def _message(request: Request, html: str | None, text: str) -> Response:
    """Return a letter's page as it is, or its text as a page if it has none."""
    page = html if html is not None else _rendered("frame.html", title="No HTML part: this is its text", text=text)
    policy = message_policy(images=request.query_params.get("images") != "off")
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


def _tell(request: Request, error: Exception) -> Response:
    """Tell what is wrong in the form that was asked for."""
    return _told(request, error, _CANNOT if isinstance(error, NewsletterError) else 500)


def _tell_of_mistake(request: Request, error: Exception) -> Response:
    """Tell of what we did not think of; where it happened is written to the terminal."""
    told = NewsletterError(f"{type(error).__name__}: {error}", hint="a mistake of the program's; see its terminal")
    return _told(request, told, 500)


def _told(request: Request, error: Exception, status: int) -> Response:
    words = _in_words(error)
    if request.url.path.endswith(".html") or request.url.path == "/":
        page = _rendered("frame.html", title=words["message"], text=words["hint"])
        return HTMLResponse(page, status, {"Content-Security-Policy": message_policy(images=False)})
    return PlainTextResponse(f"{error}\n", status)


def _in_words(error: Exception) -> dict[str, str]:
    message = error.message if isinstance(error, NewsletterError) else str(error)
    hint = error.hint if isinstance(error, NewsletterError) else None
    return {"kind": type(error).__name__, "message": message, "hint": hint or ""}


def _rendered(template: str, **values: object) -> str:
    """Render one of our own pages; a site's templates have no say in them, so that they show what is wrong there."""
    return render(find_template(make_environment(), [f"web/{template}"]), **values)
