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

#: How many rules are kept, what breaks the others, and of what axe is not sure.
ASK = """tags => axe.run(document, {runOnly: {type: 'tag', values: tags}}).then(told => {
  const nodes = rules => rules.flatMap(rule => rule.nodes.map(
    node => `${rule.id}: ${node.html.slice(0, 160)}: ${node.failureSummary}`));
  return [told.passes.length, nodes(told.violations), nodes(told.incomplete)];
})"""

#: Each style, with images and an accent of low contrast, and an empty digest.
MESSAGES = [(name, width) for name in ("cards-daily", "compact-daily") for width in (390, 1280)]
MESSAGES += [(name, 390) for name in ("cards-images", "compact-images", "cards-empty")]


@pytest.fixture(scope="module")
def axe() -> str:
    """The judge itself, a script that travels with axe-playwright-python."""
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


def judged(browser: Browser, axe: str, html: str, width: int, scheme: Literal["light", "dark"]) -> Any:
    """Return what `ASK` asks for."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    try:
        page.route("**/*", lambda route: route.abort())
        page.set_content(html)
        page.evaluate(axe)
        return page.evaluate(ASK, TAGS)
    finally:
        page.close()


def test_axe_finds_violations(browser: Browser, axe: str) -> None:
    _, violations, _ = judged(browser, axe, "<title>?</title><p style='color: #ccc'>faint</p>", 390, "light")

    assert {violation.partition(":")[0] for violation in violations} >= {"color-contrast", "html-has-lang", "region"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "width"), MESSAGES)
def test_messages_have_no_accessibility_violations(
    browser: Browser, axe: str, pages: dict[str, str], name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    passed, violations, unsure = judged(browser, axe, pages[name], width, scheme)

    assert passed > 15
    assert violations == []
    assert unsure == []
