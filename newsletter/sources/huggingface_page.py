"""The text of a Daily Papers page, as saved or copied from a browser.

After a banner that ends with the page's date come the cards. A card, one line each unless wrapped:

    title
    abstract
    • 3 authors          (or an organisation: "handle Display Name")
    ·
    Oct 21, 2023 2       (the year only where it is not the page's; then the number of comments, if any)

Browsers differ in line ends, blank lines, spaces and in what of the banner they copy; they may also join the
last three lines into one. The last card may lack its last three lines. A card carries no id and no address:
its identity is its title until another source brings the arXiv id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from newsletter.errors import SourceError
from newsletter.markup import clean, clean_abstract
from newsletter.models import Entry, Refusal
from newsletter.sources.documents import Document, Span
from newsletter.sources.http.client import Web
from newsletter.text import squeeze

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (?P<day>\d{1,2})"
    r"(?:(?:, ?| )(?P<year>(?:19|20)\d\d))?(?: (?P<comments>\d{1,6}))?",
    re.IGNORECASE | re.ASCII,
)
_AUTHORS = re.compile(r"(?:[•*·-] ?)?(?P<count>\d{1,5}) authors?", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
# The page's own furniture, lower case and without spaces: browsers put them in differently.
_FURNITURE = frozenset({
    "gettrendingpapersinyouremailinbox!", "gettrendingpapersinyouremailinboxonceaday!", "subscribe", "new",
    "dailypapers", "by", "ak", "byak", "andtheresearchcommunity", "byakandtheresearchcommunity", "previous", "next",
    "huggingface", "models", "datasets", "spaces", "docs", "enterprise", "pricing", "login", "signup", "company", "tos",
    "privacy", "about", "careers", "jobs", "website", "systemtheme",
})  # fmt: skip
_SEPARATOR = "·"
_LONGEST_TITLE = 300
_LONGEST_BYLINE = 120


@dataclass(frozen=True, slots=True)
class Page:
    """A saved Daily Papers page."""

    name: ClassVar[str] = "page"
    summary: ClassVar[str] = "a Daily Papers page as saved or copied from a browser (text)"
    follows: ClassVar[str] = ""
    example: ClassVar[str] = "saved.txt"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".text")

    def fetch(self, span: Span, web: Web) -> Iterator[Document]:
        """Refuse: a saved page is a file; see `Source.fetch`."""
        raise SourceError("page: nothing to read", hint="name a saved page: newsletter pull page saved.txt")

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the cards of one page; see `Source.parse`."""
        lines = _read_lines(document.content)
        footers = list(_find_footers(lines))
        has_banner = any(_is_furniture(line.text) for line in lines)
        if not footers and not has_banner:
            raise SourceError(
                f"{document.place}: not the text of a Daily Papers page: no card ends with a '·' and a date",
                hint="save or copy the page as plain text",
            )
        page_day = _page_day(lines, footers, document.day, today)
        cards = list(_cards(lines, footers))
        if not cards:
            raise SourceError(f"{document.place}: a Daily Papers page with no papers on it")
        for card in cards:
            yield _entry(card, page_day)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    #: Whether a blank line, or the page's beginning, is above it.
    opens_block: bool


@dataclass(frozen=True, slots=True)
class _Footer:
    """The end of a card: its byline, its date and its comments, and which lines they took."""

    start: int
    stop: int
    byline: str
    written: re.Match[str] | None = None
    comments: int | None = None


@dataclass(frozen=True, slots=True)
class _Card:
    title: str
    abstract: str
    footer: _Footer


_NO_FOOTER = _Footer(start=0, stop=0, byline="")


def _read_lines(content: bytes) -> list[_Line]:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    lines: list[_Line] = []
    opens_block = True
    for raw in re.split(r"\r\n|[\n\r\x0b\x0c\u2028\u2029]", content.decode(encoding, errors="replace")):
        text = squeeze(raw)
        if text:
            lines.append(_Line(text, opens_block))
        opens_block = not text
    return lines


# -- finding the ends of cards ----------------------------------------------------------------------


def _find_footers(lines: list[_Line]) -> Iterator[_Footer]:
    """Find every "byline · date", whether on three lines, two or one."""
    index = taken = 0
    while index < len(lines):
        footer = _footer_at(lines, index, taken)
        if footer:
            yield footer
            taken = footer.stop
        index = max(index + 1, taken)


def _footer_at(lines: list[_Line], index: int, taken: int) -> _Footer | None:
    """Read the footer whose "·" is in line `index`, above which the lines from `taken` on are free."""
    before, separator, after = lines[index].text.rpartition(_SEPARATOR)
    if not separator and _AUTHORS.fullmatch(after):
        before, after = after, ""  # a browser that leaves the "·" out
    elif not separator:
        return None
    stop = index + 1
    if not after.strip():  # the date is on the next line
        if stop == len(lines):
            return None
        after, stop = lines[stop].text, stop + 1
    written = _DATE.fullmatch(after.strip())
    if written is None or _calendar_day(written, 2024) is None:
        return None
    start, byline = index, before.strip()
    if byline:
        if not _is_byline(byline):
            return None
    elif start > taken and _is_byline(lines[start - 1].text):
        start, byline = start - 1, lines[start - 1].text
    comments = written["comments"]
    if comments is None and stop < len(lines) and _NUMBER.fullmatch(lines[stop].text):
        comments, stop = lines[stop].text, stop + 1
    return _Footer(start, stop, byline, written, None if comments is None else int(comments))


