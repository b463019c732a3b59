"""RSS, Atom and JSON feeds: of a journal, a laboratory, a blog, a search.

Formats: https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, RFC 4287 (Atom) and
https://www.jsonfeed.org/version/1.1/; publishers add Dublin Core and PRISM. All but JSON Feed are parsed by
https://feedparser.readthedocs.io, whose keys (`summary`, `tags`, `prism_doi`) are used below.
"""

from __future__ import annotations

import codecs
import io
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from html.entities import html5
from typing import Any, ClassVar

from newsletter.errors import SourceError, SourceRateLimited
from newsletter.models import Entry, Refusal, StatedDate
from newsletter.models.dates import first_day, last_day
from newsletter.papers.identifiers import arxiv_version, doi
from newsletter.sources.biorxiv import preprint_of
from newsletter.sources.documents import Document, Span, is_address
from newsletter.sources.feed_discovery import absolute, request_feed, root_element
from newsletter.sources.formats import values
from newsletter.sources.formats.author_marks import unnamed
from newsletter.sources.formats.jsonfeed import is_json, read_items
from newsletter.sources.formats.person_names import unglued
from newsletter.sources.formats.publishers import Cleaned, cleaned, doi_of, publisher_of, title_of
from newsletter.sources.formats.submissions import is_submission, paper_in
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten
from newsletter.text.markup import Markup, clean, clean_abstract


@dataclass(frozen=True, slots=True)
class Feed:
    """Any feed, by its URL or by that of a page that links to it."""

    name: ClassVar[str] = "feed"
    summary: ClassVar[str] = "any RSS, Atom or JSON feed, by its URL or that of a page that links to it"
    follows: ClassVar[str] = "URL"
    example: ClassVar[str] = "https://example.org/papers.xml"
    suffixes: ClassVar[tuple[str, ...]] = (".xml", ".rss", ".atom", ".rdf", ".json")

    follow: tuple[str, ...] = setting((), "URLs of feeds, or of pages that link to one.")

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield one document per URL, and raise errors only after all were requested; see `Source.fetch`.

        A feed has no query for days, so `span` is ignored.
        """
        if not self.follow:
            raise SourceError("feed: nothing to follow", hint=f"newsletter pull feed {self.example}")
        failures: list[SourceError] = []
        for address in self.follow:
            try:
                document = request_feed(address, client, _parse)
            except SourceError as error:
                failures.append(error)
            else:
                if document is not None:
                    yield document
        if failures:
            raise _joined(failures)

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the entries of one feed; see `Source.parse`."""
        for number, item in enumerate(_parse(document), start=1):
            if item.get("arxiv_announce_type") in ("replace", "replace-cross"):
                continue  # arXiv's daily feed also lists new versions of old papers
            paper = paper_in(item) if is_submission(item) else item
            if paper is None:
                why = "a submission without a link, not a paper"
                yield Refusal(f"{document.place}, entry {number}", why, is_left_out=True)
                continue
            try:
                yield _entry(paper, today)
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error), _identity(item))


def _joined(failures: list[SourceError]) -> SourceError:
    """Return one error for all failures: the only one itself, or a summary."""
    if len(failures) == 1:
        return failures[0]
    message = f"{len(failures)} feeds failed: " + "; ".join(shorten(error.message, 160) for error in failures)
    waits = [error.wait_s for error in failures if isinstance(error, SourceRateLimited)]
    return SourceRateLimited(message, wait_s=max(waits)) if waits else SourceError(message)


# -- parsing ------------------------------------------------------------------------------------------

