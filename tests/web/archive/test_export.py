"""The static export of the archive."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from newsletter.errors import NewsletterError
from newsletter.web.app import make_archive
from newsletter.web.archive.export import with_relative_links, write_archive
from tests.web.live_site import ADA, SITE_URL, LiveSite


@pytest.mark.parametrize("prefix", ["", "/papers"])
def test_every_link_of_the_export_leads_to_a_file(with_edition: LiveSite, tmp_path: Path, prefix: str) -> None:
    folder, numbers = tmp_path / "public", list[int]()
    config = replace(with_edition.config, site_url=f"{SITE_URL}{prefix}")
    number = write_archive(make_archive(config, lambda: with_edition.now), prefix, folder, numbers.append)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == number > 50
    assert numbers == list(range(1, number + 1))
    for file in files:
        content = file.read_text(encoding="utf-8")
        assert ADA not in content
        if file.suffix != ".html":
            continue
        for link in re.findall(r'(?<= )(?:href|src)="([^":#?]+)(?:#[^"]*)?"', content):
            assert not link.startswith("/"), (file, link)
            target = (file.parent / unquote(unescape(link))).resolve()
            assert target.is_file(), (file, link)
            assert target.is_relative_to(folder.resolve())


def test_links_never_lead_out_of_the_folder(tmp_path: Path) -> None:
    def page(_request: Request) -> Response:
        links = ("/../escaped", "/%2e%2e/escaped", "/a/../../escaped", "/papers/..%2F..%2Fescaped", "/x%00y")
        return HTMLResponse("".join(f'<a href="{link}">' for link in links))

    folder = tmp_path / "public"
    write_archive(Starlette(routes=[Route("/{path:path}", page)]), "", folder)
    assert list(tmp_path.rglob("escaped*")) == []
    assert [path.name for path in tmp_path.iterdir()] == ["public"]


def test_a_page_that_fails_is_reported(tmp_path: Path) -> None:
    def broken(_request: Request) -> Response:
        return Response(status_code=500)

    with pytest.raises(NewsletterError, match="cannot export /: HTTP status 500"):
        write_archive(Starlette(routes=[Route("/", broken)]), "", tmp_path)


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "public").write_text("a file", encoding="utf-8")

    def page(_request: Request) -> Response:
        return HTMLResponse("")

    with pytest.raises(NewsletterError, match=r"cannot write .*public") as failure:
        write_archive(Starlette(routes=[Route("/", page)]), "", tmp_path / "public")
    assert failure.value.hint == "choose another folder"


@pytest.mark.parametrize(
    ("path", "link", "relative"),
    [
        ("/", "/", "./index.html"),
        ("/", "/pages.css", "./pages.css"),
        ("/papers/arxiv:2605.01234", "/topics/LLM%20agents", "../../topics/LLM%20agents/index.html"),
        ("/topics/A%2FB", "/papers/doi:10.1/a%28b%29", "../../../papers/doi:10.1/a%28b%29/index.html"),
        ("/editions", "/editions/daily-1#group-1", "../editions/daily-1/index.html#group-1"),
        ("/editions", "//elsewhere.example/x", "//elsewhere.example/x"),
        ("/editions", "https://elsewhere.example/x", "https://elsewhere.example/x"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "/archive"])
def test_links_are_relative_to_the_file(prefix: str, path: str, link: str, relative: str) -> None:
    own = f"{prefix}{link}" if link.startswith("/") and not link.startswith("//") else link
    page = with_relative_links(f'<a class="x" href="{own}">', prefix, f"{prefix}{path}")
    assert page == f'<a class="x" href="{relative}">'


def test_links_beside_the_archive_stay_as_they_are() -> None:
    page = '<a href="/elsewhere"> <a href="/papers">'
    assert with_relative_links(page, "/papers", "/papers/") == '<a href="/elsewhere"> <a href="./index.html">'
