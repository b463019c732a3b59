"""RSS, Atom and JSON feeds: of a journal, a laboratory, a blog, a search.

Formats: https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, RFC 4287 (Atom) and
https://www.jsonfeed.org/version/1.1/; publishers add Dublin Core and PRISM. All but JSON Feed are read by
https://feedparser.readthedocs.io, whose words (`summary`, `tags`, `prism_doi`) are those below.
"""

from __future__ import annotations

import codecs
import io
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from newsletter.errors import SourceError, SourceRateLimited
from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import arxiv_version, doi
from newsletter.sources.biorxiv import preprint_of
from newsletter.sources.documents import Document, Span, is_address
from newsletter.sources.feed_discovery import absolute, ask, top_element
from newsletter.sources.formats import values
from newsletter.sources.formats.jsonfeed import is_json, read_items
from newsletter.sources.http.client import Web
from newsletter.sources.settings import setting
from newsletter.text import shorten


@dataclass(frozen=True, slots=True)
class Feed:
    """Any feed, by its address or by that of a page that names it."""

    name: ClassVar[str] = "feed"
    summary: ClassVar[str] = "any RSS, Atom or JSON feed, by its address or that of a page that names it"
    follows: ClassVar[str] = "ADDRESS"
    example: ClassVar[str] = "https://example.org/papers.xml"
    suffixes: ClassVar[tuple[str, ...]] = (".xml", ".rss", ".atom", ".rdf", ".json")

    follow: tuple[str, ...] = setting((), "Addresses of feeds, or of pages that name one.")

    def fetch(self, span: Span, web: Web) -> Iterator[Document]:
        """Yield one document per address, and fail only when all were asked; see `Source.fetch`.

        A feed lists what it lists: it cannot be asked for days.
        """
        if not self.follow:
            raise SourceError("feed: nothing to follow", hint=f"newsletter pull feed {self.example}")
        failures: list[SourceError] = []
        for address in self.follow:
            try:
                document = ask(address, web, _read)
            except SourceError as error:
                failures.append(error)
            else:
                if document is not None:
                    yield document
        if failures:
            raise _joined(failures)

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the entries of one feed; see `Source.parse`."""
        for number, item in enumerate(_read(document), start=1):
            if item.get("arxiv_announce_type") in ("replace", "replace-cross"):
                continue  # arXiv's daily feed lists new versions of old papers as well
            try:
                yield _entry(item, today)
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error))


def _joined(failures: list[SourceError]) -> SourceError:
    """Return one error for all: the first itself if there is no other."""
    if len(failures) == 1:
        return failures[0]
    message = f"{len(failures)} feeds failed: " + "; ".join(shorten(error.message, 160) for error in failures)
    patience = [error.wait_s for error in failures if isinstance(error, SourceRateLimited)]
    return SourceRateLimited(message, wait_s=max(patience)) if patience else SourceError(message)


# -- reading ------------------------------------------------------------------------------------------

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"), (b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)  # fmt: skip
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
#: Codecs for text whose first line can be read before it is known which. Others are slow, or no encodings of text.
_ENCODINGS = re.compile(r"(?:iso8859|cp\d|koi8|mac|gb|big5|shift|euc|tis|johab|hp).*")
# What XML 1.0 does not allow, written as it is or by number; one such character makes a whole feed ill-formed.
_NO_XML = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    r"|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}));"
)
# No text that anyone wrote; looking for mail addresses in it, feedparser takes a time that grows with its square.
_ENDLESS = re.compile(r"([A-Za-z0-9_.+-]{1000})[A-Za-z0-9_.+-]+")
_FEED_ELEMENTS = frozenset({"rss", "feed", "rdf", "channel"})


def _read(document: Document) -> list[dict[str, Any]]:
    """Return the entries of a feed in feedparser's words.

    Raises:
        SourceError: It is no feed.
    """
    content = document.content
    return read_items(content, document.place) if is_json(content) else _read_xml(content, document.place)


def _read_xml(content: bytes, place: str) -> list[dict[str, Any]]:
    import feedparser  # noqa: PLC0415 - takes 100 ms to import

    text = _ENDLESS.sub(r"\1", _NO_XML.sub("", _decode(content)))
    if "<!ENTITY" in text and "<!DOCTYPE" in text:
        raise SourceError(f"{place}: not a feed that is read: it declares entities of its own")
    top = top_element(text)
    headers = {"content-type": "application/xml; charset=utf-8"}
    if is_address(place):
        headers["content-location"] = place  # what relative links are relative to
    stream = io.BytesIO(text.encode("utf-8", "replace"))  # bytes or text might be taken for a file's name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own words on its own future
            feed = feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # on odd input it fails in ways of its own
        raise SourceError(f"{place}: not a feed that can be read ({type(error).__name__})") from error
    if top == "html" or not (feed.entries or (feed.get("version") and top in _FEED_ELEMENTS)):
        raise SourceError(f"{place}: not a feed: {f'<{shorten(top, 40)}> at its top' if top else 'no XML'}")
    return [_with_what_holds_for_all(dict(entry), dict(feed.feed), feed.version) for entry in feed.entries]


def _decode(content: bytes) -> str:
    """Decode XML as its first bytes or its first line say, else as UTF-8.

    Failing that each byte becomes one character: feedparser finds out, text by text, which were UTF-8 after all.
    """
    marked = next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)
    if marked:
        return content.decode(marked, errors="replace")
    declared = _DECLARED.match(content)
    for encoding in (declared[1].decode() if declared else "", "utf-8-sig"):
        try:
            name = codecs.lookup(encoding).name
            if name == "utf-8-sig" or _ENCODINGS.fullmatch(name):
                return content.decode("gb18030" if name == "gb2312" else name)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")


def _with_what_holds_for_all(item: dict[str, Any], channel: dict[str, Any], version: str) -> dict[str, Any]:
    """Add to an entry what its feed says of all of them."""
    itself = [link.get("href") for link in values.objects(channel.get("links")) if link.get("rel") == "self"]
    base = next((link for link in map(values.link, (*itself, channel.get("link"))) if link), "")
    item["link"] = values.link(item.get("feedburner_origlink")) or absolute(item.get("link"), base)
    item.setdefault("prism_publicationname", channel.get("prism_publicationname"))
    if version.startswith("atom") and not item.get("authors"):  # RFC 4287, 4.2.1
        source = item.get("source")
        item["authors"] = (source.get("authors") if isinstance(source, dict) else None) or channel.get("authors")
    return item


# -- one entry ----------------------------------------------------------------------------------------

_READABLE = frozenset({"text/html", "text/plain", "application/xhtml+xml"})
_TAKEN_BACK = re.compile(r"(?:withdrawn|retracted)(?: article)?\s*:", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(r"\s*(\d{4})(?:-(\d\d))?\s*", re.ASCII)
# What journals put after their name: "Nature, Published online: 2026-05-08; | doi:10.1038/…".
_AFTER_THE_NAME = re.compile(r"\s*(?:[;|]|,? published online).*", re.IGNORECASE | re.DOTALL)


def _entry(item: dict[str, Any], today: date) -> Entry:
    """Read one entry; raises ValueError with the reason it cannot be taken."""
    title = values.text(item.get("title"))
    if not title:
        raise ValueError("no title")
    arxiv, named, version = _identity(_names_of(item))
    return Entry(
        source=Feed.name,
        title=title,
        abstract=_abstract(item),
        authors=_authors(item),
        arxiv_id=arxiv,
        doi=named,
        published=_published(item, today),
        keywords=_keywords(item),
        venue=_venue(item),
        version=version,
        withdrawn=bool(_TAKEN_BACK.match(title)),
        url=values.link(item.get("link")),
    )


def _abstract(item: dict[str, Any]) -> str:
    """Return the longest of what an entry says: a summary may be a teaser, and a content may be a picture."""
    content = values.objects(item.get("content"))
    told = [item.get("summary"), *(part.get("value") for part in content if part.get("type") in _READABLE)]
    return max(map(values.abstract, told), key=len)


def _authors(item: dict[str, Any]) -> tuple[str, ...]:
    authors = values.objects(item.get("authors"))
    # Of one author RSS has "ada@example.org (Ada Example)", which feedparser takes apart for short domains only.
    whole = item.get("author") if len(authors) == 1 else None
    said = [whole] if isinstance(whole, str) else [author.get("name") for author in authors]
    names = [_without_mail(name) for name in said if isinstance(name, str)]
    return values.names(names[0]) if len(names) == 1 else values.people(names)


def _without_mail(name: str) -> str:
    name = " ".join(word for word in name.split() if "@" not in word)
    return name[1:-1] if name.startswith("(") and name.endswith(")") else name


def _published(item: dict[str, Any], today: date) -> date | None:
    days = (
        _day(item.get("published"), item.get("published_parsed"), today),
        _day(item.get("updated"), item.get("updated_parsed"), today),
        _day(item.get("prism_publicationdate"), None, today),
    )
    # No day is "0001-01-01", as some programs write it, nor next year's, as some journals do.
    return next((day for day in days if day and date(1900, 1, 1) <= day <= today + timedelta(days=1)), None)


def _day(written: Any, parsed: Any, today: date) -> date | None:
    """Return a day as it is written, else as feedparser understands it."""
    if not isinstance(written, str):
        return None
    month = _MONTH.fullmatch(written)
    if month:  # feedparser takes it for its first day
        return values.latest_day(month[1], month[2], today=today)
    try:
        return values.day(written) or _if_written(date(*parsed[:3]), written)
    except (TypeError, ValueError):
        return None


def _if_written(day: date, written: str) -> date | None:
    """Return the day if its numbers are there to be read: where feedparser is at a loss it puts today's."""
    numbers = {int(number) for number in re.findall(r"\d{1,9}", written)}
    has_month = day.month in numbers or _MONTHS[day.month - 1] in written.lower()
    return day if has_month and {day.year, day.day} <= numbers else None


