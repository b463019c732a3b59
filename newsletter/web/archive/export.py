"""Static export of the archive: crawl its pages from the front page on, and write each to a file."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote, unquote

import httpx
from starlette.types import ASGIApp

from newsletter.errors import NewsletterError

_START = (
    "/", "/pages.css", "/search", "/search-index.js", "/static_search.js", "/feed.atom", "/feed.json", "/sitemap.xml",
    "/robots.txt",
)  # fmt: skip
_LINK = re.compile(r'href="(/[^"#?]*)"')
_PART = re.compile(r"/(sitemap-[0-9]+\.xml)</loc>")
#: The links of a page that lead to the site itself, each with what follows the path.
_OWN_LINK = re.compile(r'(?<= )(href|src|data-home)="(/(?!/)[^"#?]*)([^"]*)"')


def write_archive(
    app: ASGIApp, prefix: str, folder: Path, on_page: Callable[[int], object] = lambda _number: None
) -> int:  # fmt: skip
    """Write all pages of an archive whose paths start with `prefix` to a folder; return their number.

    `on_page` is called with the number of pages written so far.

    Raises:
        NewsletterError: A file cannot be written, or a page cannot be rendered.
    """
    return asyncio.run(_crawl(app, prefix, folder, on_page))


async def _crawl(app: ASGIApp, prefix: str, folder: Path, on_page: Callable[[int], object]) -> int:
    queue, seen, written = deque(f"{prefix}{path}" for path in _START), set[str](), 0
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        while queue:
            path = queue.popleft()
            if path in seen:
                continue
            seen.add(path)
            response = await client.get(path)
            if response.status_code == httpx.codes.NOT_FOUND:  # a link to what only a live site has
                continue
            if response.status_code != httpx.codes.OK:
                raise NewsletterError(f"cannot export {path}: HTTP status {response.status_code}")
            content = response.content
            if response.headers["content-type"].startswith("text/html"):
                queue.extend(link for link in _LINK.findall(response.text) if link.startswith(f"{prefix}/"))
                content = with_relative_links(response.text, prefix, path).encode()
            elif path.endswith("/sitemap.xml"):
                queue.extend(f"{prefix}/{name}" for name in _PART.findall(response.text))
            _write_file(folder, path.removeprefix(prefix), content)
            written += 1
            on_page(written)
    return written


def with_relative_links(page: str, prefix: str, path: str) -> str:
    """Return a page whose links lead to the files of the others, so that it works in any folder, and as a file."""
    up = "../" * (len(_file_of(path.removeprefix(prefix))) - 1) or "./"

    def relative(found: re.Match[str]) -> str:
        name, target, rest = found.groups()
        if target != prefix and not target.startswith(f"{prefix}/"):
            return found[0]
        parts = _file_of(unescape(target).removeprefix(prefix))
        return f'{name}="{up}{escape(quote("/".join(parts), safe="/:"))}{rest}"'

    return _OWN_LINK.sub(relative, page)


def _file_of(path: str) -> list[str]:
    """Return the parts of the name of a path's file."""
    parts = unquote(path).strip("/").split("/") if path.strip("/") else []
    is_page = not parts or "." not in parts[-1] or parts[0] in ("papers", "topics")
    return [*parts, "index.html"] if is_page else parts


def _write_file(folder: Path, path: str, content: bytes) -> None:
    parts = _file_of(path)
    if any(part in ("", ".", "..") or "\x00" in part for part in parts):
        return  # not a safe file name
    file = folder.joinpath(*parts)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise NewsletterError(
            f"cannot write {file}: {error.strerror or error}", hint="choose another folder"
        ) from error
