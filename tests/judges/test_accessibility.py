"""axe-core in Chromium on every style: nothing that it can find, on a phone and a screen, by day and by night."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.judges.conftest import unavailable

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

#: Returns the number of passed rules, the violations, and what axe could not decide.
RUN_AXE = """tags => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then(report => {
  const nodes = rules => rules.flatMap(rule => rule.nodes.map(
    node => `${rule.id}: ${node.html.slice(0, 160)}: ${node.failureSummary}`));
  return [report.passes.length, nodes(report.violations), nodes(report.incomplete)];
})"""

#: Each style, with images and an accent of low contrast, and an empty digest.
MESSAGES = [(name, width) for name in ("cards-daily", "compact-daily") for width in (390, 1280)]
MESSAGES += [(name, 390) for name in ("cards-images", "compact-images", "cards-empty")]


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the source of axe-core, which is part of axe-playwright-python."""
    package = find_spec("axe_playwright_python")
    if package is None or package.origin is None:
        unavailable("axe-core", "axe-playwright-python")
    return Path(package.origin).with_name("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        unavailable("Chromium", "Debian's chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield opened
        opened.close()


def run_axe(browser: Browser, axe: str, html: str, width: int, scheme: Literal["light", "dark"]) -> Any:
    """Run axe on a page at this width and colour scheme; nothing is loaded from the network."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        page.route("**/*", lambda route: route.abort())
        page.set_content(html)
        page.evaluate(axe)
        return page.evaluate(RUN_AXE, TAGS)
    finally:
        page.close()


def test_axe_finds_violations(browser: Browser, axe: str) -> None:
    _, violations, _ = run_axe(browser, axe, "<title>?</title><p style='color: #ccc'>faint</p>", 390, "light")

    assert {violation.partition(":")[0] for violation in violations} >= {"color-contrast", "html-has-lang", "region"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "width"), MESSAGES)
def test_messages_have_no_accessibility_violations(
    browser: Browser, axe: str, pages: dict[str, str], name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    passed, violations, undecided = run_axe(browser, axe, pages[name], width, scheme)

    assert passed > 15
    assert violations == []
    assert undecided == []
