"""Files of references from any program, optionally gzipped: JSON, JSON lines, CSV, TSV, BibTeX, RIS, MEDLINE, Web of
Science, EndNote.

The format is detected by content. Saved pages and responses of other sources are detected too, and parsed by them.
Files are streamed, so they may be of any size.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.documents import BinaryStream, Document, Span, decode
from newsletter.sources.feed import Feed
from newsletter.sources.formats.bibtex import read_bibtex
from newsletter.sources.formats.delimited import Header, read_table
from newsletter.sources.formats.endnote import read_endnote_xml, read_refer
from newsletter.sources.formats.medline import read_medline
from newsletter.sources.formats.records import entry_from
from newsletter.sources.formats.ris import read_ris
from newsletter.sources.formats.tables import (
    Broken,
    Raw,
    read_head,
    read_json,
    read_jsonl,
)
from newsletter.sources.formats.web_of_science import read_web_of_science
from newsletter.sources.http.client import HttpClient
from newsletter.sources.huggingface import HuggingFace
from newsletter.sources.huggingface_page import Page
from newsletter.sources.pubmed import Pubmed

_PARSERS: dict[str, Callable[[BinaryStream], Iterator[Raw | Broken]]] = {
    "json": read_json,
    "jsonl": read_jsonl,
    "table": read_table,
    "bibtex": read_bibtex,
    "ris": read_ris,
    "medline": read_medline,
    "web of science": read_web_of_science,
    "refer": read_refer,
    "endnote": read_endnote_xml,
}
_KNOWN = "JSON, JSON lines, CSV, TSV, BibTeX, RIS, MEDLINE, Web of Science, EndNote"
#: Parsers of the saved responses of other sources.
_OTHER_SOURCES: dict[str, Callable[[Document, date], Iterator[Entry | Refusal]]] = {
    "huggingface": HuggingFace().parse,
    "page": Page().parse,
    "arxiv": Arxiv().parse,
    "pubmed": Pubmed().parse,
    "feed": Feed().parse,
}


@dataclass(frozen=True, slots=True)
class File:
    """A file of references."""

    name: ClassVar[str] = "file"
    summary: ClassVar[str] = (
        "a file of references (JSON, CSV, BibTeX, RIS, MEDLINE, Web of Science, EndNote), or saved responses"
    )
    follows: ClassVar[str] = ""
    example: ClassVar[str] = "library.bib"
    suffixes: ClassVar[tuple[str, ...]] = (
        ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".bib", ".ris", ".nbib", ".ciw", ".enw", ".txt",
    )  # fmt: skip

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Raise SourceError: this source only reads files."""
        raise SourceError("file: no file given", hint="give one, as in newsletter pull file library.bib")

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the papers of one file; see `Source.parse`.

        A file may list no papers; but one whose entries are all refused is an error.
        """
        with document.open() as opened:
            head, stream = read_head(opened)
            form = detect_format(head, document.place)
            if form in _OTHER_SOURCES:
                other = Document(document.place, document.rest_of(stream), document.day)
                yield from _OTHER_SOURCES[form](other, today)
            elif form in _PARSERS:
                yield from _unless_all_refused(self._read(form, stream, document), document.place)
            elif form == "opml":
                raise SourceError(
                    f"{document.place}: a list of feeds, not of papers",
                    hint=f"follow them: newsletter sources import {document.place}",
                )
            else:
                raise SourceError(
                    f"{document.place}: {'unknown file format' if head.strip() else 'empty file'}",
                    hint=f"known: {_KNOWN}, and saved responses of other sources",
                )

    def _read(self, form: str, stream: BinaryStream, document: Document) -> Iterator[Entry | Refusal]:
        unit = "entry" if form in ("json", "endnote") else "line"
        try:
            for one in _PARSERS[form](stream):
                if isinstance(one, Broken):
                    yield Refusal(f"{document.place}, line {one.line}", one.why, is_left_out=one.is_left_out)
                    continue
                try:
                    yield entry_from(one.record, listed=document.day)
                except ValueError as error:
                    yield Refusal(f"{document.place}, {unit} {one.number}", str(error))
        except ValueError as error:
            raise SourceError(f"{document.place}: {error}") from error


def _unless_all_refused(items: Iterator[Entry | Refusal], place: str) -> Iterator[Entry | Refusal]:
    """Yield the items of a file, delaying the refusals before its first entry.

    Raises:
        SourceError: There are refusals, but no entry.
    """
    refusals: list[Refusal] = []
    for one in items:
        if not isinstance(one, Entry) and one.is_left_out:
            yield one
            continue
        if isinstance(one, Entry):
            yield from refusals
            yield one
            yield from items
            return
        refusals.append(one)
    if refusals:
        where = refusals[0].place.removeprefix(f"{place}, ")
        raise SourceError(f"{place}: no valid entries; {where}: {refusals[0].why}")


# -- format detection ------------------------------------------------------------------------------------

_STARTS = tuple(
    (form, re.compile(mark, re.IGNORECASE))
    for form, mark in (
        ("huggingface", r'^\[\s*\{\s*"(?:paper"\s*:\s*\{|publishedAt"|title"[^{}]{0,2000}"paper"\s*:)'),
        ("json", r"^\["),
        ("arxiv", r"arxiv\.org/schemas/atom|oai:arXiv\.org:|//(?:www\.|export\.)?arxiv\.org/api"),
        ("pubmed", r"<PubmedArticle"),
        ("opml", r"<opml\b"),
        ("endnote", r"^(?:<\?xml[^>]*>|<!DOCTYPE[^>]*>|\s)*(?:<xml>\s*)?<records>"),
        ("feed", r"<(?:rss|feed|rdf:RDF)\b"),
    )
)
_MARKS = tuple(
    (form, re.compile(mark, re.MULTILINE))
    for form, mark in (
        ("ris", r"^TY {1,2}- ?[A-Z]"),
        ("medline", r"^PMID- ?\d"),
        ("web of science", r"^FN (?:Clarivate|Thomson|ISI)|^PT [A-Z]\s*$"),
        ("refer", r"^%0 \w"),
        ("bibtex", r"^\s*@\s*[^\s{}(),\"#%=@\\\\]+\s*[{(]"),
        ("refer", r"^%T \w"),
        ("page", r"^\s*Daily Papers\s*$|^\s*(?:• ?)?\d+ authors?\s*\n\s*·\s*\n"),
    )
)


def detect_format(head: bytes, name: str) -> str:
    """Return the format of a file by its first bytes, or "" if it is unknown.

    Formats: those of `_PARSERS` ("table" is CSV or TSV), "opml", or the name of the source whose response it is. The
    suffix of the file name decides only if the first bytes fit two formats.
    """
    text = _text(head).lstrip("\ufeff \t\r\n")
    suffix = name.lower().removesuffix(".gz").rpartition(".")[2]
    if not text or "\0" in text or text.startswith("%PDF"):
        return ""
    if text.startswith("{"):
        return "jsonl" if _is_jsonl(text, suffix) else "json"
    if text.startswith(("<", "[")):
        return next((form for form, mark in _STARTS if mark.search(text)), "")
    if _begins_with_header(text):
        return "table"  # whose cells may hold lines of any other format
    # What comes first decides: an abstract may have lines that look like another format's.
    found = [(match.start(), form) for form, mark in _MARKS if (match := mark.search(text))]
    marked = min(found, key=lambda one: one[0])[1] if found else ""
    return marked or ("table" if _is_table(text.splitlines(), suffix) else "")


def _text(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return decode(head)
    return head.decode("utf-8", errors="replace")


def _is_jsonl(text: str, suffix: str) -> bool:
    """Return whether there is one object per line, not one over many lines; a single line may be either."""
    first, _, rest = text.partition("\n")
    if first.rstrip().endswith("}") and rest.lstrip().startswith("{"):
        return True
    return suffix in ("jsonl", "ndjson") and first.rstrip() != "{"


def _begins_with_header(text: str) -> bool:
    first = text.splitlines()[:3] if text.lower().startswith(("sep=", '"sep=', "about the", '"about the')) else []
    header = Header(first or text.splitlines()[:1])
    return len(header.columns) > 1 and header.is_found


def _is_table(lines: Sequence[str], suffix: str) -> bool:
    header = Header(lines)
    return suffix in ("csv", "tsv") or (len(header.columns) > 1 and header.is_found)