_BYTE_ORDERS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"), (b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)  # fmt: skip
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
#: Codecs whose first line can be read as ASCII. Python's other codecs are slow, or are not encodings of text.
_ASCII_BASED = re.compile(r"(?:iso8859|cp\d|koi8|mac|gb|big5|shift|euc|tis|johab|hp).*")
# Characters that XML 1.0 does not allow, literal or as a reference; one of them makes the whole feed ill-formed.
_ILLEGAL_XML = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    r"|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}));"
)
# Longer runs are not text, and feedparser takes quadratic time to search them for email addresses.
_LONG_RUN = re.compile(r"([A-Za-z0-9_.+-]{1000})[A-Za-z0-9_.+-]+")
#: A CDATA section, or an ampersand that begins no reference: feedparser would read "R&D" as "R&D;".
_CDATA_OR_AMPERSAND = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!#?\w+;)(?:(?P<name>[A-Za-z]+)(?![\w=]))?", re.DOTALL)
_FEED_ELEMENTS = frozenset({"rss", "feed", "rdf", "channel"})


def _parse(document: Document) -> list[dict[str, Any]]:
    """Return the entries of a feed as feedparser's dictionaries.

    Raises:
        SourceError: The document is not a feed.
    """
    content = document.content
    return read_items(content, document.place) if is_json(content) else _parse_xml(content, document.place)


