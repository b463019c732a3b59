"""Parser of arXiv's API responses and announcement feeds, Atom and RSS, with the announce type of each entry.

Formats: https://info.arxiv.org/help/api/user-manual.html#_details_of_atom_results_returned and
https://info.arxiv.org/help/rss_specifications.html; RSS 1.0 was in use until January 2024.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from xml.etree import ElementTree as ET

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import arxiv_version, doi
from newsletter.sources.documents import Document
from newsletter.sources.formats import values
from newsletter.sources.formats.xml import read_xml, text_of
from newsletter.text import shorten, squeeze

_ANNOUNCE_TYPE = re.compile(r"^\s*arXiv:\S+\s+Announce Type:\s*(?P<type>[a-z-]+)")
_CATEGORY = re.compile(r"[a-z][a-z-]+(?:\.[A-Za-z][A-Za-z-]+)?")
# The suffix of titles in RSS 1.0, after "(arXiv:": "2605.01234v2 [cs.CL] UPDATED)".
_TITLE_SUFFIX = re.compile(
    r"(?P<id>\S{1,40})\s+\[(?P<category>[\w.-]{1,40})\](?:\s+(?P<type>UPDATED|CROSS LISTED))?\)\s*"
)


class AnnounceType(StrEnum):
    """How arXiv announced an entry; the values are those of the element `announce_type` in its feeds."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"
    #: A result of the query API, which has no announce type.
    NONE = ""
    #: A type that this program does not know.
    UNKNOWN = "unknown"

    @property
    def is_setting(self) -> bool:
        """Whether `announce` may be set to it."""
        return self not in (AnnounceType.NONE, AnnounceType.UNKNOWN)


_RSS_1_TYPES = {None: AnnounceType.NEW, "UPDATED": AnnounceType.REPLACE, "CROSS LISTED": AnnounceType.CROSS}


@dataclass(frozen=True, slots=True)
class ArxivItem:
    """One entry and its announce type."""

    entry: Entry
    announce_type: AnnounceType


def count_of(document: Document) -> tuple[int, int | None]:
    """Return the number of entries in a response of the query API, and the total number of results if stated.

    Raises:
        SourceError: The document is not such a response, or reports an error.
    """
    root = _root(document)
    total = text_of(root, "totalResults").strip()
    return len(_items(root)), int(total) if total.isdecimal() and len(total) < 10 else None


def parse_response(document: Document) -> Iterator[ArxivItem | Refusal]:
    """Yield the entries of an API response or a feed.

    Raises:
        SourceError: The document is neither, or reports an error.
    """
    root = _root(document)
    day = _day_of(root)
    for number, item in enumerate(_items(root), start=1):
        try:
            yield _item(item, day)
        except ValueError as error:
            yield Refusal(f"{document.place}, entry {number}", str(error))


def _root(document: Document) -> ET.Element:
    root = read_xml(document)
    if root.tag not in ("feed", "rss", "RDF"):
        raise SourceError(f"{document.place}: unexpected response from arXiv: root element <{shorten(root.tag, 40)}>")
    error = _error_in(root)
    if error is not None:
        raise SourceError(f"{document.place}: arXiv error: {shorten(error, 200) or 'no message'}")
    return root


def _error_in(root: ET.Element) -> str | None:
    """Return the message of an error: the API sends it as the only entry, the feeds as the title of an empty feed."""
    for item in _items(root):
        if "/api/errors" in text_of(item, "id"):
            return values.plain_text(text_of(item, "summary"))
    channel = _channel(root)
    if text_of(channel, "title").startswith("Feed error"):
        return values.plain_text(text_of(channel, "subtitle") or text_of(channel, "description"))
    return None


def _channel(root: ET.Element) -> ET.Element:
    """Return the element with the metadata of the feed."""
    channel = root.find("channel")
    return root if channel is None else channel


def _day_of(root: ET.Element) -> date | None:
    """Return the announcement day of an RSS feed; in Atom each entry has its own, and the feed only its build time."""
    channel = _channel(root)
    return values.day(text_of(channel, "pubDate") or text_of(channel, "date"))


def _items(root: ET.Element) -> list[ET.Element]:
    return [element for element in root.iter() if element.tag in ("entry", "item")]


# -- one entry ----------------------------------------------------------------------------------------


def _item(item: ET.Element, day: date | None) -> ArxivItem:
    """Parse one entry; raise ValueError with the reason if it is invalid."""
    raw_title = text_of(item, "title")
    before, mark, after = raw_title.rpartition("(arXiv:")
    suffix = _TITLE_SUFFIX.fullmatch(after) if mark else None
    title = values.plain_text(before.rstrip().removesuffix(".") if suffix else raw_title)
    identifier, version = _identifier(item, suffix["id"] if suffix else "")
    if not title:
        raise ValueError("no title")
    if identifier is None:
        raise ValueError("no arXiv id")
    body, comment = text_of(item, "summary") or text_of(item, "description"), text_of(item, "comment")
    announce_type = _RSS_1_TYPES[suffix["type"]] if suffix else _announce_type(item, body)
    # Only the RSS feeds of before 2024 have HTML.
    abstract = values.abstract(body) if body.lstrip().startswith("<p>") else values.plain_abstract(body)
    is_listed = announce_type in (AnnounceType.NEW, AnnounceType.CROSS)
    entry = Entry(
        source="arxiv",
        title=title,
        abstract=abstract,
        authors=_authors(item),
        arxiv_id=identifier,
        doi=_doi(item),
        version=version,
        published=values.day(text_of(item, "published")) if announce_type is AnnounceType.NONE else None,
        listed=values.day(text_of(item, "published") or text_of(item, "pubDate")) or day if is_listed else None,
        categories=_categories(item, suffix["category"] if suffix else ""),
        venue=values.plain_text(text_of(item, "journal_ref") or text_of(item, "journal_reference")) or None,
        withdrawn=_is_withdrawn(values.plain_text(comment), abstract),
        code_url=_code_url(comment, body),
    )
    return ArxivItem(entry, announce_type)