def _keywords(item: dict[str, Any]) -> tuple[str, ...]:
    terms = [tag.get("term") or tag.get("label") for tag in values.objects(item.get("tags"))]
    return values.texts([term for term in terms if isinstance(term, str) and "://" not in term])


def _venue(item: dict[str, Any]) -> str | None:
    source = values.text(item.get("dc_source"))
    event_log = "" if "://" in source else _AFTER_THE_NAME.sub("", source)
    return values.text(item.get("prism_publicationname")) or event_log or None


# -- which paper it is --------------------------------------------------------------------------------


def _names_of(item: dict[str, Any]) -> Iterator[str]:
    """Yield what may name the paper, what says it outright first."""
    named = [item.get(key) for key in ("prism_doi", "arxiv_doi", "dc_identifier", "id", "link")]
    links = values.objects(item.get("links"))
    named += [link.get("href") for link in links if link.get("rel") == "alternate" or link.get("title") == "doi"]
    yield from (text.strip() for text in named if isinstance(text, str))


def _identity(names: Iterable[str]) -> tuple[str | None, str | None, int | None]:
    """Return the arXiv id, the DOI and the version that these names tell, each None where they tell none."""
    arxiv = named = version = preprint_version = None
    for name in names:
        # A bare number may be an arXiv id and may be anything.
        found, number = arxiv_version(name) if "arxiv" in name.lower() else (None, None)
        if found and arxiv in (None, found):
            arxiv, version = found, version or number
        preprint, number = preprint_of(name)
        # The query of an address is no part of the DOI in it.
        named = named or doi(re.split(r"[?#]", name)[0] if is_address(name) else name) or preprint
        if preprint and preprint == named:
            preprint_version = preprint_version or number
    return arxiv, named, version if arxiv else preprint_version
