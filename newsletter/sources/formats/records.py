"""Conversion of one record of a reference file into an entry, for every format and program.

A record maps names of fields to values: an object of JSON or CSL-JSON, a row of CSV, the fields of a BibTeX entry, the
tags of RIS. The same fact has many names, listed in `_NAMES`; case, spaces and punctuation in names are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from newsletter.models import Entry
from newsletter.papers.identifiers import arxiv_version, doi, short_doi
from newsletter.sources.formats import dates, values
from newsletter.sources.formats.author_marks import unnamed
from newsletter.text.markup import Markup, clean

# -- names of fields ----------------------------------------------------------------------------------

#: The names of each fact; if a record has several of them, the first in this list wins.
_NAMES = {
    "title": "title ti t1 documenttitle articletitle itemtitle name displayname",
    "abstract": "abstract summary ab n2 abstractnote description",
    "authors": "authorfullnames authors author au a1 creators creator authornames authorshipsauthordisplayname",
    "author_count": "authorcount authorscount numberofauthors",
    "id": "id",
    "arxiv": "arxivid arxiv eprint",
    "doi": "doi do itemdoi m3 l3",
    "short_doi": "shortdoi",
    "number": "number m1",  # Zotero puts "arXiv:2605.01234" there
    "url": "url link abs ur articleurl externalurl primarylocationlandingpageurl",
    "pdf": "pdf pdfurl pdflink l1 openaccessoaurl",
    "categories": "categories category primaryclass",
    "keywords": "keywords authorkeywords keyword tags kw manualtags automatictags keywordsdisplayname",
    "published": "published publisheddate publishedat publicationdate datepublished onlinedate",
    "date": "date issued da",
    "year": "year publicationyear publishedyear pubyear py y1",
    "month": "month publishedmonth",
    "day": "day",
    "venue": "journal journaltitle booktitle containertitle publicationtitle sourcetitle journalbook t2 jf jo ja j2 "
    "conferencename venue journalref primarylocationsourcedisplayname",
    "comment": "comment note n1 extra annote",
    "comments": "comments numcomments commentcount",
    "upvotes": "upvotes likes",
    "organization": "organization organisation institution",
    "code": "code codeurl github githuburl githubrepo",
    "project": "project projecturl projectpage",
    "thumbnail": "thumbnail thumbnailurl",
    "version": "version",
    "withdrawn": "withdrawn isretracted",
}
_FACTS = {name: (fact, rank) for fact, names in _NAMES.items() for rank, name in enumerate(names.split())}


_PUNCTUATION = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def _fact(name: str) -> tuple[str, int] | None:
    return _FACTS.get(_PUNCTUATION.sub("", name.lower()))


def is_title(name: str) -> bool:
    """Return whether a field of this name holds titles."""
    fact = _fact(name)
    return fact is not None and fact[0] == "title"


def _facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record's values by fact."""
    found: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    for name, value in record.items():
        if not value and value != 0:
            continue
        fact = _fact(name)
        if fact is not None and fact[1] < ranks.get(fact[0], 99):
            found[fact[0]], ranks[fact[0]] = value, fact[1]
    return found


# -- the entry ----------------------------------------------------------------------------------------


def entry_from(record: Any, *, source: str = "file", listed: date | None = None) -> Entry:
    """Return the entry that a record describes.

    Raises:
        ValueError: The record is not a paper; the message is the reason.
    """
    if not isinstance(record, Mapping):
        raise ValueError(f"expected an object, not {type(record).__name__}")
    facts = _facts(record)
    get = facts.get
    title = clean(_first(get("title")), Markup.RICH)
    if not title:
        raise ValueError("no title")
    arxiv_id, version = _arxiv(facts)
    comments = get("comments")
    comment = get("comment") or (comments if isinstance(comments, str) else None)
    body = _first(get("abstract"))
    authors = _authors(get("authors"))
    return Entry(
        source=source,
        title=title,
        abstract=values.plain_abstract(body) if body else "",
        authors=authors,
        author_count=_author_count(get("author_count"), get("authors"), len(authors)),
        organization=(_line(get("organization")) or None) if "organization" in facts else None,
        arxiv_id=arxiv_id,
        doi=_doi(facts),
        short_doi=_short_doi(facts),
        published=dates.published(facts),
        listed=listed,
        upvotes=_count(get("upvotes")),
        comments=_count(comments),
        keywords=_keywords(get("keywords")),
        categories=_categories(get("categories")),
        venue=_venue(get("venue")),
        version=_version(get("version")) or version,
        withdrawn=_is_withdrawn(get("withdrawn"), comment, body),
        url=_link(get("url"), arxiv_id),
        pdf_url=_link(get("pdf"), arxiv_id),
        code_url=_link(get("code"), None),
        project_url=_link(get("project"), None),
        thumbnail_url=_link(get("thumbnail"), None),
    )