def _is_byline(text: str) -> bool:
    return bool(_AUTHORS.fullmatch(text)) or (len(text) <= _LONGEST_BYLINE and not text.endswith((".", "…")))


# -- finding the cards between them -------------------------------------------------------------------


def _cards(lines: list[_Line], footers: list[_Footer]) -> Iterator[_Card]:
    start = _end_of_banner(lines, footers)
    end = len(lines)
    while end > start and _is_furniture(lines[end - 1].text):  # the links at the foot of the page
        end -= 1
    for footer in [*footers, replace(_NO_FOOTER, start=end)]:
        body = lines[start : footer.start]
        start = footer.stop
        cards = _split(_paragraphs(body))
        for number, (title, abstract) in enumerate(cards, start=1):
            yield _Card(title, abstract, footer if number == len(cards) else _NO_FOOTER)


def _end_of_banner(lines: list[_Line], footers: list[_Footer]) -> int:
    """Return the first line after the banner: what is above the first card and is furniture or a date."""
    above = lines[: footers[0].start] if footers else lines
    banner = (i for i, line in enumerate(above) if _is_furniture(line.text) or _DATE.fullmatch(line.text))
    return max(banner, default=-1) + 1


def _is_furniture(text: str) -> bool:
    return "".join(text.split()).lower() in _FURNITURE


def _paragraphs(body: list[_Line]) -> list[str]:
    """Join lines that a browser wrapped: where blank lines set paragraphs apart, all else is wrapping."""
    if not any(line.opens_block for line in body[1:]):
        return [line.text for line in body]
    paragraphs: list[str] = []
    for line in body:
        if line.opens_block or not paragraphs:
            paragraphs.append(line.text)
        else:
            paragraphs[-1] += f" {line.text}"
    return paragraphs


def _split(paragraphs: list[str]) -> list[tuple[str, str]]:
    """Split paragraphs into (title, abstract) pairs.

    Usually there is one pair. A card that lost its footer leaves two pairs between footers; then a paragraph
    that reads like a title, with one that reads like an abstract below it, begins the next card.
    """
    cards: list[tuple[str, list[str]]] = []
    for index, paragraph in enumerate(paragraphs):
        below = paragraphs[index + 1] if index + 1 < len(paragraphs) else ""
        begins = not cards or (bool(cards[-1][1]) and _is_title(paragraph) and _is_abstract(below))
        if begins:
            cards.append((paragraph, []))
        else:
            cards[-1][1].append(paragraph)
    return [(title, " ".join(rest)) for title, rest in cards]


def _is_title(text: str) -> bool:
    return len(text) <= _LONGEST_TITLE and not text.endswith((".", ":", ";", ","))


def _is_abstract(text: str) -> bool:
    return len(text) > _LONGEST_TITLE or text.endswith(".")


# -- what a card says ---------------------------------------------------------------------------------


def _entry(card: _Card, page_day: date) -> Entry:
    authors = _AUTHORS.fullmatch(card.footer.byline)
    handle, _, display = card.footer.byline.partition(" ")
    return Entry(
        source=Page.name,
        title=clean(card.title) or card.title,
        abstract=clean_abstract(card.abstract),
        author_count=int(authors["count"]) if authors else None,
        organization=None if authors else (clean(display or handle) or None),
        published=_day_before(card.footer.written, page_day) if card.footer.written else None,
        listed=page_day,
        comments=card.footer.comments,
    )


def _page_day(lines: list[_Line], footers: list[_Footer], asked: date | None, today: date) -> date:
    """Return the day of the page: its banner's day in the asked year, else in the year after the newest stated.

    The site names a year only where it is not the current one, so the newest year on a page is the last one.
    """
    banner = lines[: _end_of_banner(lines, footers)]
    written = next((match for line in reversed(banner) if (match := _DATE.fullmatch(line.text))), None)
    if written is None and asked:
        return asked
    stated = [int(footer.written["year"]) for footer in footers if footer.written and footer.written["year"]]
    if written is not None and written["year"]:
        year = int(written["year"])
    elif asked:
        year = asked.year
    else:
        year = max(stated) + 1 if stated else today.year
    day = _calendar_day(written, year) if written is not None else None
    return day or (today if today.year == year else date(year, 12, 31))


def _day_before(written: re.Match[str], page_day: date) -> date | None:
    """Return the day written on a card: without a year, the latest such day not after the page's."""
    if written["year"]:
        return _calendar_day(written, int(written["year"]))
    # 29 February may be eight years back, across a century that has none.
    days = (_calendar_day(written, page_day.year - back) for back in range(9))
    return next((day for day in days if day and day <= page_day), None)


def _calendar_day(written: re.Match[str], year: int) -> date | None:
    try:
        return date(year, _MONTHS.index(written["month"].lower()) + 1, int(written["day"]))
    except ValueError:
        return None