def _identifier(item: ET.Element, from_title: str) -> tuple[str | None, int | None]:
    """Return the arXiv id and version, from the title or id, else from a link."""
    links = [element.get("href", "") for element in item if element.tag == "link"]
    for candidate in (from_title, text_of(item, "id"), text_of(item, "guid"), text_of(item, "link"), *links):
        identifier, version = arxiv_version(candidate)
        if identifier:
            return identifier, version
    return None, None


def _announce_type(item: ET.Element, body: str) -> AnnounceType:
    match = _ANNOUNCE_TYPE.match(body)
    stated = text_of(item, "announce_type").strip() or (match["type"] if match else "")
    return AnnounceType(stated) if stated in list(AnnounceType) else AnnounceType.UNKNOWN


def _authors(item: ET.Element) -> tuple[str, ...]:
    """Return the authors: one element each in the API, one comma-separated line in the feeds.

    No name in that line contains a comma; separated by semicolons it cannot be mistaken for "Last, First".
    """
    names = values.people(text_of(element, "name") for element in item if element.tag == "author")
    names = names or values.names(text_of(item, "creator").replace(",", ";"))
    # "The Cloud Collaboration: A, B" is listed as three authors, of which the second is a colon.
    return tuple(name for name in names if any(map(str.isalpha, name)))


def _doi(item: ET.Element) -> str | None:
    """Return the first DOI; some authors give two."""
    stated = text_of(item, "doi") or text_of(item, "DOI")
    return next((found for word in stated.split() if (found := doi(word))), None)


def _categories(item: ET.Element, from_title: str) -> tuple[str, ...]:
    """Return the arXiv categories, the primary one first, without the ACM and MSC classes that authors add."""
    primary = [element for element in item if element.tag == "primary_category"]
    others = [element for element in item if element.tag == "category"]
    terms = [from_title, *((element.get("term") or element.text or "").strip() for element in (*primary, *others))]
    return tuple(dict.fromkeys(term for term in terms if _CATEGORY.fullmatch(term)))


# -- withdrawals and repositories, from comments and abstracts ----------------------------------------------

# "This paper has been withdrawn by the authors"; not "withdrawn from a workshop".
_NOTICE = (
    r"(?:(?:(?:this|the|our)\s+)?(?:paper|article|submission|manuscript|work|preprint|version)\s+"
    r"(?:(?:has\s+been|was|is(?:\s+being)?)\s+)?(?:\w{1,20}ly\s+)?withdrawn\b(?!\s+from\s+(?!arxiv))"
    r"|(?:the\s+)?authors?\s+(?:has|have)\s+withdrawn\s+(?:this|the)\b"
    r"|withdrawn\s+by\s+arxiv\b)"
)
# "Withdrawn", "Withdrawn due to an error".
_WORD = r"withdrawn(?:\s+(?:by|due|because|as|for|since|pending)\b|\s*(?:[.,;:!()]|$))"
_WITHDRAWN = re.compile(rf"{_NOTICE}|{_WORD}", re.IGNORECASE)
# In a comment the notice may follow other remarks ("12 pages. Withdrawn") but starts a clause of its own: elsewhere
# ("replaces arXiv:2605.01234, which has been withdrawn") it is about another paper. The single word must start a
# sentence: "Submitted to a workshop (withdrawn)" is still a valid paper.
_WITHDRAWN_SOMEWHERE = re.compile(rf"(?:^|[.,;:!(\[–—]\s*|\s-\s){_NOTICE}|(?:^|[.;!]\s*){_WORD}", re.IGNORECASE)

_SENTENCES = re.compile(r"(?<=[.!?;])\s+")
_REPOSITORY = re.compile(
    r"https?://(?:www\.)?(?P<name>git(?:hub|lab)\.com/[\w.-]+/[\w.-]+)(?P<inside>(?:/[\w.-]+)*)", re.ASCII
)
_CODE = re.compile(r"\b(?:codes?|codebase|source\s+files|implementations?)\b", re.IGNORECASE)


def _is_withdrawn(comment: str, abstract: str) -> bool:
    return bool(_WITHDRAWN_SOMEWHERE.search(comment) or _WITHDRAWN.match(abstract))


def _code_url(comment: str, abstract: str) -> str | None:
    """Return the repository that a sentence calls the code; None if there are several (some may be of others)."""
    found: dict[str, str] = {}
    is_code = False
    for text in (comment, abstract):
        for sentence in _SENTENCES.split(squeeze(text.replace("\\_", "_"))):
            matches = list(_REPOSITORY.finditer(sentence))
            is_code = is_code or bool(matches and _CODE.search(_REPOSITORY.sub("", sentence)))
            for match in matches:
                inside = match["inside"].rstrip("./")
                name = match["name"] if inside else match["name"].rstrip(".").removesuffix(".git")
                found.setdefault(name.lower(), f"https://{name}{inside}")
    return next(iter(found.values())) if is_code and len(found) == 1 else None
