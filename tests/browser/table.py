"""The table of `make screenshots`: how much of a digest a person sees at once, and whether that is as promised.

Measured are the recorded days, and the samples where these are not: every style and language, at both widths and in
both colour schemes. English is measured on every day, the other languages on every eighth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from statistics import mean, median
from typing import TextIO

from playwright.sync_api import Browser

from newsletter.models import Digest, Profile, Style
from newsletter.models.languages import LANGUAGES
from newsletter.pipeline.messages import MessageRenderer
from tests.browser.extents import SCHEMES, WIDTHS, Extent, extent, open_page, page_of
from tests.factories import NOW, make_subscriber

#: The days whose screens are counted have so many papers.
USUAL = range(14, 21)
MAX_MASTHEAD = 200
MIN_TITLES = {"desktop": 6, "phone": 5}
MAX_SCREENS = {"desktop": 4.0, "phone": 5.5}
#: Of the compact style, on average.
MAX_ROW = {"desktop": 100, "phone": 130}
MAX_KB = 80
#: Nothing is left out of a digest of so many papers.
MANY = 40
_EVERY = 8
_HEADER = (
    "style    lang  width    scheme  days  masthead  titles  screens: median, most  px a row  with headings  KB at most"
)


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of some digests in one style, language, width and colour scheme."""

    style: Style
    language: str
    width: str
    scheme: str
    extents: Sequence[Extent]
    kilobytes: float

    @property
    def misses(self) -> list[str]:
        """The targets that are missed. A text is laid out by whatever shows it: only its titles on a desktop count."""
        if self.style is Style.PLAIN and self.width == "phone":
            return []
        usual = [one for one in self.extents if one.papers in USUAL]
        found = {
            "masthead": max(one.masthead for one in self.extents) > MAX_MASTHEAD,
            "titles": any(one.titles < min(one.papers, MIN_TITLES[self.width]) for one in self.extents),
            "screens": self.style is not Style.PLAIN and any(one.screens > MAX_SCREENS[self.width] for one in usual),
            "row": self.style is Style.COMPACT and mean(one.row for one in self.extents) > MAX_ROW[self.width],
            "KB": self.kilobytes > MAX_KB,
        }
        return [target for target, is_missed in found.items() if is_missed]

    def __str__(self) -> str:
        """Return a line of the table."""
        usual = [one.screens for one in self.extents if one.papers in USUAL] or [0.0]
        return (
            f"{self.style:<8} {self.language:<5} {self.width:<8} {self.scheme:<6} {len(self.extents):>5}"
            f"  {max(one.masthead for one in self.extents):>8.0f}  {min(one.titles for one in self.extents):>6}"
            f"  {median(usual):>15.2f} {max(usual):>5.2f}  {mean(one.row for one in self.extents):>8.0f}"
            f"  {mean(one.pixels for one in self.extents):>13.0f}  {self.kilobytes:>10.0f}  {', '.join(self.misses)}"
        ).rstrip()


def rows(
    browser: Browser,
    renderer: MessageRenderer,
    digests: Sequence[Digest],
    profile: Profile,
    style: Style,
    language: str,
) -> Iterator[Row]:
    """Measure digests in one style and language."""
    subscriber = make_subscriber(profile=replace(profile, style=style, language=language))
    found: dict[tuple[str, str], list[Extent]] = {}
    kilobytes = 0.0
    for digest in digests:
        message = renderer.write(digest, subscriber, "<a@b.example>", NOW)
        kilobytes = max(kilobytes, len((message.html or "").encode()) / 1024)
        view = open_page(browser, page_of(message))
        for width, scheme in product(WIDTHS, SCHEMES):
            found.setdefault((width, scheme), []).append(extent(view, width, scheme))
        view.close()
    for (seen_at, seen_in), extents in found.items():
        yield Row(style, language, seen_at, seen_in, extents, kilobytes)


def write_table(
    out: TextIO, browser: Browser, renderer: MessageRenderer, digests: Sequence[Digest], profile: Profile
) -> list[str]:
    """Write the table, and return what is missed, a line each."""
    out.write(f"{_HEADER}\n")
    missed = []
    for style, language in product(Style, LANGUAGES):
        some = digests if language == LANGUAGES[0] else digests[::_EVERY]
        for row in rows(browser, renderer, some, profile, style, language):
            out.write(f"{row}\n")
            missed += [f"{row.style} {row.language} {row.width} {row.scheme}: {target}" for target in row.misses]
    return missed


def write_sizes(out: TextIO, renderer: MessageRenderer, digests: Sequence[Digest], profile: Profile) -> list[str]:
    """Write the size of the largest digests, and return what is missed: papers that are left out."""
    missed = []
    for style, language in product((Style.CARDS, Style.COMPACT), LANGUAGES):
        subscriber = make_subscriber(profile=replace(profile, style=style, language=language))
        pages = [renderer.write(digest, subscriber, "<a@b.example>", NOW).html or "" for digest in digests]
        largest = max(len(page.encode()) for page in pages) / 1024
        out.write(f"{style} {language}: {largest:.0f} KB of HTML at most for {MANY} papers\n")
        if any(page.count('class="line"') < len(digest.items) for page, digest in zip(pages, digests, strict=True)):
            missed.append(f"{style} {language}: papers are left out of a digest of {MANY}")
        if largest > MAX_KB:
            missed.append(f"{style} {language}: {largest:.0f} KB")
    return missed
