"""Chromium, a site that pulled today, and what axe has to say about a page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect, sync_playwright

from newsletter.cli.demo import copy_examples
from newsletter.cli.init import make_site
from newsletter.files.site import Site, samples
from newsletter.pipeline.pull import pull_files
from newsletter.sources import HttpClient, find_source
from newsletter.store import open_store
from newsletter.subscribers.sync import sync

CHROMIUM = shutil.which("chromium")
TIMEOUT_MS = 120_000  # for a busy machine
expect.set_options(timeout=TIMEOUT_MS)

_QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")
_AXE = "options => axe.run(options).then(({violations}) => violations.map(({id, nodes}) => [id, nodes[0].html]))"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the tests of a module, each of which opens a context of its own."""
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
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


def violations_of(page: Page, **options: Any) -> list[list[str]]:
    """Return the rule and the first element of each violation; all that passes would be megabytes."""
    page.evaluate(Axe().axe_script)
    found: list[list[str]] = page.evaluate(_AXE, {"resultTypes": ["violations"]} | options)
    return found
