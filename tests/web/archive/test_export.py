"""The static export of the archive."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from newsletter.errors import NewsletterError
from newsletter.web.app import make_archive
from newsletter.web.archive.export import write_archive
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
        for link in re.findall(r'(?:href|src)="(/[^"#?]*)"', content):
            target = folder / unquote(link.removeprefix(prefix).strip("/"))
            assert target.is_file() or (target / "index.html").is_file(), (file, link)


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
