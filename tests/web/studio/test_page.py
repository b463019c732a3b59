"""The studio's page before any script has run."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from newsletter.files.site import Site
from tests.web.studio.client import ADA


@pytest.mark.usefixtures("sent")
def test_the_page_has_options_for_every_selection(studio: TestClient) -> None:
    page = studio.get("/", params=ADA | {"style": "compact"}).text

    assert '<option value="ada@example.org" selected>Ada Example &lt;ada@example.org&gt;</option>' in page
    assert '<option value="compact" selected>Compact</option>' in page
    assert '<option value="de">Deutsch</option>' in page
    assert '<option value="daily-2026-05-08">8 May 2026 · Daily edition</option>' in page
    assert '<option value="last-30-days">Last 30 days</option>' in page


def test_a_selection_that_is_not_offered_is_kept(studio: TestClient) -> None:
    page = studio.get("/", params=ADA | {"edition": "daily-1999-01-01"}).text

    assert '<option value="daily-1999-01-01" selected>daily-1999-01-01</option>' in page


def test_a_site_without_subscribers_says_so(studio: TestClient, site: Site) -> None:
    for file in site.subscribers.glob("*.toml"):
        file.unlink()
    site.store.unlink()

    assert '<option value="">No subscribers yet</option>' in studio.get("/").text.replace(" selected", "")


def test_the_page_has_no_inline_script_or_style(studio: TestClient) -> None:
    page = studio.get("/").text

    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page) == []


def test_the_page_speaks_the_language_of_the_browser(studio: TestClient) -> None:
    page = studio.get("/", headers={"Accept-Language": "fr"})
    assert page.headers["Content-Language"] == "fr"
    assert '<html lang="fr" dir="ltr">' in page.text


def test_no_heading_is_empty_while_the_message_loads(studio: TestClient) -> None:
    assert re.findall(r"<h\d[^>]*>(?:\s|&nbsp;)*</h\d>", studio.get("/").text) == []


def test_all_views_are_offered(studio: TestClient) -> None:
    page = studio.get("/").text
    assert re.findall(r'name="(?:scheme|width|images)" value="(\w+)"', page) == [
        "desktop", "tablet", "phone", "light", "dark", "gmail", "outlook", "on", "off",
    ]  # fmt: skip
    (compare,) = re.findall(r'<select form="selection" name="compare">(.*?)</select>', page, re.DOTALL)
    assert re.findall(r'value="(\w*)"', compare) == ["", "cards", "compact", "plain"]
