"""Style and scripts of the pages: made once, told apart by their content."""

from __future__ import annotations

import hashlib
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.web.pages import Pages

_FILES = {"pages.css": "text/css", "subscribe.js": "text/javascript"}


def asset_routes(pages: Pages) -> list[Route]:
    """Return the routes of what pages load."""
    return [Route(f"/{name}", partial(_answer, pages, name, kind)) for name, kind in _FILES.items()]


def _answer(pages: Pages, name: str, kind: str, request: Request) -> Response:
    return cached(request, pages.rendered(f"web/{name}").encode(), kind, 3600)


def cached(request: Request, content: bytes, media_type: str, seconds: int) -> Response:
    """Answer with what everybody may keep for so long, or say that it is what they have (RFC 9110, 13.1.2)."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"Cache-Control": f"public, max-age={seconds}", "ETag": etag}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
