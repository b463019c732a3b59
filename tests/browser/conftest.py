"""Chromium, a site that pulled today, and what axe has to say about a page."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect, sync_playwright

from newsletter.cli.demo import copy_examples
from newsletter.cli.init import make_site
from newsletter.config.load import load_config
from newsletter.files.site import Site, samples
from newsletter.pipeline.pull import pull_files
from newsletter.sources import HttpClient, find_source
from newsletter.store import open_store
from newsletter.subscribers.sync import sync
from newsletter.web.app import make_app
from newsletter.web.http.server import listen, make_server
from tests.smtpd import Server
from tests.smtpd import serving as serving_mail
from tests.web.live_site import ADA, LiveSite

CHROMIUM = shutil.which("chromium")
TIMEOUT_MS = 120_000  # for a busy machine
expect.set_options(timeout=TIMEOUT_MS)

#: A name that leads to this machine, as an attacker's may.
EVIL = "evil.example"
_ARGUMENTS = (
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    f"--host-resolver-rules=MAP {EVIL} 127.0.0.1",
)  # fmt: skip
_AXE = "options => axe.run(options).then(({violations}) => violations.map(({id, nodes}) => [id, nodes[0].html]))"


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of this folder, each of which opens a context of its own; others need an event loop."""
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with the example subscribers after its first pull, to be copied."""
    made, now = Site(tmp_path_factory.mktemp("pulled")), datetime.now(UTC)
    make_site(made.root)
    copy_examples(made.subscribers)
    with open_store(made.store) as store, HttpClient() as web:
        sync(store, made.subscribers, now)
        paths = [str(samples() / "huggingface-2026-05-08.json")]
        pull_files(store, find_source("huggingface")(), paths, None, now, web)
    return made.root


Open = Callable[..., Page]


@pytest.fixture
def live(pulled: Path, tmp_path: Path) -> Iterator[LiveSite]:
    """A site that pulled today, without subscribers, served on a real socket."""
    shutil.copytree(pulled, tmp_path, dirs_exist_ok=True)
    site, now = Site(tmp_path), datetime.now(UTC)
    with open_store(site.store) as store, store.transaction():
        for subscriber in store.subscribers.all():
            store.subscribers.erase(subscriber)
    with serving_mail(Server()) as mail, listen("127.0.0.1", 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = replace(load_config(site, environ={}), site_url=address, web_password="sesame")
        served = LiveSite(config, mail, now + timedelta(minutes=1))
        server = make_server(make_app(config, lambda: served.now, transport=served.transport))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield served
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def browser(live: LiveSite, chromium: Browser) -> Iterator[Open]:
    """Opens pages in Chromium; an error in a script fails the test."""
    errors: list[str] = []
    with ExitStack() as contexts:

        def open_page(path: str, **options: object) -> Page:
            context = chromium.new_context(**options)  # type: ignore[arg-type]
            contexts.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(TIMEOUT_MS)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(f"{live.config.site_url}{path}")
            return page

        yield open_page
    assert errors == []


def link_in(live: LiveSite, kind: str, to: str = ADA) -> str:
    """Return the path of the first link of this kind in the last message."""
    part = live.messages(to)[-1].get_body(("plain",))
    assert part is not None
    link = re.search(rf"{re.escape(live.config.site_url or '')}(/{kind}/\S+)", str(part.get_content()))
    assert link is not None, str(part.get_content())
    return link[1]


@contextmanager
def one_more_message(live: LiveSite, to: str = ADA) -> Iterator[None]:
    """Wait until a message has arrived that the block causes."""
    before, deadline = len(live.messages(to)), time.monotonic() + TIMEOUT_MS / 1000
    yield
    while len(live.messages(to)) <= before:
        if time.monotonic() > deadline:
            pytest.fail("no message arrived")
        time.sleep(0.05)


def violations_of(page: Page, **options: Any) -> list[list[str]]:
    """Return the rule and the first element of each violation; all that passes would be megabytes.

    What is being loaded anew is paler, so it is waited for.
    """
    expect(page.locator("body.busy")).to_have_count(0)
    page.evaluate(Axe().axe_script)
    found: list[list[str]] = page.evaluate(_AXE, {"resultTypes": ["violations"]} | options)
    return found
