"""What a site answers from outside: one ASGI application, for `newsletter serve --web` or any host of such.

uvicorn --factory newsletter.web.app:make_site_app    # of the site around the working directory
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.errors import ConfigError, NewsletterError
from newsletter.rendering.environment import make_environment
from newsletter.sending import Transport
from newsletter.site import find_site
from newsletter.web.archive.feeds import Feeds
from newsletter.web.archive.pages import Archive
from newsletter.web.assets import asset_routes
from newsletter.web.http.security import SecurityMiddleware
from newsletter.web.operator import Operator
from newsletter.web.site_pages import Pages
from newsletter.web.subscribers.feedback import FeedbackPages
from newsletter.web.subscribers.outgoing import Outgoing
from newsletter.web.subscribers.preferences import Preferences
from newsletter.web.subscribers.signup import Signup
from newsletter.web.subscribers.unsubscribe import Unsubscribe
from newsletter.web.webhooks import webhook_routes

_logger = logging.getLogger(__name__)


def make_app(
    config: Config,
    clock: Callable[[], datetime],
    *,
    fetch: Callable[[str], bytes] | None = None,
    transport: Callable[[], Transport] | None = None,
) -> Starlette:
    """Make the application of a site.

    `fetch` asks the addresses of Amazon's that a call of its names; `transport` makes what takes mail away.

    Raises:
        ConfigError: The settings do not say where readers reach the site, whose mails link to it.
    """
    if config.site_url is None:
        hint = "the address that readers see; http://127.0.0.1:8000 for a trial"
        raise ConfigError(f"{config.site.config}: site.url is missing", hint=hint)
    pages = Pages(config, make_environment(config.site.templates), clock)
    post = Outgoing(pages, transport)
    routes: list[BaseRoute] = [
        *asset_routes(pages),
        *Archive(pages).routes(),
        *Feeds(pages).routes(),
        *Signup(pages, post).routes(),
        *Preferences(pages, post).routes(),
        *Unsubscribe(pages).routes(),
        *FeedbackPages(pages).routes(),
        *Operator(pages, post).routes(),
        *webhook_routes(pages.store, config.webhooks, config.bounces.soft_limit, clock, fetch),
    ]

    def missing(_request: Request, _error: Exception) -> Response:
        return pages.tell("Not here", "There is no such page.", 404, to="/", label="To the first page")

    def cannot(request: Request, error: Exception) -> Response:
        _logger.error("%s: %s", request.url.path.split("/")[1], error)  # what follows may be a token
        return PlainTextResponse("This does not work just now. Please try again later.\n", 503, {"Retry-After": "60"})

    return Starlette(
        routes=[Mount(pages.prefix, routes=routes)] if pages.prefix else routes,
        middleware=[Middleware(SecurityMiddleware, site_url=config.site_url, prefix=pages.prefix)],
        exception_handlers={404: missing, NewsletterError: cannot},
    )


def make_archive(config: Config, clock: Callable[[], datetime]) -> Starlette:
    """Make the application of a site's archive alone, as it is to be written into files."""
    pages = Pages(config, make_environment(config.site.templates), clock, is_live=False)
    routes: list[BaseRoute] = [*asset_routes(pages), *Archive(pages).routes(), *Feeds(pages).routes()]
    return Starlette(routes=[Mount(pages.prefix, routes=routes)] if pages.prefix else routes)


def make_site_app() -> ASGIApp:
    """Make the application of the site around the working directory.

    Raises:
        ConfigError: There is none, or its settings are wrong.
    """
    return make_app(load_config(find_site(Path.cwd())), lambda: datetime.now(UTC))
