"""ACL Anthology: papers in computational linguistics, by venue, collection or volume.

The Anthology publishes its data as XML files, one for each collection, such as all volumes of one conference of a year
(https://aclanthology.org/faq/api/, https://aclanthology.org/info/ids/): https://github.com/acl-org/acl-anthology,
data/xml with its schema. They have abstracts, which its feed and the BibTeX files of volumes do not have, and the day
on which each volume was added. Of a venue, the papers added in the requested days are new; a collection or volume is
read as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar
from xml.etree import ElementTree as ET

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import doi
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import dates, values
from newsletter.sources.formats.xml import read_xml, text_of
from newsletter.sources.http.client import HttpClient, Response
from newsletter.sources.settings import setting
from newsletter.text import shorten

_SITE = "https://aclanthology.org"
_VENUE = re.compile(r"[a-z][a-z0-9]*", re.ASCII)
# Since 2020 "2026.acl" and "2026.acl-long", before that "P19" and "P19-1".
_COLLECTION = re.compile(r"(?P<collection>\d{4}\.[a-z0-9]+|[A-Z]\d\d)(?:-(?P<volume>[a-z0-9]+))?", re.ASCII)
# "2026.acl-long.1", "P19-1001"; it stands in <url>, or follows from the ids around it.
_PAPER_ID = re.compile(r"\d{4}\.[a-z0-9]+-[a-z0-9]+\.\d{1,5}|[A-Z]\d\d-\d{4}", re.ASCII)
#: Days from the date of a volume to its publication, and by how much the date may be ahead of ours.
_PUBLICATION_LAG, _AHEAD = timedelta(days=14), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Acl:
    """Papers of venues, collections and volumes."""

    name: ClassVar[str] = "acl"
    summary: ClassVar[str] = "ACL Anthology: computational linguistics by venue, or a whole collection or volume"
    follows: ClassVar[str] = "VENUE|COLLECTION|VOLUME"
    example: ClassVar[str] = "acl findings tacl"
    suffixes: ClassVar[tuple[str, ...]] = (".xml",)

    follow: tuple[str, ...] = setting(
        (), "Venues (acl, tacl); or a whole collection (2026.acl) or volume (2026.acl-long)."
    )
    min_interval_hours: int = setting(24, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting(
        "https://raw.githubusercontent.com/acl-org/acl-anthology/master/data/xml",
        "Address of the XML files.", internal=True,
    )  # fmt: skip

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield a document for each collection with papers to read; see `Source.fetch`."""
        if not self.follow:
            raise SourceError("acl: nothing to follow", hint=f"newsletter pull acl {self.example}")
        for one in self.follow:
            if _VENUE.fullmatch(one):
                yield from self._venue(one, span, client)
            elif match := _COLLECTION.fullmatch(one):
                response = self._get(match["collection"], client)
                if not response.is_unchanged:
                    document = Document(response.place, response.content)
                    yield _volume(document, match["volume"]) if match["volume"] else document
            else:
                hint = "venues are as in https://aclanthology.org/venues/acl/, volumes as in 2026.acl-long"
                raise SourceError(f"acl: {shorten(one, 60)}: neither a venue nor a volume", hint=hint)

    def _venue(self, venue: str, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield what was added to a venue's collections of this year and the last: many meet every second year."""
        first, last = span.first - _PUBLICATION_LAG, span.last + _AHEAD
        missing: list[Response] = []
        for year in (span.last.year, span.last.year - 1):
            response = self._get(f"{year}.{venue}", client, expected=(404,))
            if response.status == 404:
                missing.append(response)
            elif not response.is_unchanged:
                document = Document(response.place, response.content)
                yield _selected(document, lambda added: added is not None and first <= added <= last)
        if len(missing) == 2:
            hint = f"venues are listed at {_SITE}/venues/"
            raise SourceError(f"{missing[0].place}: HTTP 404: the Anthology has no venue {venue!r}", hint=hint)

    def _get(self, collection: str, client: HttpClient, expected: tuple[int, ...] = ()) -> Response:
        return client.get(f"{self.api}/{collection}.xml", expected=expected, conditional=True)

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the papers of a collection; see `Source.parse`."""
        root = _collection(document)
        for volume in root.findall("volume"):
            name = f"{root.get('id', '')}-{volume.get('id', '')}"
            for number, paper in enumerate(volume.findall("paper"), start=1):
                if paper.get("id") == "0":  # the front matter of old volumes
                    continue
                try:
                    yield _entry(paper, volume, name)
                except ValueError as error:
                    yield Refusal(f"{document.place}, {shorten(name, 60)}, entry {number}", str(error))


def _collection(document: Document) -> ET.Element:
    """Return the root element of a collection.

    Raises:
        SourceError: The document is not one.
    """
    root = read_xml(document)
    if root.tag != "collection":
        raise SourceError(
            f"{document.place}: unexpected response from the ACL Anthology: root element <{shorten(root.tag, 40)}>"
        )
    return root


def _selected(document: Document, is_wanted: Callable[[date | None], bool]) -> Document:
    """Return a collection with those of its papers that were added on wanted days."""
    root = _collection(document)
    for volume in root.findall("volume"):
        added = volume.get("ingest-date")
        for paper in volume.findall("paper"):  # journals grow paper by paper
            if not is_wanted(values.day(paper.get("ingest-date", added))):
                volume.remove(paper)
    return Document(document.place, ET.tostring(root, "utf-8"), document.day)


def _volume(document: Document, wanted: str) -> Document:
    """Return a collection with one volume alone.

    Raises:
        SourceError: It has no such volume.
    """
    root = _collection(document)
    names = [volume.get("id", "") for volume in root.findall("volume")]
    if wanted not in names:
        known = shorten(", ".join(names), 200)
        raise SourceError(f"{document.place}: no volume {wanted!r}", hint=f"its volumes: {known}" if known else "")
    for volume in root.findall("volume"):
        if volume.get("id") != wanted:
            root.remove(volume)
    return Document(document.place, ET.tostring(root, "utf-8"), document.day)


def _entry(paper: ET.Element, volume: ET.Element, volume_id: str) -> Entry:
    """Parse one paper; raise ValueError with the reason if it is invalid."""
    title = values.plain_text(_text(paper.find("title")))
    if not title:
        raise ValueError("no title")
    meta = volume.find("meta")
    meta = ET.Element("meta") if meta is None else meta
    stated_id = text_of(paper, "url").strip()
    number = stated_id or (f"{volume_id}.{paper.get('id', '')}" if "." in volume_id else "")
    page = f"{_SITE}/{number}" if _PAPER_ID.fullmatch(number) else None
    has_pdf = bool(stated_id) or paper.find("pdf") is not None
    stated = {name: text_of(paper, name) or text_of(meta, name) for name in ("year", "month")}
    affiliations = (values.plain_text(text_of(author, "affiliation")) for author in paper.findall("author"))
    books = (values.plain_text(_text(meta.find(name))) for name in ("booktitle", "journal-title"))
    return Entry(
        source=Acl.name,
        title=title,
        abstract=values.plain_abstract(_text(paper.find("abstract"))),
        authors=tuple(filter(None, map(_author, paper.findall("author")))),
        organization=next(filter(None, affiliations), None),
        doi=doi(text_of(paper, "doi")),
        published=dates.published(stated),
        categories=tuple(filter(None, (values.plain_text(one.text) for one in meta.findall("venue")))),
        venue=next(filter(None, books), None),
        withdrawn=paper.find("retracted") is not None or paper.find("removed") is not None,
        url=f"{page}/" if page else values.link(number),
        pdf_url=f"{page}.pdf" if page and has_pdf else None,
    )


def _author(author: ET.Element) -> str:
    """Return a name in full; some people have one name alone, as their last."""
    names = (values.plain_text(text_of(author, part)) for part in ("first", "last"))
    return " ".join(filter(None, names))


def _text(element: ET.Element | None) -> str:
    """Return the text of an element, with formulas as TeX in dollars."""
    if element is None:
        return ""
    inside = (element.text or "") + "".join(_text(child) + (child.tail or "") for child in element)
    return f"${inside}$" if element.tag == "tex-math" else inside
