"""The public web application (ASGI): archive, subscribers' pages, operator's page and webhooks of one site.

`newsletter serve --web` runs it; so does any ASGI server, for the site around the working directory:

    uvicorn --factory newsletter.web.app:make_site_app
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp

from newsletter.config.environment import SITE
from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.errors import ConfigError, NewsletterError
from newsletter.files.site import find_site, named_site
from newsletter.models.languages import LANGUAGE_TAGS
from newsletter.rendering.environment import make_environment
from newsletter.sending import Transport, never
from newsletter.subscribers.double_opt_in import purge_requests
from newsletter.web.archive.site import archive_routes
from newsletter.web.assets import asset_routes
from newsletter.web.error_pages import ErrorPages
from newsletter.web.health import health_routes
from newsletter.web.http.guard import Guard
from newsletter.web.http.login_limit import LoginLimit
from newsletter.web.http.page_language import PageLanguages
from newsletter.web.http.security import PublicPages, own_counts
from newsletter.web.operator import Operator
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.digest_link import DigestLink
from newsletter.web.subscribers.digest_pages import DigestPages
from newsletter.web.subscribers.feedback import FeedbackPages
from newsletter.web.subscribers.live_preview import LivePreview
from newsletter.web.subscribers.outgoing import Outgoing
from newsletter.web.subscribers.preferences import Preferences
from newsletter.web.subscribers.rating import Rating
from newsletter.web.subscribers.saved import SavedPapers
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
    is_shutting_down: Callable[[], bool] = never,
    is_stalled: Callable[[], bool] | None = None,
    login_limit: LoginLimit | None = None,
) -> Starlette:
    """Return the web application of a site.

    `fetch` gets the URLs that an Amazon SNS call names (certificates, subscription confirmations); `transport` opens
    what confirmation emails are sent by. Both default to the real ones. When `is_shutting_down` returns True, an
    email in flight is given up; it waits in the store.

    Raises:
        ConfigError: `site.url` is missing: every link in an email starts with it.
    """
    if config.site_url is None:
        hint = "set the address of the public pages; http://127.0.0.1:8000 to try them on this machine"
        raise ConfigError(f"{config.site.config}: site.url is missing", hint=hint)
    pages = SitePages(config, make_environment(config.site.templates), clock)
    _purge_requests(pages)
    outgoing = Outgoing(pages, transport, is_shutting_down)
    routes = [
        *page_routes(pages, outgoing, login_limit),
        *webhook_routes(pages.store, config.webhooks, config.bounces.soft_limit, clock, fetch),
    ]

    error_pages = ErrorPages(pages)

    def close() -> None:
        outgoing.close()
        pages.close()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        close()

    make_counts = pages.counts if pages.shared_limits else own_counts
    policy = PublicPages(config.site_url, pages.prefix, error_pages, make_counts)
    health = health_routes(pages.store, is_stalled)  # at the root, too: a health check does not know the prefix
    app = Starlette(
        routes=[*health, Mount(pages.prefix, routes=[*health, *routes])] if pages.prefix else [*health, *routes],
        lifespan=lifespan,
        middleware=[
            Middleware(PageLanguages, tags=LANGUAGE_TAGS, default=config.site_language),
            Middleware(Guard, policy=policy),
        ],
        exception_handlers=_exception_handlers(error_pages),
    )
    app.state.outgoing = outgoing
    app.state.close = close
    return app


def _exception_handlers(error_pages: ErrorPages) -> dict[Any, Callable[[Request, Exception], Response]]:
    def refused(request: Request, error: Exception) -> Response:
        status, headers = getattr(error, "status_code", 500), getattr(error, "headers", None)
        return error_pages(request.scope, status, headers)

    def unavailable(request: Request, error: Exception) -> Response:
        _logger.error("%s: %s", request.url.path.split("/")[1], error)  # the rest of the path may be a token
        return error_pages(request.scope, 503, {"Retry-After": "60"})

    def failed(request: Request, _error: Exception) -> Response:  # the server logs it
        return error_pages(request.scope, 500)

    return {HTTPException: refused, NewsletterError: unavailable, Exception: failed}


def page_routes(pages: SitePages, outgoing: Outgoing, login_limit: LoginLimit | None) -> list[BaseRoute]:
    """Return the routes of all pages."""
    previews = LivePreview(pages)
    return [
        *asset_routes(pages),
        *archive_routes(pages),
        *Signup(pages, outgoing, previews).routes(),
        *Preferences(pages, outgoing, previews).routes(),
        *Rating(pages).routes(),
        *SavedPapers(pages).routes(),
        *DigestLink(pages, outgoing).routes(),
        *DigestPages(pages).routes(),
        *Unsubscribe(pages).routes(),
        *FeedbackPages(pages).routes(),
        *Operator(pages, outgoing, login_limit).routes(),
    ]


def _purge_requests(pages: SitePages) -> None:
    try:
        with pages.store() as store:
            purge_requests(store, pages.clock())
    except NewsletterError as error:  # every page will say so
        _logger.warning("old requests were not deleted: %s", error)


def make_archive(config: Config, clock: Callable[[], datetime]) -> Starlette:
    """Return the application of a site's archive alone, for the static export."""
    pages = SitePages(config, make_environment(config.site.templates), clock, is_live=False)
    routes: list[BaseRoute] = [*asset_routes(pages), *archive_routes(pages)]
    app = Starlette(routes=[Mount(pages.prefix, routes=routes)] if pages.prefix else routes)
    app.state.close = pages.close
    return app


def make_site_app() -> ASGIApp:
    """Return the web application of the site that NEWSLETTER_SITE names, else of that around the working directory.

    Raises:
        ConfigError: There is no site, or its settings are invalid.
    """
    named = os.environ.get(SITE)
    site = named_site(Path(named)) if named else find_site(Path.cwd())
    return make_app(load_config(site), lambda: datetime.now(UTC))
