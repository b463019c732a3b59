"""Crossref: works that publishers register, by query, journal, preprint server or DOI prefix.

API: https://api.crossref.org/swagger-ui/index.html. The title of a work is a list, its abstract is JATS, and its dates
have one to three parts. New works are those registered (`created`) in the requested days, since works are re-indexed
for years. Preprints are works of the type "posted-content"
(https://www.crossref.org/documentation/research-nexus/posted-content-includes-preprints/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal, StatedDate
from newsletter.papers.identifiers import arxiv_id, doi
from newsletter.papers.preprint_servers import SERVERS, first_version_of, server_of
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_object
from newsletter.sources.http.client import HttpClient
from newsletter.sources.settings import setting
from newsletter.text import shorten

_ISSN = re.compile(r"\d{4}-\d{3}[\dXx]")
_PREFIX = re.compile(r"10\.\d{4,9}", re.ASCII)
_PREPRINT = "posted-content"
_PAGE_SIZE = 200
_MAX_PAGES = 25
# Crossref rejects the whole request for one name it does not know here; "institution" is one, though works have it.
_FIELDS = (
    "DOI,title,abstract,author,published,posted,issued,created,container-title,group-title,type,URL,link,relation,"
    "alternative-id,subject,update-to"
)
# Types of work that are not papers.
_NON_PAPER_TYPES = frozenset({
    "component", "peer-review", "grant", "journal", "journal-issue", "journal-volume", "book-series", "book-set",
    "proceedings", "proceedings-series", "report-series", "standard-series", "database",
})  # fmt: skip
# "RETRACTED Title", "Retracted Article: Title", "[Retracted] Title".
_RETRACTED = re.compile(
    r"\W*(?:(?:RETRACTED|WITHDRAWN)\b|(?i:retracted|withdrawn)(?i: article| paper| chapter)?\s*(?:[\]):–—]|-\s))"
)
# For publishers that do not fill in "update-to". "Withdrawal of inhaled steroids" is medicine.
_NOTICE = re.compile(
    r"(?:retraction|withdrawal) (?:note|notice)\b|notice of (?:retraction|withdrawal)\b|retraction\s*(?::|to:)"
    r"|(?:editorial )?expression of concern\b",
    re.IGNORECASE,
)
# Types in "update-to": https://www.crossref.org/documentation/crossmark/version-control-corrections-and-retractions/
_RETRACTIONS = frozenset({"retraction", "withdrawal", "removal"})
_NOTICES = _RETRACTIONS | {"partial_retraction", "expression_of_concern"}


@dataclass(frozen=True, slots=True)
class Crossref:
    """Works that match a query, or appear in a journal or on a preprint server."""

    name: ClassVar[str] = "crossref"
    summary: ClassVar[str] = "Crossref: works by query, of a journal by its ISSN, or of preprint servers"
    follows: ClassVar[str] = "QUERY|ISSN|DOI-PREFIX"
    example: ClassVar[str] = '"machine unlearning"'
    suffixes: ClassVar[tuple[str, ...]] = (".json", ".yaml", ".yml")

    follow: tuple[str, ...] = setting(
        (), "Words in title, author or journal; the ISSN of a journal; or the DOI prefix of a preprint server."
    )
    preprints: tuple[str, ...] = setting((), "Preprint servers to follow besides.", choices=tuple(SERVERS))
    min_interval_hours: int = setting(12, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://api.crossref.org/works", "Address of the API.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the works registered in `span`, page by page; see `Source.fetch`."""
        searches = [_search_for(one) for one in self.follow]
        searches += [_preprints_of(prefix) for one in self.preprints for prefix in SERVERS[one].prefixes]
        if not searches:
            raise SourceError("crossref: nothing to follow", hint=f"newsletter pull crossref {self.example}")
        for filters, words in searches:
            yield from self._search(filters, words, span, client)

    def _search(self, filters: str, words: str, span: Span, client: HttpClient) -> Iterator[Document]:
        registered = f"from-created-date:{span.first},until-created-date:{span.last}"
        params: dict[str, str | int] = {
            "rows": _PAGE_SIZE, "select": _FIELDS, "sort": "created", "order": "desc",
            "filter": ",".join(filter(None, (registered, filters))),
        }  # fmt: skip
        if words:
            params["query.bibliographic"] = words
        if client.contact:
            params["mailto"] = client.contact
        cursor = "*"
        for page in range(_MAX_PAGES):
            response = client.get(self.api, {**params, "cursor": cursor}, conditional=page == 0)
            if response.is_unchanged:
                return
            document = Document(response.place, response.content)
            yield document
            message = _message(document)
            cursor = str(message.get("next-cursor") or "")
            if len(values.objects(message.get("items"))) < _PAGE_SIZE or not cursor:
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the works of a response; see `Source.parse`."""
        message = _message(document)
        works = message.get("items", [message])
        for number, work in enumerate(works, start=1):
            try:
                if _is_paper(values.part(work)):
                    yield _entry(values.part(work))
            except ValueError as error:
                yield Refusal(
                    f"{document.place}, entry {number}", str(error), values.word(values.part(work).get("DOI"))
                )


def _search_for(followed: str) -> tuple[str, str]:
    """Return the filters and the words for what is followed: an ISSN, a DOI prefix, or words."""
    if _ISSN.fullmatch(followed):
        return f"issn:{followed}", ""
    return _preprints_of(followed) if _PREFIX.fullmatch(followed) else ("", followed)


def _preprints_of(prefix: str) -> tuple[str, str]:
    server = server_of(prefix)
    is_all = server is not None and server.only_preprints
    return f"prefix:{prefix}{'' if is_all else f',type:{_PREPRINT}'}", ""


def _message(document: Document) -> dict[str, Any]:
    """Return the message of a response: a list of works, or one work."""
    response = read_object(document, "Crossref")
    kind, message = response.get("message-type"), response.get("message")
    if response.get("status") == "failed":
        errors = [values.text(one.get("message")) for one in values.objects(message)]
        raise SourceError(f"{document.place}: Crossref error: {shorten('; '.join(errors) or 'failed', 200)}")
    if kind not in ("work-list", "work") or not isinstance(message, dict):
        raise SourceError(
            f"{document.place}: unexpected response from Crossref: message type {shorten(repr(kind), 60)}"
        )
    if (kind == "work-list" or "items" in message) and not isinstance(message.get("items"), list):
        raise SourceError(f"{document.place}: unexpected response from Crossref: a work list without items")
    return message


def _is_paper(work: dict[str, Any]) -> bool:
    """Return whether a work is a paper: not a journal, a peer review or the like, nor a notice about another paper."""
    if values.word(work.get("type")) in _NON_PAPER_TYPES:
        return False
    own = doi(values.word(work.get("DOI")))
    others = (kind for kind, updated in _updates(work) if updated != own)
    return not any(kind in _NOTICES for kind in others) and not _NOTICE.match(_title(work))


def _is_withdrawn(work: dict[str, Any]) -> bool:
    """Return whether a work was retracted, by its title or by a notice that replaced it and so updates itself."""
    own = doi(values.word(work.get("DOI")))
    itself = any(kind in _RETRACTIONS and own is not None and updated == own for kind, updated in _updates(work))
    return itself or bool(_RETRACTED.match(_title(work)))


def _updates(work: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Return the type of each update that a work makes, and the DOI of the updated work."""
    updates = values.objects(work.get("update-to"))
    return [(values.word(one.get("type")), doi(values.word(one.get("DOI")))) for one in updates]


