"""Hugging Face Daily Papers, from its API or from recorded answers of it.

API: https://huggingface.co/docs/hub/api, `GET /api/daily_papers?date=YYYY-MM-DD&limit=100&p=0`. A day with no
list (a weekend) answers `[]`; a day not open yet answers 400. Absent facts are absent keys.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources.documents import Document, Span
from newsletter.sources.http import get
from newsletter.sources.identifiers import arxiv_id
from newsletter.text import shorten, squeeze

if TYPE_CHECKING:
    import httpx

_ENDPOINT = "https://huggingface.co"
_MOST_PAGES = 20
_PAGE_SIZE = 100  # the largest the API gives; its default of 50 cuts busy days short


class HuggingFace:
    """Daily Papers by day."""

    name: ClassVar[str] = "huggingface"
    summary: ClassVar[str] = "Hugging Face Daily Papers, by day; or recorded answers of its API (JSON)"
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    def __init__(self, api: str | None = None) -> None:
        self._api = api

    @property
    def api(self) -> str:
        """The API's address, on the mirror that HF_ENDPOINT (Hugging Face's own variable) names, if it does."""
        return self._api or os.environ.get("HF_ENDPOINT", _ENDPOINT).rstrip("/") + "/api/daily_papers"

    def fetch(self, span: Span, http: httpx.Client) -> Iterator[Document]:
        """Yield one document per day and page; see `Source.fetch`."""
        for offset in range((span.last - span.first).days + 1):
            yield from self._fetch_day(span.first + timedelta(days=offset), http)

    def _fetch_day(self, day: date, http: httpx.Client) -> Iterator[Document]:
        for page in range(_MOST_PAGES):
            asked: dict[str, str | int] = {"date": day.isoformat(), "limit": _PAGE_SIZE, "p": page}
            response = get(http, self.api, asked, none_on=400)
            if response.status_code == 400:  # the day's list is not open yet
                return
            document = Document(str(response.url), response.content, day)
            yield document
            if len(_load_list(document)) < _PAGE_SIZE:
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the entries of one answer; see `Source.parse`."""
        rows = _load_list(document)
        if rows and not any(isinstance(row, dict) for row in rows):
            raise SourceError(
                f"{document.place}: not an answer of the Daily Papers API: a list of {type(rows[0]).__name__} "
                "where objects are expected"
            )
        for number, row in enumerate(rows, start=1):
            try:
                yield _entry(row, document.day or _day(Path(document.place).name))
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error))


def _load_list(document: Document) -> list[Any]:
    try:
        answer = json.loads(document.content)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{document.place}: not JSON ({error})") from error
    if not isinstance(answer, list):
        raise SourceError(
            f"{document.place}: not an answer of the Daily Papers API: {type(answer).__name__} where a list is expected"
        )
    return answer


def _entry(row: Any, day: date | None) -> Entry:
    """Read one list element; raises ValueError with the reason it cannot be taken."""
    if not isinstance(row, dict) or not isinstance(row.get("paper"), dict):
        raise ValueError("no paper in it")
    paper: dict[str, Any] = row["paper"]
    title = _text(paper.get("title")) or _text(row.get("title"))
    identity = arxiv_id(_text(paper.get("id")))
    if not title:
        raise ValueError("no title")
    if identity is None:
        raise ValueError(f"no arXiv id (its id is {shorten(repr(paper.get('id')), 60)})")
    organization = paper.get("organization") or row.get("organization")
    if not isinstance(organization, dict):
        organization = {}
    return Entry(
        source=HuggingFace.name,
        title=title,
        abstract=_text(paper.get("summary")) or _text(row.get("summary")),
        authors=tuple(_names(paper.get("authors"))),
        organization=_text(organization.get("fullname")) or _text(organization.get("name")) or None,
        arxiv_id=identity,
        published=_day(paper.get("publishedAt")),
        listed=day or _listed(row, paper),
        upvotes=_count(paper.get("upvotes")),
        comments=_count(row.get("numComments")),
        keywords=tuple(word for keyword in _list(paper.get("ai_keywords")) if (word := _text(keyword))),
        summary=_text(paper.get("ai_summary")) or None,
        code_url=_link(paper.get("githubRepo")),
        project_url=_link(paper.get("projectPage")),
        thumbnail_url=_link(row.get("thumbnail")),
    )


def _listed(row: dict[str, Any], paper: dict[str, Any]) -> date | None:
    """Return the day of the list, in UTC.

    Until 10 March 2025 there was no `submittedOnDailyAt` and the outer `publishedAt` was the time of submission
    to the list; since then that is the paper's own time less four or five hours, and means nothing.
    """
    submitted = _day(row.get("publishedAt"))
    before_the_change = submitted if submitted and submitted <= date(2025, 3, 10) else None
    return _day(paper.get("submittedOnDailyAt")) or before_the_change


def _names(authors: Any) -> Iterator[str]:
    for author in _list(authors):
        if isinstance(author, dict) and not author.get("hidden") and (name := _text(author.get("name"))):
            yield name


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return squeeze(value) if isinstance(value, str) else ""


def _day(value: Any) -> date | None:
    """Read the day of an ISO time as it stands: midnight means a day, and converting it would shift it."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _link(value: Any) -> str | None:
    address = _text(value)
    return address if address.startswith(("https://", "http://")) and " " not in address else None
