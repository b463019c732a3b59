"""The digest in a real browser: it fits a phone, and its contrast suffices in the light and dark scheme."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from newsletter.config.load import load_config
from newsletter.config.schema import new_config
from newsletter.files.site import Site
from newsletter.models import Cadence, Style, Subscriber
from newsletter.models.languages import LANGUAGES
from newsletter.pipeline.messages import MessageRenderer
from newsletter.pipeline.preview import sample_digest
from newsletter.rendering.environment import make_environment
from tests.browser import screenshots, table
from tests.browser.extents import SCHEMES, WIDTHS
from tests.factories import NOW, make_profile, make_subscriber, make_topic

# Contrast (WCAG 2.2, success criterion 1.4.3) of every element that has text, against its first opaque background.
CONTRASTS = """() => {
  const parse = css => css.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const background = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  return [...document.body.querySelectorAll('*')]
    .filter(e => getComputedStyle(e).display !== 'none' && e.className !== 'preheader')
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
    .map(e => {
      const [one, other] = [luminance(parse(getComputedStyle(e).color)), luminance(background(e))];
      return [(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05),
        e.className + ': ' + e.textContent.slice(0, 40)];
    });
}"""


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A digest of the sample papers, in several sections."""
    root = tmp_path_factory.mktemp("site")
    (root / "newsletter.toml").write_text(new_config(), encoding="utf-8")
    topics = (
        make_topic("In-context learning"),
        make_topic("LLM agents", ("agent",)),
        make_topic("Robotics", ("robot",)),
    )
    subscriber: Subscriber = make_subscriber(profile=make_profile(topics=topics, trending=4))
    renderer = MessageRenderer(load_config(Site(root), environ={}), make_environment(), b"secret")
    message = renderer.write(sample_digest(subscriber, NOW), subscriber, "<a@b.example>", NOW)
    assert message.html is not None
    return message.html


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """A page for all digests, since a new one starts a process."""
    opened = chromium.new_page()
    opened.route("**/*", lambda route: route.abort())  # a digest loads nothing from a server
    yield opened
    opened.close()


def evaluate(page: Page, html: str, width: int, scheme: Any, script: str) -> Any:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.set_content(html)
    return page.evaluate(script)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_overflows(page: Page, html: str, width: int) -> None:
    assert evaluate(page, html, width, "light", "document.documentElement.scrollWidth") == width


def test_words_longer_than_the_column_are_broken(page: Page, html: str) -> None:
    word = "a-(2,4-dichlorophenoxy)" * 20
    longer = html.replace("</a></h3>", f" {word}</a></h3>").replace("</span></p>", f" {word}</span></p>")
    assert longer.count(word) > 20
    assert evaluate(page, longer, 390, "light", "document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(page: Page, html: str, scheme: str) -> None:
    contrasts = evaluate(page, html, 390, scheme, CONTRASTS)

    assert len(contrasts) > 50
    assert [text for contrast, text in contrasts if contrast < 4.5] == []


def test_lines_are_not_too_long_to_read(page: Page, html: str) -> None:
    assert evaluate(page, html, 1280, "light", "document.querySelector('.column').offsetWidth") == 700


def test_the_dark_scheme_is_dark(page: Page, html: str) -> None:
    color = "getComputedStyle(document.querySelector('.card')).backgroundColor"

    assert evaluate(page, html, 390, "light", color) == "rgb(255, 253, 249)"
    assert evaluate(page, html, 390, "dark", color) == "rgb(32, 30, 27)"


def test_the_table_of_contents_links_to_the_sections(page: Page, html: str) -> None:
    script = """[...document.querySelectorAll('.contents a[href^="#"]')]
        .map(a => !!document.querySelector(a.getAttribute('href')))"""

    targets = evaluate(page, html, 390, "light", script)

    assert len(targets) == 4
    assert all(targets)


def test_links_have_unique_labels(page: Page, html: str) -> None:
    script = "[...document.querySelectorAll('.link')].map(a => a.getAttribute('aria-label'))"

    labels = evaluate(page, html, 390, "light", script)

    assert len(labels) == len(set(labels)) > 10


@pytest.mark.parametrize("style", list(Style))
def test_a_digest_is_read_at_a_glance(chromium: Browser, style: Style) -> None:
    """The sample day has 16 papers; `make screenshots` measures many days in all languages."""
    profile = screenshots.sample_profile()
    digest = sample_digest(make_subscriber(profile=profile), NOW)

    measured = list(table.rows(chromium, screenshots.make_renderer(), [digest], profile, style, "en"))

    assert {(row.width, row.scheme) for row in measured} == set(product(WIDTHS, SCHEMES))
    assert {row.extents[0].papers for row in measured} == {len(digest.items)} <= set(table.USUAL)
    assert [(str(row), row.misses) for row in measured if row.misses] == []


def test_a_picture_is_as_wide_as_the_card_that_it_is_in(page: Page) -> None:
    """Outlook for Windows goes by the attribute, browsers by the style."""
    digest = sample_digest(make_subscriber(profile=screenshots.sample_profile()), NOW)
    section = digest.sections[0]
    item = replace(section.items[0], paper=replace(section.items[0].paper, thumbnail_url="https://x.example/1.png"))
    digest = replace(digest, sections=(replace(section, items=(item,)),))
    message = screenshots.make_renderer("yes").write(digest, make_subscriber(), "<a@b.example>", NOW)
    assert message.html is not None
    width = "[...document.querySelectorAll('.thumbnail')].map(e => [e.getAttribute('width'), e.offsetWidth])"

    assert evaluate(page, message.html, 1280, "light", width) == [["634", 634]]


@pytest.mark.parametrize("style", [Style.CARDS, Style.COMPACT])
def test_hidden_labels_are_a_small_part_of_a_message(style: Style) -> None:
    page = screenshots.message(style, Cadence.DAILY).html or ""

    assert sum(map(len, re.findall(r' aria-label="[^"]*"', page))) < len(page) / 10


def test_nothing_is_left_out_of_a_digest_of_40_papers() -> None:
    digest = sample_digest(make_subscriber(profile=screenshots.sample_profile(trending=table.MANY)), NOW)
    items = [replace(item, paper=replace(item.paper, id=n)) for n, item in enumerate(digest.items * 2)][: table.MANY]
    digest = replace(digest, sections=(replace(digest.sections[0], items=tuple(items)),))
    out = io.StringIO()

    assert table.write_sizes(out, screenshots.make_renderer(), [digest], screenshots.sample_profile()) == []
    assert len(out.getvalue().splitlines()) == 2 * len(LANGUAGES)
