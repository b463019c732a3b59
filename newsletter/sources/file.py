"""Files of references, whichever program wrote them: JSON, JSON lines, CSV, TSV, BibTeX and RIS, also gzipped.

The format is told by content; so are saved pages and answers of other sources, which are read as theirs. Files are
read piece by piece, so they may be of any size.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.documents import BinaryStream, Document, Span, decode
from newsletter.sources.feed import Feed
from newsletter.sources.formats.bibliography import read_bibtex, read_ris
from newsletter.sources.formats.records import entry_from, is_title
from newsletter.sources.formats.tables import (
    Broken,
    Raw,
    columns_of,
    delimiter_of,
    look_into,
    read_json,
    read_jsonl,
    read_table,
)
from newsletter.sources.http.client import Web
from newsletter.sources.huggingface import HuggingFace
from newsletter.sources.huggingface_page import Page
from newsletter.sources.pubmed import Pubmed

_READERS: dict[str, Callable[[BinaryStream], Iterator[Raw | Broken]]] = {
    "json": read_json,
    "jsonl": read_jsonl,
    "table": read_table,
    "bibtex": read_bibtex,
    "ris": read_ris,
}
#: What other sources give is theirs to read, wherever it was saved.
_OTHERS: dict[str, Callable[[Document, date], Iterator[Entry | Refusal]]] = {
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
    summary: ClassVar[str] = "a file of references (JSON, JSON lines, CSV, BibTeX, RIS) or of what other sources give"
    follows: ClassVar[str] = ""
    example: ClassVar[str] = "library.bib"
    suffixes: ClassVar[tuple[str, ...]] = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".bib", ".ris", ".txt")

    def fetch(self, span: Span, web: Web) -> Iterator[Document]:
        """Refuse: a file is named; see `Source.fetch`."""
        raise SourceError("file: nothing to read", hint="name a file: newsletter pull file library.bib")

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the papers of one file; see `Source.parse`.

        A list may be of no papers at all; but a file of which nothing can be taken is none of papers.
        """
        with document.open() as opened:
            head, stream = look_into(opened)
            form = recognise(head, document.place)
            if form in _OTHERS:
                other = Document(document.place, stream.read(), document.day)
                yield from _OTHERS[form](other, today)
            elif form in _READERS:
                yield from _unless_all_refused(self._read(form, stream, document, today), document.place)
            else:
                raise SourceError(
                    f"{document.place}: {'not a format that is known here' if head.strip() else 'an empty file'}",
                    hint="known: JSON, JSON lines, CSV, TSV, BibTeX, RIS, and what other sources give",
                )

    def _read(self, form: str, stream: BinaryStream, document: Document, today: date) -> Iterator[Entry | Refusal]:
        unit = "entry" if form == "json" else "line"
        try:
            for one in _READERS[form](stream):
                if isinstance(one, Broken):
                    yield Refusal(f"{document.place}, line {one.line}", one.why)
                    continue
                try:
                    yield entry_from(one.record, today, listed=document.day)
                except ValueError as error:
                    yield Refusal(f"{document.place}, {unit} {one.number}", str(error))
        except ValueError as error:
            raise SourceError(f"{document.place}: {error}") from error


def _unless_all_refused(told: Iterator[Entry | Refusal], place: str) -> Iterator[Entry | Refusal]:
    """Yield what a file tells, holding back the refusals before its first paper.

    Raises:
        SourceError: There is no paper among the refusals.
    """
    refusals: list[Refusal] = []
    for one in told:
        if isinstance(one, Entry):
            yield from refusals
            yield one
            yield from told
            return
        refusals.append(one)
    if refusals:
        where = refusals[0].place.removeprefix(f"{place}, ")
        raise SourceError(f"{place}: nothing in it can be taken; {where}: {refusals[0].why}")


# -- which format it is -------------------------------------------------------------------------------

_BEGINNINGS = tuple(
    (form, re.compile(mark, re.IGNORECASE))
    for form, mark in (
        ("huggingface", r'^\[\s*\{\s*"(?:paper"\s*:\s*\{|publishedAt"|title"[^{}]{0,2000}"paper"\s*:)'),
        ("json", r"^\["),
        ("arxiv", r"arxiv\.org/schemas/atom|oai:arXiv\.org:|//(?:www\.|export\.)?arxiv\.org/api"),
        ("pubmed", r"<PubmedArticle"),
        ("feed", r"<(?:rss|feed|rdf:RDF)\b"),
    )
)
_MARKS = tuple(
    (form, re.compile(mark, re.MULTILINE))
    for form, mark in (
        ("ris", r"^TY  -"),
        ("bibtex", r"^\s*@\s*[A-Za-z]+\s*[{(]"),
        ("page", r"^\s*Daily Papers\s*$|^\s*(?:• ?)?\d+ authors?\s*\n\s*·\s*\n"),
    )
)


def recognise(head: bytes, name: str) -> str:
    """Return the format that a file is in, told by its beginning, or "" for none that is known.

    Formats: "json", "jsonl", "table" (CSV or TSV), "bibtex", "ris", and names of sources whose answer it is. Only where
    the beginning fits two does the name's ending decide.
    """
    text = _text(head).lstrip("\ufeff \t\r\n")
    ending = name.lower().removesuffix(".gz").rpartition(".")[2]
    if not text or "\0" in text or text.startswith("%PDF"):
        return ""
    if text.startswith("{"):
        return "jsonl" if _is_jsonl(text, ending) else "json"
    if text.startswith(("<", "[")):
        return next((form for form, mark in _BEGINNINGS if mark.search(text)), "")
    marked = next((form for form, mark in _MARKS if mark.search(text)), "")
    return marked or ("table" if _is_table(text.splitlines()[0], ending) else "")


def _text(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return decode(head)
    return head.decode("utf-8", errors="replace")


def _is_jsonl(text: str, ending: str) -> bool:
    """Tell an object to a line from one object over many; one object on one line may be either."""
    first, _, rest = text.partition("\n")
    if first.rstrip().endswith("}") and rest.lstrip().startswith("{"):
        return True
    return ending in ("jsonl", "ndjson") and first.rstrip() != "{"


def _is_table(header: str, ending: str) -> bool:
    columns = columns_of(header, delimiter_of(header))
    return ending in ("csv", "tsv") or (len(columns) > 1 and any(map(is_title, columns)))
