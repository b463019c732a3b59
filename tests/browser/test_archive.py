"""The archive in a real browser: results while somebody types, a static archive as files, and axe."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from newsletter.models import tokens
from newsletter.web.app import make_archive
from newsletter.web.archive.export import with_relative_links
from tests.browser.conftest import TIMEOUT_MS, Open, violations_of
from tests.factories import make_profile, make_topic
from tests.web.live_site import ADA, LiveSite

PAPER = "arxiv:2605.99001"


def test_results_come_while_somebody_types(browser: Open) -> None:
    page = browser("/search")
    assert page.locator("h2").first.text_content() == "Newest papers"
    page.locator("#q").press_sequentially("in-context learning")
    expect(page).to_have_url(re.compile(r"q=in-context\+learning"))
    expect(page.locator("#announced")).to_have_text(re.compile(r"^\d+ papers?$"))
    expect(page.locator("mark").first).to_be_visible()
    page.locator(".facets a").first.click()
    expect(page.locator(".set a")).to_have_count(1)
    page.locator(".set a").click()
    expect(page.locator(".set")).to_have_count(0)


def test_without_scripts_the_button_searches_and_keeps_the_filters(browser: Open) -> None:
    page = browser("/search?code=1&view=list", java_script_enabled=False)
    page.fill("#q", "learning OR model")
    page.click("button:text-is('Search')")
    expect(page.locator(".set a")).to_have_count(1)
    expect(page.locator("ol.dense > li").first).to_be_visible()


def test_a_static_archive_is_searched_as_files(live: LiveSite, chromium: Browser, tmp_path: Path) -> None:
    config = replace(live.config, site_url="https://papers.example/archive")
    client = TestClient(make_archive(config, lambda: live.now), base_url="https://papers.example")
    for path, file in {
        "/search": "search/index.html", "/search-index.js": "search-index.js", "/static_search.js": "static_search.js",
        "/pages.css": "pages.css", f"/papers/{PAPER}": f"papers/{PAPER}/index.html",
    }.items():  # fmt: skip
        response = client.get(f"/archive{path}")
        text = (
            with_relative_links(response.text, "/archive", f"/archive{path}")
            if file.endswith("html")
            else response.text
        )
        (tmp_path / "public" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "public" / file).write_text(text, encoding="utf-8")
    page, errors = chromium.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark"), list[str]()
    page.set_default_timeout(TIMEOUT_MS)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "public" / "search" / "index.html").as_uri())
    expect(page.locator("#found")).to_have_text("Papers found: 36")
    title = client.get(f"/archive/papers/{PAPER}").text.partition('<h1 dir="auto">')[2].partition("<")[0]
    page.fill("#q", f"-zyzzyva {title[:20]}")
    assert violations_of(page) == []
    page.click(f"#results a:text-is({title!r})")
    expect(page.locator("h1")).to_have_text(title)
    page.close()
    assert errors == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(live: LiveSite, browser: Open, scheme: str, width: int) -> None:
    with live.store() as store, store.transaction():
        profile = make_profile(topics=(make_topic("Learning", ("learning", "models")),), hour=0, language="en")
        store.subscribers.add(ADA, "Ada", profile, "web", live.now)
    live.send()
    with live.store() as store:
        subscriber, secret = live.subscriber(), store.secret()
        (edition,) = store.editions.latest_digests(1)
        paper = store.papers.find(PAPER)
        assert paper is not None
        for day, upvotes in ((1, 3), (2, 9)):
            store.upvotes.record(live.now.date().replace(day=day), [(paper.id, upvotes)])
        store.saved.put(subscriber.id, paper.id, live.now, 9)
    saved = f"/saved/{tokens.sign(secret, tokens.SAVED, subscriber.id)}"
    save = tokens.save_token(tokens.sign(secret, tokens.SAVE, subscriber.id), paper.id)
    digest = f"/digests/{edition.key}/{tokens.sign(secret, tokens.digest_purpose(edition.key), subscriber.id)}"
    options: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    page = browser("/?view=list", **options)
    for path in (
        "/?code=1&source=huggingface", "/archive/2020-01", f"/editions/{edition.key}", f"/editions/{edition.key}/all",
        f"/papers/{PAPER}", saved, f"{saved}?view=list", f"{saved}/{paper.id}", f"/save/{save}", digest,
        "/preferences/saved",
    ):  # fmt: skip
        page.goto(f"{live.config.site_url}{path}")
        assert violations_of(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
