"""Static assets of the public pages: their style sheet and scripts."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.web.http.caching import cached
from newsletter.web.site_pages import SitePages

_MEDIA_TYPES = {
    "pages.css": "text/css",
    "operator.css": "text/css",
    "search.js": "text/javascript",
    "static_search.js": "text/javascript",
    "subscribe.js": "text/javascript",
    "topic_help.js": "text/javascript",
}
_MAX_AGE_S = 3600


def asset_routes(pages: SitePages) -> list[Route]:
    """Return a route for each asset."""
    return [Route(f"/{name}", partial(_asset, pages, name, kind)) for name, kind in _MEDIA_TYPES.items()]


def _asset(pages: SitePages, name: str, media_type: str, request: Request) -> Response:
    return cached(request, pages.render_template(f"web/{name}").encode(), media_type, _MAX_AGE_S)
