"""Screenshots of the digest.

    python -m tests.browser.screenshots [DIRECTORY]

Takes every style at phone and desktop width, in the light and dark scheme, as daily, weekly and monthly edition; and
one picture of several for the README. Prints what a person sees of each without scrolling.
"""

from __future__ import annotations

import html
import shutil
import sys
import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models import Cadence, Message, Style
from newsletter.pipeline.messages import MessageRenderer
from newsletter.pipeline.preview import sample_digest
from newsletter.rendering.environment import make_environment
from tests.factories import NOW, make_profile, make_subscriber, make_topic

WIDTHS = {"phone": 390, "desktop": 1280}
HEIGHTS = {"phone": 844, "desktop": 800}
SCHEMES = ("light", "dark")
TOPICS = (
    make_topic("In-context learning", ("in-context learning", "few-shot prompting", "ICL")),
    make_topic("LLM agents", ("agent",)),
    make_topic("Robotics", ("robot",)),
)
_TEXT = """<style>:root { color-scheme: light dark } body { margin: 24px; font: 14px/1.45 ui-monospace, monospace }
pre { white-space: pre-wrap; max-width: 76ch }</style><pre>%s</pre>"""


def message(style: Style, cadence: Cadence) -> Message:
    """Render a digest of the sample papers."""
    root = Path(tempfile.mkdtemp())
    (root / "newsletter.toml").write_text('[site]\nurl = "https://papers.example.org"\n', encoding="utf-8")
    profile = make_profile(topics=TOPICS, trending=3, serendipity=True, style=style, cadence=cadence)
    subscriber = make_subscriber(profile=profile)
    renderer = MessageRenderer(load_config(Site(root), environ={}), make_environment(), b"secret")
    return renderer.write(sample_digest(subscriber, NOW), subscriber, "<a@b.example>", NOW)


def page_of(message: Message) -> str:
    """Return the HTML part of a message, or its text in a page."""
    return message.html or _TEXT % html.escape(message.text)


def take_screenshot(browser: Browser, page: str, path: Path, width: int, height: int, scheme: str) -> None:
    """Write a screenshot of a page to a file."""
    view = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    view.set_content(page)
    view.screenshot(path=path)
    view.close()


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a digest a person sees at once."""

    papers: int
    #: Titles that are in sight before scrolling, each on one line.
    titles_on_first_screen: int
    #: The height of the page, in screens.
    screens: float
    #: The height of all that is below the list of titles and above the footer, by papers.
    pixels_per_paper: float
    #: From the top to the first title.
    masthead: int
    #: The average height of a row, and of a full card; 0 without any.
    row: int
    card: int


#: Digests name the fonts of mail clients. Where none is installed DejaVu Sans stands in, which is a sixth wider.
_USUAL_WIDTH = """@font-face { font-family: Usual; src: local("Arial"), local("Liberation Sans"),
  local("DejaVu Sans Condensed"), local("DejaVuSansCondensed") }
@font-face { font-family: Usual; font-weight: 700; src: local("Arial Bold"), local("Liberation Sans Bold"),
  local("DejaVu Sans Condensed Bold"), local("DejaVuSansCondensed-Bold") }
.column, .column * { font-family: Usual, Arial, sans-serif !important; }"""
_EXTENT = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)].map((e) => e.getBoundingClientRect());
  const average = (boxes) => boxes.length ? Math.round(boxes.reduce((sum, b) => sum + b.height, 0) / boxes.length) : 0;
  const lines = all('.line'), footer = all('.footer')[0], papers = lines.length;
  return {
    papers, titles_on_first_screen: lines.filter((b) => b.bottom <= innerHeight && b.height < 30).length,
    screens: document.documentElement.scrollHeight / innerHeight,
    pixels_per_paper: (footer.top - lines[papers - 1].bottom) / papers,
    masthead: Math.round(all('.glance')[0].top), row: average(all('.row')), card: average(all('.card')),
  };
}"""


def measure(browser: Browser, page: str, width: str) -> Extent:
    """Measure a digest in HTML that has papers, at a width of `WIDTHS`."""
    view = browser.new_page(viewport={"width": WIDTHS[width], "height": HEIGHTS[width]})
    try:
        view.set_content(page)
        view.add_style_tag(content=_USUAL_WIDTH)
        return Extent(**view.evaluate(_EXTENT))
    finally:
        view.close()


def main() -> None:
    """Take all screenshots."""
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    directory.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for style, cadence in product(Style, (Cadence.DAILY, Cadence.WEEKLY, Cadence.MONTHLY)):
            page = page_of(message(style, cadence))
            for name in WIDTHS if style is not Style.PLAIN else ():
                sys.stdout.write(f"{style} {cadence} {name}: {measure(browser, page, name)}\n")
            for (name, width), scheme in product(WIDTHS.items(), SCHEMES):
                path = directory / f"{style}-{cadence}-{name}-{scheme}.png"
                take_screenshot(browser, page, path, width, 1600, scheme)
                sys.stdout.write(f"{path}\n")
        parts = [(Style.CARDS, "light", 660), (Style.CARDS, "dark", 390), (Style.COMPACT, "light", 390)]
        for number, (style, scheme, width) in enumerate(parts):
            path = directory / f"part-{number}.png"
            take_screenshot(browser, page_of(message(style, Cadence.DAILY)), path, width, 1100, scheme)
        images = [(directory / f"part-{number}.png").resolve().as_uri() for number in range(len(parts))]
        frame = directory / "frame.html"
        shown = "".join(f'<img src="{image}" height="820">' for image in images)
        frame.write_text(f'<body style="margin:0;display:flex;gap:12px;background:#fff">{shown}', encoding="utf-8")
        view = browser.new_page(viewport={"width": 1098, "height": 820})
        view.goto(frame.resolve().as_uri())
        view.screenshot(path=directory / "digest.png")
        browser.close()


if __name__ == "__main__":
    main()
