"""Zotero: what is added to a library, of a person or a group; and its whole content, from which tastes are learned.

API: https://www.zotero.org/support/dev/web_api/v3/basics (requests, Backoff and Retry-After) and
https://www.zotero.org/support/dev/web_api/v3/syncing (versions, deletions). Built from these documents, without the
live API. A library has a version, which grows with every change of it: what changed since a version, and what was
deleted, can be asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from newsletter.errors import SourceError
from newsletter.limits import LIBRARY_PAGES
from newsletter.models import Entry, Refusal
from newsletter.sources.documents import Document, Span
from newsletter.sources.formats import values
from newsletter.sources.formats.json_response import read_json, read_object
from newsletter.sources.formats.records import entry_from
from newsletter.sources.http.client import HttpClient, Response
from newsletter.sources.settings import setting
from newsletter.text import shorten

_PAGE_SIZE = 100
_MAX_PAGES = LIBRARY_PAGES
#: How often a library is read anew that changes while it is read.
_MAX_ROUNDS = 3
_LIBRARY = re.compile(r"(?P<library>(?:users|groups)/\d{1,12})(?:/collections/(?P<collection>[A-Z0-9]{8}))?")
#: Types of item that are papers; the others are notes, attachments, pages, films, …:
#: https://api.zotero.org/itemTypes.
_PAPER_TYPES = frozenset({
    "book", "bookSection", "conferencePaper", "dataset", "document", "journalArticle", "manuscript", "preprint",
    "report", "thesis",
})  # fmt: skip
#: Fields whose names `formats.records` knows. The item's own "version" is that of its data, not of the paper.
_FIELDS = ("title", "abstractNote", "DOI", "url", "date", "publicationTitle", "bookTitle", "number", "extra", "tags")
#: Others are editors, translators and the like.
_AUTHORS = frozenset({"author", ""})
#: What Zotero allows in a title, and what its translators leave in abstracts.
_MARKUP = re.compile(r"</?(?:i|b|em|strong|su[bp]|sc|p|span|jats:\w+)\b[^<>]*>|<(?:mml:)?math\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LibraryChanges:
    """What changed in a library since one of its versions."""

    #: The version up to which this is complete.
    version: int
    #: Items that are in it, by their keys.
    present: dict[str, Entry] = field(default_factory=dict)
    #: The keys of items that are not in it any more.
    gone: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Zotero:
    """Papers added to a library, of a person or a group."""

    name: ClassVar[str] = "zotero"
    summary: ClassVar[str] = "Zotero: papers added to the library of a person or a group, or the likes that are in it"
    follows: ClassVar[str] = "LIBRARY"
    example: ClassVar[str] = "groups/12345"
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    follow: tuple[str, ...] = setting((), "Libraries: users/ID or groups/ID, or one's /collections/KEY.")
    new_papers: bool = setting(True, "Take what is added as new papers; false: learn tastes from it only.")
    # Internal, so that no address stands in the label of the source, which is stored and logged.
    likes_of: tuple[str, ...] = setting(
        (), "Addresses of subscribers who like what is in it; all: every one.", internal=True
    )
    api_key: str | None = setting(None, "A key with read access; public groups need none.", secret=True)
    min_interval_hours: int = setting(1, "Minimum hours between successful requests.", internal=True, last=8760)
    api: str = setting("https://api.zotero.org", "Address of the API.", internal=True)

    def fetch(self, span: Span, client: HttpClient) -> Iterator[Document]:
        """Yield the items added on the days of `span`, newest first; see `Source.fetch`."""
        if not self.follow:
            raise SourceError("zotero: nothing to follow", hint=f"newsletter pull zotero {self.example}")
        for followed in self.follow:
            library, collection = _library(followed)
            if self.new_papers:
                where = f"{library}/collections/{collection}" if collection else library
                yield from self._added(where, span, client)

    def _added(self, where: str, span: Span, client: HttpClient) -> Iterator[Document]:
        version, _, day = client.state.get(where, "").partition(" ")
        is_known = bool(version) and day <= span.first.isoformat()
        unless = {"If-Modified-Since-Version": version} if is_known else {}
        for page in range(_MAX_PAGES):
            order: dict[str, str | int] = {"sort": "dateAdded", "direction": "desc", "start": page * _PAGE_SIZE}
            response = self._get(client, f"{where}/items/top", order, unless if page == 0 else {})
            if response.is_unchanged:
                client.unchanged += 1
                break
            items = _items(Document(response.place, response.content))
            if page == 0:
                version = str(_stated_version(response) or "")
            days = [values.day(values.part(values.part(one).get("data")).get("dateAdded")) for one in items]
            dated = zip(items, days, strict=True)
            listed = [one for one, day in dated if day is None or span.first <= day <= span.last]
            yield Document(response.place, json.dumps(listed).encode())
            if len(items) < _PAGE_SIZE or any(day is not None and day < span.first for day in days):
                break
        client.state[where] = f"{version} {span.last}"

    def changes(self, followed: str, since: int, client: HttpClient) -> LibraryChanges:
        """Return what changed in a library since a version; 0 for all that is in it.

        An item in the trash, or that is not in the collection followed, is not in it.

        Raises:
            SourceError: The connection failed, the response is an error, or the library changes all the time.
        """
        library, collection = _library(followed)
        for _ in range(_MAX_ROUNDS):
            found = self._changes(library, collection, since, client)
            if found is not None:
                return found
        raise SourceError(f"zotero: {followed}: the library changes while it is read", hint="try again later")

    def _changes(self, library: str, collection: str | None, since: int, client: HttpClient) -> LibraryChanges | None:
        """Return the changes, or None if there were more while they were read: items may then be missing."""
        version, present, gone = since, dict[str, Entry](), set[str]()
        unless = {"If-Modified-Since-Version": str(since)} if since else {}
        for page in range(_MAX_PAGES):
            asked: dict[str, str | int] = {
                "since": since, "includeTrashed": 1, "sort": "dateAdded", "direction": "asc",
                "start": page * _PAGE_SIZE,
            }  # fmt: skip
            response = self._get(client, f"{library}/items/top", asked, unless if page == 0 else {})
            if response.is_unchanged:
                return LibraryChanges(since)
            if page and _version(response) != version:
                return None
            version, items = _version(response), _items(Document(response.place, response.content))
            for key, data in _data_of(items):
                in_it = not data.get("deleted") and (collection is None or collection in _list(data.get("collections")))
                entry = _entry_or_none(data) if in_it else None
                if entry is not None:
                    present[key] = entry
                else:
                    gone.add(key)
            if len(items) < _PAGE_SIZE:
                break
        else:
            raise SourceError(f"zotero: {library}: more than {_MAX_PAGES * _PAGE_SIZE} items")
        if since:
            response = self._get(client, f"{library}/deleted", {"since": since}, {})
            deleted = read_object(Document(response.place, response.content), "Zotero").get("items")
            gone.update(one for one in _list(deleted) if isinstance(one, str))
            if _version(response) != version:
                return None
        return LibraryChanges(version, present, frozenset(gone - present.keys()))

    def _get(self, client: HttpClient, path: str, params: dict[str, str | int], conditions: dict[str, str]) -> Response:
        headers = {"Zotero-API-Version": "3", **({"Zotero-API-Key": self.api_key} if self.api_key else {})}
        of_items: dict[str, str | int] = (
            {"format": "json", "include": "data", "limit": _PAGE_SIZE} if path.endswith("/top") else {}
        )
        return client.get(f"{self.api}/{path}", {**of_items, **params}, headers={**headers, **conditions})

    def parse(self, document: Document, today: date) -> Iterator[Entry | Refusal]:
        """Yield the papers of a list of items; see `Source.parse`."""
        for number, item in enumerate(_items(document), start=1):
            data = values.part(values.part(item).get("data"))
            place = f"{document.place}, entry {number}"
            if (kind := values.word(data.get("itemType"))) not in _PAPER_TYPES or data.get("deleted"):
                yield Refusal(place, f"not a paper ({shorten(kind, 40)})", is_left_out=True)
                continue
            try:
                yield _entry(data)
            except ValueError as error:
                yield Refusal(place, str(error), values.word(data.get("key")))


def _library(followed: str) -> tuple[str, str | None]:
    match = _LIBRARY.fullmatch(followed)
    if match is None:
        raise SourceError(
            f"zotero: {shorten(followed, 60)}: not a library",
            hint="users/ID (the number is at zotero.org/settings/keys), groups/ID, or one's /collections/KEY",
        )
    return match["library"], match["collection"]


def _items(document: Document) -> list[Any]:
    items = read_json(document)
    if not isinstance(items, list) or not all(isinstance(one, dict) and "data" in one for one in items):
        raise SourceError(f"{document.place}: unexpected response from Zotero: not a list of items")
    return items


def _data_of(items: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in items:
        data = values.part(item.get("data"))
        key = values.word(item.get("key")) or values.word(data.get("key"))
        if key:
            yield key, data


def _version(response: Response) -> int:
    """Return the version of the library.

    Raises:
        SourceError: The response does not state it.
    """
    version = _stated_version(response)
    if version is None:
        raise SourceError(f"{response.place}: unexpected response from Zotero: no Last-Modified-Version")
    return version


def _stated_version(response: Response) -> int | None:
    number = response.headers.get("last-modified-version", "").strip()
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 16 else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _entry_or_none(data: dict[str, Any]) -> Entry | None:
    """Return the paper of an item, or None if it is not a paper or has no title."""
    try:
        return _entry(data) if values.word(data.get("itemType")) in _PAPER_TYPES else None
    except ValueError:
        return None


def _entry(data: dict[str, Any]) -> Entry:
    """Parse one item; raise ValueError with the reason if it is invalid."""
    record = {name: data.get(name) for name in _FIELDS}
    record["creators"] = [
        one for one in values.objects(data.get("creators")) if values.word(one.get("creatorType")) in _AUTHORS
    ]
    record["arxiv"] = next(
        (one for name in ("archiveID", "number") if "arxiv" in (one := values.word(data.get(name))).lower()), None
    )
    record["conferenceName"] = data.get("proceedingsTitle") or data.get("conferenceName")
    for name in ("title", "abstractNote"):
        if isinstance(written := record[name], str) and _MARKUP.search(written):
            record[name] = values.text(written)
    return entry_from(record, source=Zotero.name)
