"""OpenReview: submissions and accepted papers of a venue, and searches.

API, version 2: https://docs.openreview.net/reference/api-v2/openapi-definition; the dates and fields of its notes:
https://docs.openreview.net/reference/api-v2/entities/note/fields. A venue's id says what is listed:
"ICLR.cc/2026/Conference" what it accepted, and with "/Submission" what is under review. Since 2026 OpenReview lists a
venue only to accounts, as clients report; searches, also within a venue, are open to all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_object
from newsletter.sources.http.client import HttpClient, Response
from newsletter.sources.settings import setting
from newsletter.text import shorten

_SITE = "https://openreview.net"
# "ICLR.cc/2026/Conference", "TMLR", and either with the words of a search behind it; not "TCP/IP attacks".
_VENUE = re.compile(
    r"(?P<venue>[\w-]+(?:\.[\w-]+)+(?:/[\w.-]+)+|TMLR(?:/[\w.-]+)*)(?:\s+(?P<words>.+))?", re.ASCII | re.DOTALL
)
_LISTED, _FOUND = 1000, 100
_MAX_PAGES = 30
#: Notes are changed for years, also after they were published: one that became public longer ago is not new.
_PUBLICATION_LAG = timedelta(days=31)
_NOTE_ID = re.compile(r"[A-Za-z0-9_-]{6,20}", re.ASCII)
_ANONYMOUS = frozenset({"anonymous", "anonymous authors"})
_NO_ACCESS = (400, 401, 403)


@dataclass(frozen=True, slots=True)
class OpenReview:
    """Papers of venues, and searches."""

    name: ClassVar[str] = "openreview"
    summary: ClassVar[str] = "OpenReview: what a venue accepted or has under review, and searches"
    follows: ClassVar[str] = "VENUE|QUERY"
    example: ClassVar[str] = '"ICLR.cc/2026/Conference unlearning"'
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    follow: tuple[str, ...] = setting((), "Venues by id (these need an account); words; or words behind a venue's id.")
    username: str | None = setting(None, "The email address of an OpenReview account.", internal=True)
    password: str | None = setting(None, "The account's password.", secret=True)
    min_interval_hours: int = setting(12, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://api2.openreview.net", "Address of the API.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the papers that were listed or changed in `span`, page by page; see `Source.fetch`."""
        if not self.follow:
            raise SourceError("openreview: nothing to follow", hint=f"newsletter pull openreview {self.example}")
        headers = self._login(client) if self.username and self.password else {}
        for one in self.follow:
            match = _VENUE.fullmatch(one)
            if match and not match["words"]:
                yield from self._list(match["venue"], span, client, headers)
            else:
                within = {"venueid": match["venue"]} if match else {}
                yield from self._search(match["words"] if match else one, within, span, client, headers)

    def _login(self, client: HttpClient) -> dict[str, str]:
        """Return the headers that identify the account."""
        account = {"id": self.username, "password": self.password}
        response = client.post(f"{self.api}/login", account, expected=_NO_ACCESS)
        token = read_object(Document(response.place, response.content), "OpenReview").get("token")
        if response.status in _NO_ACCESS or not isinstance(token, str) or not token.isascii():
            hint = "check NEWSLETTER_OPENREVIEW_USERNAME and NEWSLETTER_OPENREVIEW_PASSWORD"
            raise SourceError(f"{response.place}: HTTP {response.status}: login failed", hint=hint)
        return {"Authorization": f"Bearer {token}"}

    def _list(self, venue: str, span: Span, client: HttpClient, headers: Mapping[str, str]) -> Iterator[Document]:
        """Yield the papers of a venue that changed since the first day: what is accepted changes its venue."""
        params: dict[str, str | int] = {
            "content.venueid": venue, "mintmdate": _milliseconds(span.first), "sort": "tmdate:desc", "limit": _LISTED,
        }  # fmt: skip
        offset = 0
        for _ in range(_MAX_PAGES):
            response = client.get(
                f"{self.api}/notes",
                {**params, "offset": offset},
                headers=headers,
                expected=(403,),
                conditional=not offset,
            )
            if response.is_unchanged:
                return
            _check_access(response)
            notes = _notes(Document(response.place, response.content))
            yield _document(response.place, [note for note in notes if _is_new(note, span)])
            offset += len(notes)
            if len(notes) < _LISTED:
                return

    def _search(
        self, words: str, within: Mapping[str, str], span: Span, client: HttpClient, headers: Mapping[str, str]
    ) -> Iterator[Document]:
        """Yield the papers that have all words, those changed last first, up to a page without any of the span."""
        params: dict[str, str | int] = {
            "term": words, "type": "terms", "content": "all", "source": "forum", **within, "sort": "tmdate:desc",
            "limit": _FOUND,
        }  # fmt: skip
        offset = 0
        for _ in range(_MAX_PAGES):
            response = client.get(
                f"{self.api}/notes/search", {**params, "offset": offset}, headers=headers, conditional=not offset
            )
            if response.is_unchanged:
                return
            found = Document(response.place, response.content)
            notes = _notes(found)
            yield _document(found.place, [note for note in notes if _is_new(note, span) and _has(note, words)])
            offset += len(notes)
            total = values.count(read_object(found, "OpenReview").get("count"))
            if not any(_changed_since(note, span.first) for note in notes) or (total is not None and offset >= total):
                return

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the papers of a response; see `Source.parse`."""
        for number, note in enumerate(_notes(document), start=1):
            found = values.part(note)
            try:
                if _is_paper(found):
                    yield _entry(found, today)
            except ValueError as error:
                yield Refusal(f"{document.place}, entry {number}", str(error), values.word(found.get("id")))


# -- responses ----------------------------------------------------------------------------------------


def _check_access(response: Response) -> None:
    """Raise a SourceError if OpenReview does not list a venue to those without an account."""
    if response.status == 403 or response.content.lstrip()[:1] == b"<":
        hint = (
            "it lists venues to accounts alone: set NEWSLETTER_OPENREVIEW_USERNAME and NEWSLETTER_OPENREVIEW_PASSWORD, "
            "or search in the venue, by words behind its id"
        )
        raise SourceError(f"{response.place}: HTTP {response.status}: OpenReview refuses the list", hint=hint)


def _notes(document: Document) -> list[Any]:
    """Return the notes of a response.

    Raises:
        SourceError: The response has none, or is an error message.
    """
    response = read_object(document, "OpenReview")
    notes = response.get("notes")
    if not isinstance(notes, list):
        message = values.plain_text(response.get("message")) if response.get("name") else ""
        if message:
            raise SourceError(f"{document.place}: OpenReview error: {shorten(message, 200)}")
        raise SourceError(f"{document.place}: unexpected response from OpenReview: no notes")
    return notes


def _document(place: str, notes: list[Any]) -> Document:
    return Document(place, json.dumps({"notes": notes}).encode())


def _is_new(note: Any, span: Span) -> bool:
    """Return whether a note is one of the span; one that states no dates, or is invalid, is not lost."""
    created, public = _day(values.part(note).get("cdate")), _public_day(values.part(note))
    return (
        _changed_since(note, span.first)
        and (created is None or created <= span.last)
        and (public is None or public >= span.first - _PUBLICATION_LAG)
    )


def _changed_since(note: Any, first: date) -> bool:
    changed = _day(values.part(note).get("tmdate"))
    return changed is None or changed >= first


def _public_day(note: dict[str, Any]) -> date | None:
    """Return the day of acceptance, else of publication, else of submission. A venue may set any of them."""
    days = (_day(note.get(name)) for name in ("pdate", "odate", "cdate"))
    return next((day for day in days if day), None)


def _has(note: Any, words: str) -> bool:
    """Return whether a note has all words; the search also finds what has one of them."""
    content = values.part(values.part(note).get("content"))
    fields = ("title", "abstract", "keywords", "TLDR", "authors", "venue")
    text = " ".join(str(_value(content, name)) for name in fields).casefold()
    return all(word in text for word in words.casefold().replace('"', " ").split())


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000


def _day(value: Any) -> date | None:
    """Return the day, in UTC, of a time in milliseconds."""
    number = values.count(value)
    return datetime.fromtimestamp(number // 1000, UTC).date() if number and number < 32_503_680_000_000 else None


# -- papers -------------------------------------------------------------------------------------------


def _is_paper(note: dict[str, Any]) -> bool:
    """Return whether a note is a paper that was not deleted, and not a review or another reply."""
    return note.get("ddate") is None and note.get("forum") in (None, note.get("id"))


def _entry(note: dict[str, Any], today: date) -> Entry:
    """Parse one note; raise ValueError with the reason if it is invalid."""
    content = values.part(note.get("content"))
    title = values.plain_text(_value(content, "title"))
    if not title:
        raise ValueError("no title")
    number = values.word(note.get("id"))
    is_valid = bool(_NOTE_ID.fullmatch(number))
    accepted = _day(note.get("pdate"))
    area = values.plain_text(_value(content, "primary_area"))
    venue_id = values.word(_value(content, "venueid"))
    return Entry(
        source=OpenReview.name,
        title=title,
        abstract=values.plain_abstract(_value(content, "abstract")),
        authors=_authors(_value(content, "authors")),
        published=_day(note.get("odate")) or _day(note.get("cdate")),
        listed=accepted if accepted and accepted <= today else None,
        keywords=values.texts(_value(content, "keywords")),
        categories=(area,) if area else (),
        venue=values.plain_text(_value(content, "venue")) or None,
        withdrawn="withdrawn" in venue_id.lower(),
        summary=values.plain_text(_value(content, "TLDR")) or values.plain_text(_value(content, "TL;DR")) or None,
        url=f"{_SITE}/forum?id={number}" if is_valid else None,
        pdf_url=f"{_SITE}/pdf?id={number}" if is_valid and _value(content, "pdf") else None,
        code_url=values.link(_value(content, "code")),
    )


def _value(content: dict[str, Any], name: str) -> Any:
    """Return the value of a field; version 1 of the API has it bare."""
    field = content.get(name)
    return field.get("value") if isinstance(field, dict) else field


def _authors(listed: Any) -> tuple[str, ...]:
    """Return the authors, none of whom is named while a submission is anonymous."""
    several = listed if isinstance(listed, list) else []
    names = values.people(one.get("fullname") if isinstance(one, dict) else one for one in several)
    return tuple(name for name in names if name.casefold() not in _ANONYMOUS)
