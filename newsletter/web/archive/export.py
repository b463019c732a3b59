"""The archive as files, for any host of such: every page that leads to another is asked for, and written down."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import httpx
from starlette.types import ASGIApp

from newsletter.errors import NewsletterError

_BEGIN = ("/", "/pages.css", "/feed.atom", "/feed.json", "/sitemap.xml", "/robots.txt")
_LINK = re.compile(r'href="(/[^"#?]*)"')


def write_archive(
    app: ASGIApp, prefix: str, folder: Path, tell: Callable[[int], object] = lambda _number: None
) -> int:  # fmt: skip
    """Write all pages of an archive that is below a path into a folder; return how many. `tell` hears the number.

    Raises:
        NewsletterError: A file cannot be written, or a page cannot be made.
    """
    return asyncio.run(_write(app, prefix, folder, tell))


async def _write(app: ASGIApp, prefix: str, folder: Path, tell: Callable[[int], object]) -> int:
    waiting, seen, written = deque(f"{prefix}{path}" for path in _BEGIN), set[str](), 0
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        while waiting:
            path = waiting.popleft()
            if path in seen:
                continue
            seen.add(path)
            answer = await client.get(path)
            if answer.status_code == httpx.codes.NOT_FOUND:  # it leads to what only a living site has
                continue
            if answer.status_code != httpx.codes.OK:
                raise NewsletterError(f"{path}: cannot be made ({answer.status_code})")
            _put(folder, path.removeprefix(prefix), answer.content)
            written += 1
            tell(written)
            if answer.headers["content-type"].startswith("text/html"):
                waiting.extend(link for link in _LINK.findall(answer.text) if link.startswith(f"{prefix}/"))
    return written


def _put(folder: Path, path: str, content: bytes) -> None:
    parts = unquote(path).strip("/").split("/") if path != "/" else []
    if any(part in ("", ".", "..") or "\x00" in part for part in parts):
        return  # no file can have this name
    file = folder.joinpath(*parts)
    if not parts or "." not in parts[-1] or parts[0] in ("papers", "topics"):
        file /= "index.html"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise NewsletterError(f"{file}: {error.strerror or error}", hint="name another folder") from error
