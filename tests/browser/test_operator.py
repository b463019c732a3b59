"""The operator's pages in a real browser: without JavaScript, by keyboard, on a phone, accessible in both schemes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models import DeliveryStatus
from newsletter.pipeline.deliver import deliver
from newsletter.rendering.environment import make_environment
from newsletter.sending.maildir import MaildirTransport
from newsletter.store import open_store
from newsletter.web.app import make_app
from newsletter.web.http.server import serving
from tests.browser.conftest import TIMEOUT_MS, violations_of

PATHS = (
    "/login", "", "/editions", "/editions/{edition}", "/editions/{edition}/cancel", "/subscribers", "/subscribers/1",
    "/subscribers/1/erase", "/sources", "/topics", "/test-email", "/editions/unknown",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(pulled: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose edition of today was sent to one subscriber and failed for the other, who is number 1."""
    site = Site(shutil.copytree(pulled, tmp_path_factory.mktemp("operated"), dirs_exist_ok=True))
    config, now = load_config(site, environ={}), datetime.now(UTC)
    late = max(now, now.replace(hour=23, minute=30))  # not before the pull
    with open_store(site.store) as store:
        environment = make_environment(site.templates)
        deliver(store, MaildirTransport(config.outbox), config, environment, lambda: late)
        for one in store.deliveries.of_subscriber(1):
            store.deliveries.move(one.id, DeliveryStatus.FAILED, late, detail="550 5.1.1 <ada@example.org>: unknown")
    return site


@pytest.fixture(scope="module")
def url(site: Site) -> Iterator[str]:
    """The URL of the operator's pages, behind the password "sesame"."""
    config = load_config(site, environ={"NEWSLETTER_SITE_URL": "http://127.0.0.1"})
    app = make_app(replace(config, web_password="sesame"), lambda: datetime.now(UTC))
    with serving(app, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}/operator"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page without JavaScript, on a phone."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    view = context.new_page()
    view.set_default_timeout(TIMEOUT_MS)
    yield view
    context.close()


def log_in(page: Page, url: str) -> None:
    page.goto(url)
    page.fill("#password", "sesame")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Overview")


def test_someone_is_found_and_erased_by_keyboard_without_javascript(page: Page, url: str, site: Site) -> None:
    log_in(page, url)
    page.goto(f"{url}/subscribers")
    page.focus("#q")
    page.keyboard.type("grace")
    page.keyboard.press("Enter")
    link = page.locator("th a")
    expect(link).to_have_count(1)
    link.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Erase").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Erase this subscriber?")
    with open_store(site.store) as store:
        assert len(store.subscribers.all()) == 2
    page.get_by_role("button", name="Erase for good").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("are erased")
    with open_store(site.store) as store:
        assert len(store.subscribers.all()) == 1
    page.get_by_role("button", name="Log out").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Log in")


def test_every_page_is_accessible_and_fits_its_screen(chromium: Browser, url: str, site: Site) -> None:
    with open_store(site.store) as store:
        (edition,) = store.editions.latest(1)
    for scheme, width in product(("light", "dark"), (390, 1280)):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        view = context.new_page()
        view.set_default_timeout(TIMEOUT_MS)
        log_in(view, url)
        for path in PATHS:
            view.goto(url + path.format(edition=edition.key))
            assert violations_of(view) == [], f"{path}, {scheme}, {width} pixels"
            assert view.evaluate("document.documentElement.scrollWidth") <= width, path
        context.close()
