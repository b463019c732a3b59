"""axe-core in Chromium on every style: nothing that it can find, on a phone and a screen, by day and by night."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.judges.conftest import unavailable

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

#: Returns the number of passed rules, the violations, and what axe could not decide.
RUN_AXE = """tags => axe.run(document, {
  runOnly: {type: 'tag', values: tags}, resultTypes: ['violations', 'incomplete'],
}).then(report => {
  const nodes = rules => rules.flatMap(rule => rule.nodes.map(
    node => `${rule.id}: ${node.html.slice(0, 160)}: ${node.failureSummary}`));
  return [report.passes.length, nodes(report.violations), nodes(report.incomplete)];
})"""

#: Each style, with images and an accent of low contrast, and an empty digest. All sample papers are looked at once.
MESSAGES = [
    (f"{style}-{variant}", width)
    for style in ("cards", "compact")
    for variant, width in (("daily", 390), ("weekly", 1280), ("images", 390))
]
MESSAGES.append(("cards-empty", 390))


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the source of axe-core, which is part of axe-playwright-python."""
    package = find_spec("axe_playwright_python")
    if package is None or package.origin is None:
        unavailable("axe-core", "axe-playwright-python")
    return Path(package.origin).with_name("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of Debian's Chromium for all messages, since a new one has everything to compile again."""
    chromium = shutil.which("chromium")
    if chromium is None:
        unavailable("Chromium", "Debian's chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        opened = browser.new_page()
        opened.route("**/*", lambda route: route.abort())
        yield opened
        browser.close()


def run_axe(page: Page, axe: str, html: str, width: int, scheme: Literal["light", "dark"]) -> Any:
    """Run axe on a page at this width and colour scheme; nothing is loaded from the network."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.set_content(html)
    page.evaluate(axe)
    return page.evaluate(RUN_AXE, TAGS)


def test_axe_finds_violations(page: Page, axe: str) -> None:
    _, violations, _ = run_axe(page, axe, "<title>?</title><p style='color: #ccc'>faint</p>", 390, "light")

    assert {violation.partition(":")[0] for violation in violations} >= {"color-contrast", "html-has-lang", "region"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "width"), MESSAGES)
def test_messages_have_no_accessibility_violations(
    page: Page, axe: str, pages: dict[str, str], name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    passed, violations, undecided = run_axe(page, axe, pages[name], width, scheme)

    assert passed > 15
    assert violations == []
    assert undecided == []
