"""arXiv's answers and feeds, Atom and RSS → entries, with how each was announced.

What they hold: https://info.arxiv.org/help/api/user-manual.html#_details_of_atom_results_returned and
https://info.arxiv.org/help/rss_specifications.html; RSS 1.0 was given until January 2024.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree as ET

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import arxiv_version, doi
from newsletter.sources.documents import Document
from newsletter.sources.formats import values
from newsletter.sources.formats.xml import read_xml, text_of
from newsletter.text import shorten, squeeze

#: How an entry was announced that does not say so: the query API's.
NOT_ANNOUNCED = ""

_ANNOUNCED = re.compile(r"^\s*arXiv:\S+\s+Announce Type:\s*(?P<how>[a-z-]+)")
_CATEGORY = re.compile(r"[a-z][a-z-]+(?:\.[A-Za-z][A-Za-z-]+)?")
# How titles ended in RSS 1.0, after "(arXiv:": "2605.01234v2 [cs.CL] UPDATED)".
_ENDING = re.compile(r"(?P<id>\S{1,40})\s+\[(?P<category>[\w.-]{1,40})\](?:\s+(?P<how>UPDATED|CROSS LISTED))?\)\s*")
_OLD_WORDS = {None: "new", "UPDATED": "replace", "CROSS LISTED": "cross"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry, and how it was announced: "new", "cross", "replace", "replace-cross" or `NOT_ANNOUNCED`."""

    entry: Entry
    announced: str


def count_of(document: Document) -> tuple[int, int | None]:
    """Return how many entries an answer of the query API holds, and how many there are in all, if it says so.

    Raises:
        SourceError: It is none, or an error of arXiv's own.
    """
    root = _root(document)
    total = text_of(root, "totalResults").strip()
    return len(_items(root)), int(total) if total.isdecimal() and len(total) < 10 else None


def read_response(document: Document) -> Iterator[Listed | Refusal]:
    """Yield the entries of an answer or a feed.

    Raises:
        SourceError: It is neither, or an error of arXiv's own.
    """
    root = _root(document)
    day = _day_of(root)
    for number, item in enumerate(_items(root), start=1):
        try:
            yield _told(item, day)
        except ValueError as error:
            yield Refusal(f"{document.place}, entry {number}", str(error))


def _root(document: Document) -> ET.Element:
    root = read_xml(document)
    if root.tag not in ("feed", "rss", "RDF"):
        raise SourceError(f"{document.place}: not an answer of arXiv's: <{shorten(root.tag, 40)}> at its top")
    error = _error_in(root)
    if error is not None:
        raise SourceError(f"{document.place}: arXiv answers: {shorten(error, 200) or 'an error'}")
    return root


def _error_in(root: ET.Element) -> str | None:
    """Return the words of an error: the API gives an entry instead of all others, the feeds one without any."""
    for item in _items(root):
        if "/api/errors" in text_of(item, "id"):
            return values.text(text_of(item, "summary"))
    channel = _channel(root)
    if text_of(channel, "title").startswith("Feed error"):
        return values.text(text_of(channel, "subtitle") or text_of(channel, "description"))
    return None


def _channel(root: ET.Element) -> ET.Element:
    """Return what tells of the feed as a whole."""
    channel = root.find("channel")
    return root if channel is None else channel


def _day_of(root: ET.Element) -> date | None:
    """Return the day of an RSS feed's announcement; in Atom each entry has it, and the feed only when it was made."""
    channel = _channel(root)
    return values.day(text_of(channel, "pubDate") or text_of(channel, "date"))


def _items(root: ET.Element) -> list[ET.Element]:
    return [element for element in root.iter() if element.tag in ("entry", "item")]


# -- one entry ----------------------------------------------------------------------------------------