def _entry(work: dict[str, Any]) -> Entry:
    """Parse one work; raise ValueError with the reason if it is invalid."""
    title = _title(work)
    if not title:
        raise ValueError("no title")
    found_doi, version = doi(values.word(work.get("DOI"))), None
    server = server_of(found_doi) if found_doi else None
    is_preprint = values.word(work.get("type")) == _PREPRINT or (server is not None and server.only_preprints)
    if found_doi and is_preprint:
        found_doi, version = first_version_of(found_doi)
    return Entry(
        source=Crossref.name,
        title=title,
        abstract=values.abstract(work.get("abstract")),
        authors=tuple(filter(None, map(_author, values.objects(work.get("author"))))),
        organization=next((values.word(one.get("name")) for one in values.objects(work.get("institution"))), "")
        or None,
        arxiv_id=_arxiv(work),
        doi=found_doi,
        # The date of a later version is not the day of publication.
        published=_published(work) if (version or 1) == 1 else None,
        categories=_categories(work),
        venue=_venue(work) or (server.name if server and is_preprint else None) or None,
        version=version,
        withdrawn=_is_withdrawn(work),
        pdf_url=_pdf(work),
        url=None if found_doi else values.link(work.get("URL")),
    )


def _venue(work: dict[str, Any]) -> str | None:
    return next(iter(values.texts(work.get("container-title"))), None)


def _categories(work: dict[str, Any]) -> tuple[str, ...]:
    """Return the subjects; a preprint server has its own in `group-title`."""
    return values.texts([*_list(work.get("subject")), work.get("group-title")])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _title(work: dict[str, Any]) -> str:
    return next(iter(values.texts(work.get("title"))), "")


def _author(author: dict[str, Any]) -> str:
    given, family = values.text(author.get("given")), values.text(author.get("family"))
    suffix = values.text(author.get("suffix"))
    person = " ".join(filter(None, (given, family, suffix)))
    # The name of a group may contain a comma, and is not "Last, First".
    return "".join(values.people([person])) if person else values.text(author.get("name"))


def _arxiv(work: dict[str, Any]) -> str | None:
    """Return the arXiv id of the work, or of the preprint that it names."""
    candidates = [work.get("DOI"), *(work["alternative-id"] if isinstance(work.get("alternative-id"), list) else ())]
    relation = values.part(work.get("relation"))
    for kind in ("has-preprint", "is-version-of", "is-same-as"):
        for one in values.objects(relation.get(kind)):
            related = values.word(one.get("id"))
            candidates += [related, f"arXiv:{related}"] if one.get("id-type") == "arxiv" else [related]
    # A publisher's own number may look like an arXiv id: only one that contains "arxiv" counts.
    named = (one for one in candidates if isinstance(one, str) and "arxiv" in one.lower())
    return next((found for one in named if (found := arxiv_id(one))), None)


def _published(work: dict[str, Any]) -> StatedDate | None:
    """Return the first day of publication that is stated, else the day of registration."""
    days = (_day(work.get(name)) for name in ("published", "posted", "issued", "created"))
    return next((day for day in days if day), None)


def _day(value: Any) -> StatedDate | None:
    parts = value.get("date-parts") if isinstance(value, dict) else None
    first = parts[0] if isinstance(parts, list) and parts else None
    return values.stated(*first[:3]) if isinstance(first, list) and first else None


def _pdf(work: dict[str, Any]) -> str | None:
    links = values.objects(work.get("link"))
    return next((values.link(one.get("URL")) for one in links if one.get("content-type") == "application/pdf"), None)
