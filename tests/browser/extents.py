"""How much of a digest a person sees at once: measured in Chromium, at the widths of a phone and of a screen."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Browser, Page

from newsletter.models import Message

WIDTHS = {"phone": 390, "desktop": 1280}
HEIGHTS = {"phone": 844, "desktop": 800}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

#: A text as programs show it: in columns of one width on a desktop, in the usual letters on a phone.
_TEXT = """<!doctype html><style>:root { color-scheme: light dark } body { margin: 10px; font: 13px monospace }
@media (max-width: 480px) { body { font: 14px Arial, "Liberation Sans", "DejaVu Sans Condensed", sans-serif } }
pre { margin: 0; font: inherit; white-space: pre-wrap; max-width: 76ch } div { display: inline-block }</style>
<pre>%s</pre>"""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a digest a person sees at once."""

    papers: int
    #: Titles that are in sight before scrolling, each on one line.
    titles: int
    #: The height of the page, in screens.
    screens: float
    #: From the top to the first title.
    masthead: float
    #: The height of all papers with the headings between them, by papers.
    pixels: float
    #: The average height of a row with what divides it from the next, and of a full card; 0 without any.
    row: float
    card: float


_EXTENT = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)].map((e) => e.getBoundingClientRect());
  const average = (boxes) => boxes.length ? boxes.reduce((sum, b) => sum + b.height, 0) / boxes.length : 0;
  const lines = all('.line'), footer = all('.footer')[0], papers = lines.length, row = average(all('.row'));
  const margin = row && parseFloat(getComputedStyle(document.querySelector('.row')).marginBottom);
  return {
    papers, titles: lines.filter((b) => b.bottom <= innerHeight && b.height < 30).length,
    screens: document.documentElement.scrollHeight / innerHeight,
    pixels: (footer.top - lines[papers - 1].bottom) / papers,
    masthead: all('.glance')[0].top, row: row + margin, card: average(all('.card')),
  };
}"""


def page_of(message: Message) -> str:
    """Return the HTML part of a message, or its text in a page, in which what is measured has the same names."""
    if message.html is not None:
        return message.html
    text = html.escape(message.text)
    head, first, rest = text.partition("\n\n\n")  # the titles at the top are above the first section
    head = re.sub(r"(?m)^ *\d+\. .*$", r'<div class="line">\g<0></div>', head)
    head = re.sub(r"\n\n([^\n]+\n<div)", r'\n\n<span class="glance"></span>\1', head, count=1)
    papers, ruler, footer = rest.partition("\n-- \n")
    return _TEXT % f'{head}{first}{papers}<span class="footer">{ruler}{footer}</span>'


def open_page(browser: Browser, page: str) -> Page:
    """Open a page without its images."""
    view = browser.new_page()
    view.route("**/*", lambda route: route.abort())
    view.set_content(page)
    return view


def extent(view: Page, width: str, scheme: Literal["light", "dark"] = "light") -> Extent:
    """Measure an open digest that has papers, at a width of `WIDTHS`."""
    view.emulate_media(color_scheme=scheme)
    view.set_viewport_size({"width": WIDTHS[width], "height": HEIGHTS[width]})
    return Extent(**view.evaluate(_EXTENT))