def _told(item: ET.Element, day: date | None) -> Listed:
    """Read one entry; raises ValueError with the reason it cannot be taken."""
    whole_title = text_of(item, "title")
    words, mark, after = whole_title.rpartition("(arXiv:")
    ending = _ENDING.fullmatch(after) if mark else None
    title = values.text(words.rstrip().removesuffix(".") if ending else whole_title)
    identity, version = _identity(item, ending["id"] if ending else "")
    if not title:
        raise ValueError("no title")
    if identity is None:
        raise ValueError("no arXiv id")
    body, comment = text_of(item, "summary") or text_of(item, "description"), text_of(item, "comment")
    announced = _OLD_WORDS[ending["how"]] if ending else _announced(item, body)
    abstract = values.abstract(body)
    is_listed = announced in ("new", "cross")
    entry = Entry(
        source="arxiv",
        title=title,
        abstract=abstract,
        authors=_authors(item),
        arxiv_id=identity,
        doi=_doi(item),
        version=version,
        published=values.day(text_of(item, "published")) if announced == NOT_ANNOUNCED else None,
        listed=values.day(text_of(item, "published") or text_of(item, "pubDate")) or day if is_listed else None,
        categories=_categories(item, ending["category"] if ending else ""),
        venue=values.text(text_of(item, "journal_ref") or text_of(item, "journal_reference")) or None,
        withdrawn=_is_withdrawn(values.text(comment), abstract),
        code_url=_code_url(comment, body),
    )
    return Listed(entry, announced)


def _identity(item: ET.Element, told: str) -> tuple[str | None, int | None]:
    """Return the arXiv id and version: what the title or id says, else what the link does."""
    links = [element.get("href", "") for element in item if element.tag == "link"]
    for candidate in (told, text_of(item, "id"), text_of(item, "guid"), text_of(item, "link"), *links):
        identity, version = arxiv_version(candidate)
        if identity:
            return identity, version
    return None, None


def _announced(item: ET.Element, body: str) -> str:
    said = text_of(item, "announce_type").strip()
    match = _ANNOUNCED.match(body)
    return said or (match["how"] if match else NOT_ANNOUNCED)


def _authors(item: ET.Element) -> tuple[str, ...]:
    """Return the names: one element each in the API, all in one line in the feeds.

    That line has commas between names and none in them; said with semicolons it cannot be taken for "Last, First".
    """
    names = values.people(text_of(element, "name") for element in item if element.tag == "author")
    names = names or values.names(text_of(item, "creator").replace(",", ";"))
    # "The Cloud Collaboration: A, B" is told as three authors, of which the second is a colon.
    return tuple(name for name in names if any(map(str.isalpha, name)))


def _doi(item: ET.Element) -> str | None:
    """Return the first DOI; some authors give two."""
    told = text_of(item, "doi") or text_of(item, "DOI")
    return next((found for word in told.split() if (found := doi(word))), None)


def _categories(item: ET.Element, told: str) -> tuple[str, ...]:
    """Return arXiv's own categories, the primary one first; authors add classes of ACM and MSC."""
    primary = [element for element in item if element.tag == "primary_category"]
    others = [element for element in item if element.tag == "category"]
    terms = [told, *((element.get("term") or element.text or "").strip() for element in (*primary, *others))]
    return tuple(dict.fromkeys(term for term in terms if _CATEGORY.fullmatch(term)))


# -- what comments and abstracts say ------------------------------------------------------------------

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
# In a comment the notice may come after other things ("12 pages. Withdrawn"), but begins a part of its own: what
# goes on ("replaces arXiv:2605.01234, which has been withdrawn") is about another paper. And the word alone begins a
# sentence: "Submitted to a workshop (withdrawn)" is still a paper.
_WITHDRAWN_SOMEWHERE = re.compile(rf"(?:^|[.,;:!(\[–—]\s*|\s-\s){_NOTICE}|(?:^|[.;!]\s*){_WORD}", re.IGNORECASE)

_SENTENCES = re.compile(r"(?<=[.!?;])\s+")
_REPOSITORY = re.compile(
    r"https?://(?:www\.)?(?P<name>git(?:hub|lab)\.com/[\w.-]+/[\w.-]+)(?P<inside>(?:/[\w.-]+)*)", re.ASCII
)
_CODE = re.compile(r"\b(?:codes?|codebase|source\s+files|implementations?)\b", re.IGNORECASE)


def _is_withdrawn(comment: str, abstract: str) -> bool:
    return bool(_WITHDRAWN_SOMEWHERE.search(comment) or _WITHDRAWN.match(abstract))


def _code_url(comment: str, abstract: str) -> str | None:
    """Return the repository that a sentence calls the code; none where there are several, which may be others'."""
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
