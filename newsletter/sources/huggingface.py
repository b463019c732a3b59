"""Hugging Face Daily Papers, from its API or from saved responses.

API: https://huggingface.co/docs/hub/api, `GET /api/daily_papers?date=YYYY-MM-DD&limit=100&p=0`. The response is `[]`
for a day without a list (a weekend), and 400 for a day that is not open yet. Missing values have no key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.papers.identifiers import arxiv_version
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_json
from newsletter.sources.http.client import HttpClient
from newsletter.sources.publication import HUGGING_FACE, Publication
from newsletter.sources.settings import setting
from newsletter.text import shorten

_ENDPOINT = "https://huggingface.co"
_MAX_PAGES = 20
_PAGE_SIZE = 100  # the maximum of the API; its default of 50 truncates busy days


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """Daily Papers by day, week or month, and the trending list."""

    name: ClassVar[str] = "huggingface"
    summary: ClassVar[str] = "Hugging Face Daily Papers, or saved responses of its API (JSON)"
    follows: ClassVar[str] = "daily|weekly|monthly|trending"
    example: ClassVar[str] = "--date 2026-05-08"
    suffixes: ClassVar[tuple[str, ...]] = (".json",)
    publication: ClassVar[Publication] = HUGGING_FACE

    follow: tuple[str, ...] = setting(
        ("daily",), "The lists to read.", choices=("daily", "weekly", "monthly", "trending")
    )
    api_key: str | None = setting(None, "An access token, for a higher rate limit.", secret=True)
    api: str | None = setting(None, "Address of the API; the default host is HF_ENDPOINT, if set.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield one document per list and page; see `Source.fetch`."""
        for kind in self.follow:
            for day, query in _lists(kind, span):
                yield from self._fetch_list(day, query, client)

    def _fetch_list(self, day: date | None, query: dict[str, str], client: HttpClient) -> Iterator[Document]:
        # HF_ENDPOINT is Hugging Face's own variable for mirrors.
        address = self.api or os.environ.get("HF_ENDPOINT", _ENDPOINT).rstrip("/") + "/api/daily_papers"
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        for page in range(_MAX_PAGES):
            params: dict[str, str | int] = {**query, "limit": _PAGE_SIZE, "p": page}
            # 400: the list of this day is not open yet.
            response = client.get(address, params, headers=headers, expected=(400,), conditional=page == 0)
            if response.status != 200:
                return
            document = Document(response.place, response.content, day)
            yield document
            if len(_load_list(document)) < _PAGE_SIZE:
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the entries of one response; see `Source.parse`."""
        rows = _load_list(document)
        if rows and not any(isinstance(row, dict) for row in rows):
            raise SourceError(
                f"{document.place}: unexpected response from Hugging Face: expected a list of objects, "
                f"not of {type(rows[0]).__name__}"
            )
        for number, row in enumerate(rows, start=1):
            try:
                yield _entry(row, document.day or values.day(Path(document.place).name))
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error))


def _load_list(document: Document) -> list[Any]:
    response = read_json(document)
    if not isinstance(response, list):
        raise SourceError(
            f"{document.place}: unexpected response from Hugging Face: expected a list, not {type(response).__name__}"
        )
    return response


def _lists(kind: str, span: Span) -> Iterator[tuple[date | None, dict[str, str]]]:
    """Yield the lists of one kind that cover `span`: the day (of a daily list) and the query parameters."""
    days = [span.first + timedelta(days=offset) for offset in range((span.last - span.first).days + 1)]
    if kind == "daily":
        for day in days:
            yield day, {"date": day.isoformat()}
    elif kind == "weekly":
        for week in dict.fromkeys(f"{day:%G}-W{day:%V}" for day in days):
            yield None, {"week": week}
    elif kind == "monthly":
        for month in dict.fromkeys(f"{day:%Y-%m}" for day in days):
            yield None, {"month": month}
    else:
        yield None, {"sort": "trending"}


def _entry(row: Any, day: date | None) -> Entry:
    """Parse one list element; raise ValueError with the reason if it is invalid."""
    if not isinstance(row, dict) or not isinstance(row.get("paper"), dict):
        raise ValueError("not a paper")
    paper: dict[str, Any] = row["paper"]
    title = values.plain_text(paper.get("title")) or values.plain_text(row.get("title"))
    identifier, version = arxiv_version(values.plain_text(paper.get("id")))
    if not title:
        raise ValueError("no title")
    if identifier is None:
        raise ValueError(f"no arXiv id (its id is {shorten(repr(paper.get('id')), 60)})")
    organization = paper.get("organization") or row.get("organization")
    if not isinstance(organization, dict):
        organization = {}
    return Entry(
        source=HuggingFace.name,
        title=title,
        abstract=values.plain_abstract(paper.get("summary")) or values.plain_abstract(row.get("summary")),
        authors=values.people(
            author.get("name") for author in values.objects(paper.get("authors")) if not author.get("hidden")
        ),
        organization=values.plain_text(organization.get("fullname"))
        or values.plain_text(organization.get("name"))
        or None,
        organization_handle=_handle(organization.get("name")),
        organization_avatar_url=values.secure_link(organization.get("avatar")),
        submitter=_submitter(row, paper),
        arxiv_id=identifier,
        version=version,
        published=values.day(paper.get("publishedAt")),
        listed=day or _listed(row, paper),
        upvotes=values.count(paper.get("upvotes")),
        comments=values.count(row.get("numComments")),
        keywords=values.texts(paper.get("ai_keywords")),
        summary=values.plain_text(paper.get("ai_summary")) or None,
        code_url=values.link(paper.get("githubRepo")),
        code_stars=values.count(paper.get("githubStars")),
        project_url=values.link(paper.get("projectPage")),
        thumbnail_url=values.link(row.get("thumbnail")),
        media_urls=_media_urls(paper, row),
    )


#: Names of accounts: letters, digits, "-", "_" and ".", so that they may stand in the path of a URL.
_HANDLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def _handle(value: Any) -> str | None:
    return value if isinstance(value, str) and _HANDLE.fullmatch(value) else None


def _submitter(row: dict[str, Any], paper: dict[str, Any]) -> str | None:
    """Return the account that submitted a paper; the key of its name differs by place and year."""
    people = values.part(row.get("submittedBy")), values.part(paper.get("submittedOnDailyBy"))
    handles = (_handle(person.get(key)) for person in people for key in ("name", "user"))
    return next(filter(None, handles), None)


def _media_urls(*objects: dict[str, Any]) -> tuple[str, ...]:
    """Return the pictures and videos; until June 2024 there was one, and since then lists in two places."""
    found: list[Any] = []
    for one in objects:
        listed = one.get("mediaUrls")
        found += listed if isinstance(listed, list) else [one.get("mediaUrl")]
    return tuple(dict.fromkeys(filter(None, map(values.secure_link, found))))


def _listed(row: dict[str, Any], paper: dict[str, Any]) -> date | None:
    """Return the day of the list, in UTC.

    Until 10 March 2025 there was no `submittedOnDailyAt`, and the outer `publishedAt` was the time of submission
    to the list. Since then it is the paper's own time less four or five hours, which is useless.
    """
    submitted = values.day(row.get("publishedAt"))
    before_the_change = submitted if submitted and submitted <= date(2025, 3, 10) else None
    return values.day(paper.get("submittedOnDailyAt")) or before_the_change