def _first(value: Any) -> str:
    """Return a text value, or the first text in a list or in a wrapping object, or ""."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        inner = (value.get(name) for name in ("value", "name", "tag", "term", "fullname", "display_name"))
        return next((item for item in inner if isinstance(item, str)), "")
    if isinstance(value, list):
        return next((item for item in value if isinstance(item, str) and item.strip()), "")
    return ""


def _line(value: Any) -> str:
    return values.plain_text(_first(value))


def _count(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.strip()
        return int(digits) if _is_digits(digits) and len(digits) < 16 else None
    return values.count(value)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _link(value: Any, arxiv_id: str | None) -> str | None:
    """Return a URL, unless it only repeats the arXiv id or a DOI of the paper."""
    if value is None or (arxiv_id and isinstance(value, str) and value.endswith(arxiv_id) and "//arxiv.org/" in value):
        return None
    for address in value if isinstance(value, list) else [value]:
        found = values.link(address)
        if found and not (arxiv_id and arxiv_version(found)[0] == arxiv_id) and not doi(found):
            return found
    return None


# -- identifiers --------------------------------------------------------------------------------------


def _arxiv(facts: Mapping[str, Any]) -> tuple[str | None, int | None]:
    plain = facts.get("id")
    if (
        "arxiv" not in facts
        and isinstance(plain, str)
        and len(plain) == 10
        and plain[4] == "."
        and _is_digits(plain[:4] + plain[5:])
    ):
        return plain, None  # the usual case
    for fact in ("arxiv", "id", "doi", "url", "pdf", "number", "comment", "venue"):
        value = facts.get(fact)
        for candidate in value if isinstance(value, list) else (value,):
            if isinstance(candidate, str) and (found := _arxiv_in(fact, candidate))[0]:
                return found
    return None, None


def _arxiv_in(fact: str, text: str) -> tuple[str | None, int | None]:
    """Parse an arXiv id: alone, as in "arXiv:2605.01234 [cs]", or as in "arXiv preprint arXiv:2605.01234"."""
    if fact not in ("comment", "venue"):
        text = text.partition("[")[0]
        return arxiv_version(text) if len(text) < 200 else (None, None)
    start = text.lower().find("arxiv:")
    if start < 0:
        return None, None
    words = text[start : start + 60].split(maxsplit=2)
    head = words[0] if len(words) == 1 or words[0].lower() != "arxiv:" else "".join(words[:2])
    return arxiv_version(head.rstrip(".,;)"))


def _doi(facts: Mapping[str, Any]) -> str | None:
    for fact in ("doi", "id", "url", "short_doi"):
        value = facts.get(fact)
        for candidate in value if isinstance(value, list) else (value,):
            if isinstance(candidate, str) and "10." in candidate and (found := doi(candidate)):
                return found
    return None


# Zotero's plugin for short DOIs writes it into "Extra", whose lines are "Name: value".
_SHORT_DOI_LINE = re.compile(r"^\s*short ?doi:\s*(10/\w{3,12})\s*$", re.ASCII | re.IGNORECASE | re.MULTILINE)


def _short_doi(facts: Mapping[str, Any]) -> str | None:
    for fact in ("short_doi", "doi", "url"):
        value = facts.get(fact)
        for candidate in value if isinstance(value, list) else (value,):
            if isinstance(candidate, str) and len(candidate) < 60 and (found := short_doi(candidate)):
                return found
    comment = facts.get("comment")
    match = _SHORT_DOI_LINE.search(comment) if isinstance(comment, str) and "10/" in comment else None
    return match[1].lower() if match else None


def _version(value: Any) -> int | None:
    number = _count(value.strip().lower().removeprefix("v")) if isinstance(value, str) else values.count(value)
    return number if number and number < 10_000 else None


#: A larger number of authors is a mistake.
_MAX_AUTHORS = 100_000

# -- authors ------------------------------------------------------------------------------------------


def _authors(value: Any) -> tuple[str, ...]:
    """Parse a list of names or of objects, or one line of names."""
    if isinstance(value, list):
        return tuple(name for item in value if (name := _author(item)))
    if not isinstance(value, str):
        return ()
    return values.people(value.split("|")) if "|" in value else values.names(value)  # OpenAlex has "A|B"


def _author_count(stated: Any, value: Any, named: int) -> int | None:
    """Return the number of authors if it is stated, or if some are not named: "and 3 others"."""
    last = value[-1] if isinstance(value, list) and value else value
    others = unnamed(last) if isinstance(last, str) else 0
    number = max(_count(stated) or 0, named + others if others else 0)
    return number if named < number <= _MAX_AUTHORS else None


def _author(value: Any) -> str:
    if isinstance(value, str):
        # A shortcut for plain names, which are most of many.
        if value.replace(" ", "").isalpha() and value.isascii() and "  " not in value and value.lower() != "others":
            return value.strip()
        return values.person(value)
    if not isinstance(value, dict):
        return ""
    literal = value.get("literal")
    if isinstance(literal, str):
        return values.plain_text(literal)
    last = value.get("family") or value.get("lastName")
    if not last:
        name = value.get("name")
        return values.person(name) if isinstance(name, str) else ""
    parts = (
        value.get("given") or value.get("firstName"),
        value.get("non-dropping-particle"),
        last,
        value.get("suffix"),
    )
    return " ".join(filter(None, map(values.text, parts)))


# -- keywords, categories, venue ----------------------------------------------------------------------------------


def _keywords(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return values.texts([_first(item) for item in value])
    if not isinstance(value, str):
        return ()
    return values.texts(value.split(next((mark for mark in "|;" if mark in value), ",")))


def _categories(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return _categories_in(value)
    if not isinstance(value, list):
        return ()
    found: Iterable[str] = (one for item in value if isinstance(item, str) for one in _categories_in(item))
    return tuple(dict.fromkeys(found))


#: ACM ("I.2.7") and MSC classes ("68T07", "Primary 68T07"), which arXiv lists among its own categories.
_ACM_OR_MSC = re.compile(
    r"(?:primary|secondary)?[\s:]*(?:[A-K]\.(?:\d+|m)(?:\.(?:\d+|m))*|\d\d[A-Z-]?(?:\d\d|xx))\b.*", re.IGNORECASE
)
_ARXIV_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)?\.[A-Za-z-]{2,}|[a-z]+-[a-z]+")


@lru_cache(maxsize=4096)
def _categories_in(text: str) -> tuple[str, ...]:
    """Split "cs.CL cs.LG" and "Neuroscience; Cell Biology", without ACM and MSC classes."""
    pieces = values.texts(re.split("[;,]", text))
    if all(_ARXIV_CATEGORY.fullmatch(word) for piece in pieces for word in piece.split()):
        pieces = tuple(word for piece in pieces for word in piece.split())
    return tuple(dict.fromkeys(piece for piece in pieces if not _ACM_OR_MSC.fullmatch(piece)))


def _venue(value: Any) -> str | None:
    name = _line(value) if value else ""
    return name if name and not name.lower().startswith("arxiv") else None


_WITHDRAWN = re.compile(
    r"\W*(?:(?:this|the) (?:paper|article|submission|manuscript|preprint|work|version) (?:has been|is|was) withdrawn\b"
    r"|(?:paper |article )?withdrawn by\b)",
    re.IGNORECASE,
)


def _is_withdrawn(flag: Any, comment: Any, abstract: str) -> bool:
    if flag is True or flag == 1 or (isinstance(flag, str) and flag.strip().lower() in ("true", "yes", "1")):
        return True
    texts = (*(comment if isinstance(comment, list) else [comment]), abstract[:200])
    return any(
        isinstance(text, str) and "ithdraw" in text and _WITHDRAWN.match(" ".join(text[:400].split())) is not None
        for text in texts
    )