def _parse_xml(content: bytes, place: str) -> list[dict[str, Any]]:
    import feedparser  # noqa: PLC0415 - takes 100 ms to import

    text = _LONG_RUN.sub(r"\1", _ILLEGAL_XML.sub("", _decode(content)))
    text = _CDATA_OR_AMPERSAND.sub(_escaped, text)
    if "<!ENTITY" in text and "<!DOCTYPE" in text:
        raise SourceError(f"{place}: XML entity declarations are not allowed")
    root = root_element(text)
    headers = {"content-type": "application/xml; charset=utf-8"}
    if is_address(place):
        headers["content-location"] = place  # the base of relative links
    stream = io.BytesIO(text.encode("utf-8", "replace"))  # feedparser may open bytes or text as a file name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own deprecation warnings
            feed = feedparser.parse(stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # feedparser has bugs on malformed input
        raise SourceError(f"{place}: invalid feed ({type(error).__name__})") from error
    if root == "html" or not (feed.entries or (feed.get("version") and root in _FEED_ELEMENTS)):
        raise SourceError(f"{place}: not a feed: {f'root element <{shorten(root, 40)}>' if root else 'not XML'}")
    return [_with_feed_defaults(dict(entry), dict(feed.feed), feed.version) for entry in feed.entries]


def _escaped(match: re.Match[str]) -> str:
    """Escape an ampersand, unless HTML knows what follows without a semicolon: "&copy"."""
    if not match[0].startswith("&"):
        return match[0]
    name = match["name"] or ""
    return f"&{name};" if name in html5 else f"&amp;{name}"


def _decode(content: bytes) -> str:
    """Decode XML by its byte-order mark or XML declaration, else as UTF-8.

    If that fails each byte becomes one character: feedparser detects, text by text, which of them are UTF-8.
    """
    marked = next((encoding for mark, encoding in _BYTE_ORDERS if content.startswith(mark)), None)
    if marked:
        return content.decode(marked, errors="replace")
    declared = _DECLARED.match(content)
    for encoding in (declared[1].decode() if declared else "", "utf-8-sig"):
        try:
            name = codecs.lookup(encoding).name
            if name == "utf-8-sig" or _ASCII_BASED.fullmatch(name):
                return content.decode("gb18030" if name == "gb2312" else name)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")


# The title of a journal's feed: Cloud Letters - new TOC; Tandf: Clouds: Table of Contents; eLife: latest articles.
_CONTENTS_OF = re.compile(
    r"(?:(?:tandf|wiley|sage[^:]*|aip[^:]*|aaas): )?"
    r"(?P<name>.{1,200}?)(?: -|:| \|) (?:table of contents|new toc|latest articles|new and recent articles)"
    r"|latest results for (?P<latest>.{1,200})",
    re.IGNORECASE,
)


def _with_feed_defaults(item: dict[str, Any], channel: dict[str, Any], version: str) -> dict[str, Any]:
    """Add to an entry the values that its feed states for all entries."""
    own = [link.get("href") for link in values.objects(channel.get("links")) if link.get("rel") == "self"]
    base = next((link for link in map(values.link, (*own, channel.get("link"))) if link), "")
    item["link"] = values.link(item.get("feedburner_origlink")) or absolute(item.get("link"), base)
    contents = _CONTENTS_OF.fullmatch(values.text(channel.get("title")))
    journal = (contents["name"] or contents["latest"]) if contents else None
    item.setdefault("prism_publicationname", channel.get("prism_publicationname") or journal)
    item["is_atom"] = version.startswith("atom")
    if item["is_atom"] and not item.get("authors"):  # RFC 4287, 4.2.1
        source = item.get("source")
        item["authors"] = (source.get("authors") if isinstance(source, dict) else None) or channel.get("authors")
    return item


def _identity(item: dict[str, Any]) -> str:
    """Return what identifies an entry in its feed, which goes on listing it: its id, its link or its text."""
    given = (item.get("id"), item.get("link"), item.get("summary"))
    return next((str(one) for one in given if one), "")


# -- one entry ----------------------------------------------------------------------------------------

_TEXT_TYPES = frozenset({"text/html", "text/plain", "application/xhtml+xml"})
_RETRACTED = re.compile(r"(?:withdrawn|retracted)(?: article)?\s*:", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(r"\s*(\d{4})(?:-(\d\d))?\s*", re.ASCII)
# The suffix of a journal's name: "Nature, Published online: 2026-05-08; | doi:10.1038/…".
_VENUE_SUFFIX = re.compile(r"\s*(?:[;|]|,? published online).*", re.IGNORECASE | re.DOTALL)


def _entry(item: dict[str, Any], today: date) -> Entry:
    """Parse one entry; raise ValueError with the reason if it is invalid."""
    title = clean(values.word(item.get("title")), _markup(item, values.part(item.get("title_detail"))))
    if not title:
        raise ValueError("no title")
    found_arxiv, found_doi, version = _identifiers(_candidates(item))
    link = values.link(item.get("link"))
    publisher = publisher_of(link)
    authors = _authors(item, are_glued=publisher is not None and publisher.are_authors_glued)
    text = cleaned(publisher, _abstract(item), authors) if publisher else Cleaned(_abstract(item))
    return Entry(
        source=Feed.name,
        title=title_of(publisher, title) if publisher else title,
        abstract=text.abstract,
        authors=authors or text.authors,
        author_count=_author_count(item, authors),
        arxiv_id=found_arxiv,
        doi=found_doi or (None if found_arxiv else doi(text.doi) or doi(doi_of(publisher, link))),
        published=_published(item, today) or text.published,
        keywords=_keywords(item),
        venue=_venue(item),
        version=version,
        withdrawn=bool(_RETRACTED.match(title)),
        url=link,
    )


def _abstract(item: dict[str, Any]) -> str:
    """Return the longest text of an entry: the summary may be a teaser, and the content an image."""
    content = [part for part in values.objects(item.get("content")) if part.get("type") in _TEXT_TYPES]
    summary = {**values.part(item.get("summary_detail")), "value": item.get("summary")}
    texts = (clean_abstract(values.word(part.get("value")), _markup(item, part)) for part in (summary, *content))
    return max(texts, key=len)


def _markup(item: dict[str, Any], detail: dict[str, Any]) -> Markup:
    """Return whether a text of an entry may have tags.

    arXiv's are plain, and so is what Atom declares as plain (RFC 4287, 3.1.1.1), which some feeds do wrongly: they
    close elements.
    """
    is_declared = item.get("is_atom") and detail.get("type") == "text/plain"
    is_plain = item.get("arxiv_announce_type") or (is_declared and "</" not in values.word(detail.get("value")))
    return Markup.PLAIN if is_plain else Markup.TAGS


def _authors(item: dict[str, Any], *, are_glued: bool) -> tuple[str, ...]:
    if isinstance(item.get("authors"), str):  # IEEE's own element
        return values.names(item["authors"])
    authors = values.objects(item.get("authors"))
    # RSS has one author as "ada@example.org (Ada Example)", which feedparser splits for short domains only.
    whole = item.get("author") if len(authors) == 1 else None
    raw = [whole] if isinstance(whole, str) else [author.get("name") for author in authors]
    names = [_without_email(name) for name in raw if isinstance(name, str)]
    if len(names) == 1:
        parts = unglued(values.text(names[0])) if are_glued else []
        return values.people(parts) if len(parts) > 1 else values.names(names[0])
    return values.people(names)


def _author_count(item: dict[str, Any], authors: tuple[str, ...]) -> int | None:
    """Return the number of authors if some are not named: "Ann Doe et al."."""
    others = unnamed(item["author"]) if authors and isinstance(item.get("author"), str) else 0
    return len(authors) + others if others else None


def _without_email(name: str) -> str:
    name = " ".join(word for word in name.split() if "@" not in word)
    return name[1:-1] if name.startswith("(") and name.endswith(")") else name


def _published(item: dict[str, Any], today: date) -> StatedDate | None:
    days = (
        _day(item.get("published"), item.get("published_parsed")),
        _day(item.get("updated"), item.get("updated_parsed")),
        _day(item.get("prism_publicationdate"), None),
        _day(item.get("created"), item.get("created_parsed")),
    )
    # Some programs write "0001-01-01" for no date, and some journals a day of next year.
    earliest, latest = date(1900, 1, 1), today + timedelta(days=1)
    return next((day for day in days if day and earliest <= last_day(day) and first_day(day) <= latest), None)


def _day(written: Any, parsed: Any) -> StatedDate | None:
    """Return a date as it is written, else as feedparser parsed it."""
    if not isinstance(written, str):
        return None
    month = _MONTH.fullmatch(written)
    if month:  # feedparser would return the first day of the month
        return values.stated(month[1], month[2])
    try:
        return values.day(written) or _if_stated(date(*parsed[:3]), written)
    except (TypeError, ValueError):
        return None


def _if_stated(day: date, written: str) -> date | None:
    """Return the day if its numbers are in the text: feedparser fills in missing ones from today."""
    numbers = {int(number) for number in re.findall(r"\d{1,9}", written)}
    has_month = day.month in numbers or _MONTHS[day.month - 1] in written.lower()
    return day if has_month and {day.year, day.day} <= numbers else None


def _keywords(item: dict[str, Any]) -> tuple[str, ...]:
    terms = [tag.get("term") or tag.get("label") for tag in values.objects(item.get("tags"))]
    return values.texts([term for term in terms if isinstance(term, str) and "://" not in term])


def _venue(item: dict[str, Any]) -> str | None:
    source = values.text(item.get("dc_source"))
    journal = "" if "://" in source else _VENUE_SUFFIX.sub("", source)
    return values.text(item.get("prism_publicationname")) or journal or None


# -- identifiers ---------------------------------------------------------------------------------------


def _candidates(item: dict[str, Any]) -> Iterator[str]:
    """Yield the texts that may hold an identifier, the most explicit ones first."""
    texts = [item.get(key) for key in ("prism_doi", "arxiv_doi", "dc_identifier", "id", "link")]
    links = values.objects(item.get("links"))
    texts += [link.get("href") for link in links if link.get("rel") == "alternate" or link.get("title") == "doi"]
    yield from (text.strip() for text in texts if isinstance(text, str))


def _identifiers(texts: Iterable[str]) -> tuple[str | None, str | None, int | None]:
    """Return the arXiv id, the DOI and the version found in these texts; each is None if absent."""
    arxiv = found_doi = version = preprint_version = None
    for text in texts:
        # A bare number may look like an arXiv id by chance.
        found, number = arxiv_version(text) if "arxiv" in text.lower() else (None, None)
        if found and arxiv in (None, found):
            arxiv, version = found, version or number
        preprint, number = preprint_of(text)
        # The query of a URL is not part of the DOI in it.
        found_doi = found_doi or doi(re.split(r"[?#]", text)[0] if is_address(text) else text) or preprint
        if preprint and preprint == found_doi:
            preprint_version = preprint_version or number
    return arxiv, found_doi, version if arxiv else preprint_version
