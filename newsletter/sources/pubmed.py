"""PubMed: articles that match a query.

API: https://www.ncbi.nlm.nih.gov/books/NBK25499/, `esearch` for the ids added on the requested days, then `efetch`
for the articles: https://dtd.nlm.nih.gov/ncbi/pubmed/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import ClassVar
from xml.etree import ElementTree as ET

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal, StatedDate
from newsletter.models.dates import earlier
from newsletter.papers.identifiers import arxiv_id, doi
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_object
from newsletter.sources.formats.medline import without_stop
from newsletter.sources.formats.xml import read_xml, text_of
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten

_BATCH = 200
_MAX_ARTICLES = 2000
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Pubmed:
    """Articles that match a query."""

    name: ClassVar[str] = "pubmed"
    summary: ClassVar[str] = "PubMed: articles that match a query"
    follows: ClassVar[str] = "QUERY"
    example: ClassVar[str] = '"asthma AND inhaler"'
    suffixes: ClassVar[tuple[str, ...]] = (".xml",)

    follow: tuple[str, ...] = setting((), "Queries in PubMed's syntax, as in asthma[MeSH] AND inhaler.")
    api_key: str | None = setting(None, "An NCBI API key, for a higher rate limit.", secret=True)
    min_interval_hours: int = setting(12, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://eutils.ncbi.nlm.nih.gov/entrez/eutils", "Address of the API.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the articles added on the days of `span`; see `Source.fetch`."""
        if not self.follow:
            raise SourceError("pubmed: nothing to follow", hint=f"newsletter pull pubmed {self.example}")
        common = {"db": "pubmed", "tool": "newsletter", **({"email": client.contact} if client.contact else {})}
        secrets = {"api_key": self.api_key} if self.api_key else {}
        for query in self.follow:
            search: dict[str, str | int] = {
                **common, "term": query, "datetype": "edat", "mindate": f"{span.first:%Y/%m/%d}",
                "maxdate": f"{span.last:%Y/%m/%d}", "retmax": _MAX_ARTICLES, "retmode": "json",
            }  # fmt: skip
            response = client.get(f"{self.api}/esearch.fcgi", search, secrets=secrets, conditional=True)
            ids = [] if response.is_unchanged else _ids(Document(response.place, response.content))
            for start in range(0, len(ids), _BATCH):
                fetch = {**common, "id": ",".join(ids[start : start + _BATCH]), "retmode": "xml"}
                response = client.get(f"{self.api}/efetch.fcgi", fetch, secrets=secrets)
                yield Document(f"{self.api}/efetch.fcgi, {query}, from {start + 1}", response.content)

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the articles of a response; see `Source.parse`."""
        root = read_xml(document)
        if root.tag not in ("PubmedArticleSet", *_RECORDS):
            raise SourceError(
                f"{document.place}: unexpected response from PubMed: root element <{shorten(root.tag, 40)}>"
            )
        records = (element for element in root.iter() if element.tag in _RECORDS)
        for number, record in enumerate(records, start=1):
            try:
                yield _RECORDS[record.tag](record)
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error))


def _ids(document: Document) -> list[str]:
    """Return the ids in a search result."""
    response = read_object(document, "PubMed")
    found = response.get("esearchresult")
    if isinstance(response.get("error"), str):
        raise SourceError(f"{document.place}: PubMed error: {shorten(values.text(response['error']), 200)}")
    if not isinstance(found, dict):
        raise SourceError(f"{document.place}: unexpected response from PubMed: no search result")
    if isinstance(found.get("ERROR"), str):
        raise SourceError(f"{document.place}: PubMed error: {shorten(values.text(found['ERROR']), 200)}")
    ids = found.get("idlist")
    return [one for one in ids if isinstance(one, str) and one.isdecimal()] if isinstance(ids, list) else []


def _entry(record: ET.Element) -> Entry:
    """Parse one article; raise ValueError with the reason if it is invalid."""
    article = record.find("MedlineCitation/Article")
    title = "" if article is None else values.text(_text_with_scripts(article.find("ArticleTitle")))
    if article is None or not title:
        raise ValueError("no title")
    number = values.text(text_of(record, "MedlineCitation/PMID"))
    elements = (*article.iter("ELocationID"), *record.findall("PubmedData/ArticleIdList/ArticleId"))
    ids = [_text_with_scripts(one) for one in elements if one.get("ValidYN") != "N"]
    # A journal's own number may look like an arXiv id: only one that contains "arxiv" counts.
    arxiv_ids = [one for one in ids if "arxiv" in one.lower()]
    return Entry(
        source=Pubmed.name,
        title=without_stop(title),
        abstract=_abstract(article),
        authors=tuple(filter(None, map(_author, article.findall("AuthorList/Author")))),
        arxiv_id=next((found for one in arxiv_ids if (found := arxiv_id(one))), None),
        doi=next((found for one in ids if (found := doi(one))), None),
        published=_published(article),
        keywords=values.texts([_text_with_scripts(one) for one in record.iter("Keyword")]),
        venue=values.text(text_of(article, "Journal/Title")) or None,
        withdrawn=any(_text_with_scripts(one) == "Retracted Publication" for one in article.iter("PublicationType")),
        url=f"https://pubmed.ncbi.nlm.nih.gov/{number}/" if number.isdecimal() else None,
    )


def _book(record: ET.Element) -> Entry:
    """Parse a book of the NCBI Bookshelf, or a chapter of one; raise ValueError with the reason if it is invalid."""
    document = record.find("BookDocument")
    if document is None:
        raise ValueError("no title")
    titles = [values.text(_text_with_scripts(document.find(path))) for path in ("ArticleTitle", "Book/BookTitle")]
    chapter, book = map(without_stop, titles)
    if not chapter and not book:
        raise ValueError("no title")
    number = values.text(text_of(document, "PMID"))
    elements = (
        *document.iter("ELocationID"),
        *document.iter("ArticleId"),
        *record.iterfind("PubmedBookData//ArticleId"),
    )
    lists = [one for one in document.iter("AuthorList") if one.get("Type") != "editors"]
    own = [one for one in lists if one in list(document)] or lists
    dated = [document.find(path) for path in ("ContributionDate", "Book/PubDate")]
    dates = [day for one in dated if one is not None and (day := _day(one))]
    return Entry(
        source=Pubmed.name,
        title=chapter or book,
        abstract=_abstract(document),
        authors=tuple(filter(None, map(_author, own[0].findall("Author")))) if own else (),
        doi=next((found for one in elements if (found := doi(_text_with_scripts(one)))), None),
        published=dates[0] if dates else None,
        keywords=values.texts([_text_with_scripts(one) for one in document.iter("Keyword")]),
        venue=(book if chapter else values.text(text_of(document, "Book/Publisher/PublisherName"))) or None,
        url=f"https://pubmed.ncbi.nlm.nih.gov/{number}/" if number.isdecimal() else None,
    )


#: How each kind of record is parsed.
_RECORDS: Mapping[str, Callable[[ET.Element], Entry]] = {"PubmedArticle": _entry, "PubmedBookArticle": _book}


def _text_with_scripts(element: ET.Element | None) -> str:
    """Return the text of an element with <sub> and <sup> kept, for `values.text` to convert."""
    if element is None:
        return ""
    inside = element.text or ""
    for child in element:
        text = _text_with_scripts(child)
        inside += f"<{child.tag}>{text}</{child.tag}>" if child.tag in ("sub", "sup") else text
        inside += child.tail or ""
    return inside


def _abstract(article: ET.Element) -> str:
    parts = []
    for part in article.findall("Abstract/AbstractText"):
        text, label = values.text(_text_with_scripts(part)), values.text(part.get("Label", ""))
        parts.append(f"{label}: {text}" if label and label.upper() != "UNLABELLED" else text)
    return values.abstract(" ".join(filter(None, parts)))


def _author(author: ET.Element) -> str:
    names = [text_of(author, name) for name in ("ForeName", "LastName", "Suffix")]
    person = " ".join(filter(None, names))
    # The name of a group may contain a comma, and is not "Last, First".
    return "".join(values.people([person])) if person else values.text(text_of(author, "CollectiveName"))


def _published(article: ET.Element) -> StatedDate | None:
    """Return the earliest day of publication, online or in print; the latter may be a month or a season."""
    elements = [*article.findall("ArticleDate"), *article.findall("Journal/JournalIssue/PubDate")]
    days = [day for one in elements if (day := _day(one))]
    return reduce(earlier, days) if days else None


def _day(element: ET.Element) -> StatedDate | None:
    year, month, day = (text_of(element, name).strip() for name in ("Year", "Month", "Day"))
    if not year:  # "2018 May-Jun", "2017 Dec-2018 Jan", "Winter 2018": the later of two, as for any partial date
        medline = text_of(element, "MedlineDate")
        year = next(iter(re.findall(r"\b(?:1[89]|20)\d\d\b", medline)[::-1]), "")
        months = [word[:3].lower() for word in re.findall(r"[A-Za-z]+", medline) if word[:3].lower() in _MONTHS]
        month = months[-1] if months else ""
    named = month[:3].lower()
    return values.stated(year, _MONTHS.index(named) + 1 if named in _MONTHS else month or None, day or None)
