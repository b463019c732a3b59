"""What everybody gets alike: style and scripts, and pages that are made once for all who ask within a few seconds."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.web.http.caching import cached
from newsletter.web.site_pages import Pages

_FILES = {"pages.css": "text/css", "subscribe.js": "text/javascript"}


def asset_routes(pages: Pages) -> list[Route]:
    """Return the routes of what pages load."""
    return [Route(f"/{name}", partial(_answer, pages, name, kind)) for name, kind in _FILES.items()]


def _answer(pages: Pages, name: str, kind: str, request: Request) -> Response:
    return cached(request, pages.rendered(f"web/{name}").encode(), kind, 3600)
