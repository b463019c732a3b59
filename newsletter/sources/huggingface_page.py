"""Parser of a Daily Papers page, as text saved or copied from a browser.

After a banner that ends with the date of the page come the cards. A card has, one line each unless wrapped:

    title
    abstract
    • 3 authors          (or an organization: "handle Display Name")
    ·
    Oct 21, 2023 2       (the year only if it is not that of the page; then the number of comments, if any)

Browsers differ in line ends, blank lines, spaces and the part of the banner that they copy; they may also join the
last three lines into one. The last card may lack its last three lines. A card has no identifier and no URL: it is
identified by title until another source adds the arXiv id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources.documents import Document, Span
from newsletter.sources.http.client import HttpClient
from newsletter.text import squeeze
from newsletter.text.markup import Markup, clean, clean_abstract

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (?P<day>\d{1,2})"
    r"(?:(?:, ?| )(?P<year>(?:19|20)\d\d))?(?: (?P<comments>\d{1,6}))?",
    re.IGNORECASE | re.ASCII,
)
_AUTHORS = re.compile(r"(?:[•*·-] ?)?(?P<count>\d{1,5}) authors?", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
# Navigation and banner texts of the page, lower-cased and without spaces, which differ between browsers.
_BOILERPLATE = frozenset({
    "gettrendingpapersinyouremailinbox!", "gettrendingpapersinyouremailinboxonceaday!", "subscribe", "new",
    "dailypapers", "by", "ak", "byak", "andtheresearchcommunity", "byakandtheresearchcommunity", "previous", "next",
    "huggingface", "models", "datasets", "spaces", "docs", "enterprise", "pricing", "login", "signup", "company", "tos",
    "privacy", "about", "careers", "jobs", "website", "systemtheme",
})  # fmt: skip
_SEPARATOR = "·"
_MAX_TITLE = 300
_MAX_BYLINE = 120


@dataclass(frozen=True, slots=True)
class Page:
    """A saved Daily Papers page."""

    name: ClassVar[str] = "page"
    summary: ClassVar[str] = "a Daily Papers page saved or copied from a browser (text)"
    follows: ClassVar[str] = ""
    example: ClassVar[str] = "saved.txt"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".text")

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Raise SourceError: this source only reads files."""
        raise SourceError("page: no file given", hint="give a saved page, as in newsletter pull page saved.txt")

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the cards of one page; see `Source.parse`."""
        lines = _read_lines(document.content)
        footers = list(_find_footers(lines))
        has_banner = any(_is_boilerplate(line.text) for line in lines)
        if not footers and not has_banner:
            raise SourceError(
                f"{document.place}: not a Daily Papers page: no card ends with '·' and a date",
                hint="save or copy the page as plain text",
            )
        page_day = _page_day(lines, footers, document.day, today)
        cards = list(_cards(lines, footers))
        if not cards:
            raise SourceError(f"{document.place}: no papers on this Daily Papers page")
        for card in cards:
            yield _entry(card, page_day)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    #: Whether a blank line or the start of the page is above it.
    opens_block: bool


@dataclass(frozen=True, slots=True)
class _Footer:
    """The end of a card: byline, date and number of comments, and the lines they occupy."""

    start: int
    stop: int
    byline: str
    date_match: re.Match[str] | None = None
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


# -- footers -----------------------------------------------------------------------------------------


def _find_footers(lines: list[_Line]) -> Iterator[_Footer]:
    """Yield every "byline · date", on three lines, two or one."""
    index = taken = 0
    while index < len(lines):
        footer = _footer_at(lines, index, taken)
        if footer:
            yield footer
            taken = footer.stop
        index = max(index + 1, taken)


def _footer_at(lines: list[_Line], index: int, taken: int) -> _Footer | None:
    """Return the footer whose "·" is in line `index`, if there is one; lines before `taken` belong to another."""
    before, separator, after = lines[index].text.rpartition(_SEPARATOR)
    if not separator and _AUTHORS.fullmatch(after):
        before, after = after, ""  # some browsers omit the "·"
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
    return bool(_AUTHORS.fullmatch(text)) or (len(text) <= _MAX_BYLINE and not text.endswith((".", "…")))


# -- cards ---------------------------------------------------------------------------------------------


def _cards(lines: list[_Line], footers: list[_Footer]) -> Iterator[_Card]:
    start = _end_of_banner(lines, footers)
    end = len(lines)
    while end > start and _is_boilerplate(lines[end - 1].text):  # the links at the foot of the page
        end -= 1
    for footer in [*footers, replace(_NO_FOOTER, start=end)]:
        body = lines[start : footer.start]
        start = footer.stop
        cards = _split(_paragraphs(body))
        for number, (title, abstract) in enumerate(cards, start=1):
            yield _Card(title, abstract, footer if number == len(cards) else _NO_FOOTER)


def _end_of_banner(lines: list[_Line], footers: list[_Footer]) -> int:
    """Return the index of the first line after the banner, which is boilerplate and a date."""
    above = lines[: footers[0].start] if footers else lines
    banner = (i for i, line in enumerate(above) if _is_boilerplate(line.text) or _DATE.fullmatch(line.text))
    return max(banner, default=-1) + 1


def _is_boilerplate(text: str) -> bool:
    return "".join(text.split()).lower() in _BOILERPLATE


def _paragraphs(body: list[_Line]) -> list[str]:
    """Join wrapped lines: if there are blank lines, they alone separate paragraphs."""
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

    Usually there is one pair. A card without footer leaves two pairs between footers: the next card starts at a
    paragraph that looks like a title, if one that looks like an abstract follows.
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
    return len(text) <= _MAX_TITLE and not text.endswith((".", ":", ";", ","))


def _is_abstract(text: str) -> bool:
    return len(text) > _MAX_TITLE or text.endswith(".")


# -- entries ------------------------------------------------------------------------------------------


def _entry(card: _Card, page_day: date) -> Entry:
    authors = _AUTHORS.fullmatch(card.footer.byline)
    handle, _, display = card.footer.byline.partition(" ")
    return Entry(
        source=Page.name,
        title=clean(card.title, Markup.PLAIN) or card.title,
        abstract=clean_abstract(card.abstract, Markup.PLAIN),
        author_count=int(authors["count"]) if authors else None,
        organization=None if authors else (clean(display or handle, Markup.PLAIN) or None),
        published=_day_before(card.footer.date_match, page_day) if card.footer.date_match else None,
        listed=page_day,
        comments=card.footer.comments,
    )


def _page_day(lines: list[_Line], footers: list[_Footer], requested: date | None, today: date) -> date:
    """Return the day of the page: that of its banner, in the requested year or the year after the newest one stated.

    The site states a year only if it is not the current one, so the newest year on a page is the previous one.
    """
    banner = lines[: _end_of_banner(lines, footers)]
    written = next((match for line in reversed(banner) if (match := _DATE.fullmatch(line.text))), None)
    if written is None and requested:
        return requested
    stated = [int(footer.date_match["year"]) for footer in footers if footer.date_match and footer.date_match["year"]]
    if written is not None and written["year"]:
        year = int(written["year"])
    elif requested:
        year = requested.year
    else:
        year = max(stated) + 1 if stated else today.year
    day = _calendar_day(written, year) if written is not None else None
    return day or (today if today.year == year else date(year, 12, 31))


def _day_before(written: re.Match[str], page_day: date) -> date | None:
    """Return the day written on a card; without a year, the latest such day up to that of the page."""
    if written["year"]:
        return _calendar_day(written, int(written["year"]))
    # 29 February may be eight years ago, across a century that is not a leap year.
    days = (_calendar_day(written, page_day.year - back) for back in range(9))
    return next((day for day in days if day and day <= page_day), None)


def _calendar_day(written: re.Match[str], year: int) -> date | None:
    try:
        return date(year, _MONTHS.index(written["month"].lower()) + 1, int(written["day"]))
    except ValueError:
        return None
