"""arXiv's answers and feeds, Atom and RSS → entries, with how each was announced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree as ET

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import fields
from newsletter.sources.documents import Document
from newsletter.sources.identifiers import arxiv_version, doi
from newsletter.sources.xml import read_xml, text_of
from newsletter.text import shorten

#: How an entry was announced that does not say so: the query API's.
NO_CATEGORY = ""

_ANNOUNCED = re.compile(r"^\s*arXiv:\S+\s+Announce Type:\s*(?P<how>[a-z-]+)")
_CATEGORY = re.compile(r"[a-z][a-z-]+(?:\.[A-Za-z][A-Za-z-]+)?")
_WITHDRAWN = re.compile(
    r"(?:this|the)\s+(?:paper|article|submission|manuscript|work|preprint)\s+(?:has\s+been|was|is(?:\s+being)?)\s+withdrawn\b"
    r"|\bwithdrawn\s+by\s+(?:arxiv|the\s+authors?|its\s+authors?)\b|^withdrawn\b",
    re.IGNORECASE,
)
# How far into an abstract a notice of withdrawal begins; further on it is about something else.
_NOTICE = 60


@dataclass(frozen=True, slots=True)
class Told:
    """One entry, and how it was announced: "new", "cross", "replace", "replace-cross" or `NO_CATEGORY`."""

    entry: Entry
    announced: str


def total_of(document: Document) -> tuple[int, int]:
    """Return how many entries an answer of the query API holds, and how many there are in all.

    Raises:
        SourceError: It is none.
    """
    root = _root(document)
    total = text_of(root, "totalResults").strip()
    return len(_items(root)), int(total) if total.isdecimal() and len(total) < 10 else 0


def read_answer(document: Document) -> Iterator[Told | Refusal]:
    """Yield the entries of an answer or a feed.

    Raises:
        SourceError: It is neither, or an error of arXiv's own.
    """
    for number, item in enumerate(_items(_root(document)), start=1):
        try:
            yield _told(item)
        except ValueError as error:
            yield Refusal(f"{document.place}, entry {number}", str(error))


def _root(document: Document) -> ET.Element:
    root = read_xml(document)
    if root.tag not in ("feed", "rss", "RDF"):
        raise SourceError(f"{document.place}: not an answer of arXiv's: <{shorten(root.tag, 40)}> at its top")
    for item in _items(root):
        if "/api/errors" in text_of(item, "id"):
            raise SourceError(f"{document.place}: arXiv answers: {shorten(fields.text(text_of(item, 'summary')), 200)}")
    return root


def _items(root: ET.Element) -> list[ET.Element]:
    return [element for element in root.iter() if element.tag in ("entry", "item")]


def _told(item: ET.Element) -> Told:
    """Read one entry; raises ValueError with the reason it cannot be taken."""
    identity, version = _identity(item)
    title = fields.text(text_of(item, "title"))
    if not title:
        raise ValueError("no title")
    if identity is None:
        raise ValueError("no arXiv id")
    body = text_of(item, "summary") or text_of(item, "description")
    announced = _announced(item, body)
    abstract = fields.abstract(body)
    comment = fields.text(text_of(item, "comment"))
    entry = Entry(
        source="arxiv",
        title=title,
        abstract=abstract,
        authors=_authors(item),
        arxiv_id=identity,
        doi=doi(text_of(item, "doi") or text_of(item, "DOI")),
        version=version,
        published=fields.day(text_of(item, "published")) if announced == NO_CATEGORY else None,
        listed=_announced_on(item) if announced in ("new", "cross") else None,
        categories=_categories(item),
        venue=fields.text(text_of(item, "journal_ref") or text_of(item, "journal_reference")) or None,
        withdrawn=bool(_WITHDRAWN.search(comment) or _WITHDRAWN.search(abstract[:_NOTICE])),
    )
    return Told(entry, announced)


def _identity(item: ET.Element) -> tuple[str | None, int | None]:
    """Return the arXiv id and version: what the id says, else what the link does."""
    links = [element.get("href", "") for element in item if element.tag == "link"]
    for candidate in (text_of(item, "id"), text_of(item, "guid"), text_of(item, "link"), *links):
        identity, version = arxiv_version(candidate)
        if identity:
            return identity, version
    return None, None


def _announced(item: ET.Element, body: str) -> str:
    said = text_of(item, "announce_type").strip()
    match = _ANNOUNCED.match(body)
    return said or (match["how"] if match else NO_CATEGORY)


def _announced_on(item: ET.Element) -> date | None:
    return fields.day(text_of(item, "published") or text_of(item, "pubDate") or text_of(item, "date"))


def _authors(item: ET.Element) -> tuple[str, ...]:
    """Return the names: one element each in the API, all in one line in the feeds."""
    names = [text_of(element, "name") for element in item if element.tag == "author" and len(element)]
    return fields.people(names) or fields.names(text_of(item, "creator"))


def _categories(item: ET.Element) -> tuple[str, ...]:
    """Return arXiv's own categories, the primary one first; authors add classes of ACM and MSC."""
    primary = [element for element in item if element.tag == "primary_category"]
    others = [element for element in item if element.tag == "category"]
    terms = [(element.get("term") or element.text or "").strip() for element in (*primary, *others)]
    return tuple(dict.fromkeys(term for term in terms if _CATEGORY.fullmatch(term)))
