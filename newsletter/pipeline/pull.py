"""sources → store: read documents, parse them, and keep what they tell.

    source.fetch | source.parse | store.papers.add

Each document is one transaction. A document that is not what it should be is refused as a whole, an entry that
is not is refused alone; the rest goes in, and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import httpx

from newsletter.errors import SourceError
from newsletter.models import PullReport, Refusal
from newsletter.sources import Document, Source, Span
from newsletter.sources.documents import find_documents, read_document
from newsletter.store import Store
from newsletter.store.papers import Change

#: How far back the first pull of a source goes, and the longest gap that a later one fills.
FIRST_DAYS = 2
LONGEST_GAP_DAYS = 14


@dataclass
class _Tally:
    """What a pull has done so far."""

    source: str
    changes: dict[Change, int] = field(default_factory=lambda: dict.fromkeys(Change, 0))
    refusals: list[Refusal] = field(default_factory=list)
    error: str | None = None

    def report(self) -> PullReport:
        fetched = sum(self.changes.values())
        new, updated = self.changes[Change.NEW], self.changes[Change.UPDATED]
        return PullReport(self.source, fetched, new, updated, tuple(self.refusals), self.error)


def pull_files(
    store: Store, source: Source, places: Sequence[str], day: date | None, now: datetime, http: httpx.Client,
    watch: Callable[[str], None] = lambda _place: None,
) -> PullReport:  # fmt: skip
    """Pull files, folders, addresses or standard input ("-"); `watch` is told of each before it is read.

    Raises:
        SourceError: A file or folder is not there; nothing was stored.
    """
    tally = _Tally(source.name)
    for place in find_documents(places, source.suffixes):
        watch(place)
        try:
            _take(store, source, read_document(place, day, http), now, tally)
        except SourceError as error:
            tally.refusals.append(Refusal(place, str(error).removeprefix(f"{place}: ")))
    store.pulls.record(tally.report(), now, through=None)
    return tally.report()


def pull_days(
    store: Store, source: Source, span: Span, now: datetime, http: httpx.Client,
    watch: Callable[[str], None] = lambda _place: None,
) -> PullReport:  # fmt: skip
    """Pull what a source lists for some days. Its failure is in the report, so that other sources go on."""
    tally = _Tally(source.name)
    try:
        for document in _watched(source.fetch(span, http), watch):
            _take(store, source, document, now, tally)
    except SourceError as error:
        tally.error = str(error)
    store.pulls.record(tally.report(), now, through=span.last)
    return tally.report()


def span_to_pull(last_success: date | None, today: date) -> Span:
    """Return the days to ask for: since the last success, that day again, but no gap longer than two weeks.

    The last day is asked for again because a list still grows on its own day.
    """
    first = last_success or today - timedelta(days=FIRST_DAYS - 1)
    return Span(max(min(first, today), today - timedelta(days=LONGEST_GAP_DAYS - 1)), today)


def _watched(documents: Iterable[Document], watch: Callable[[str], None]) -> Iterator[Document]:
    for document in documents:
        watch(document.place)
        yield document


def _take(store: Store, source: Source, document: Document, now: datetime, tally: _Tally) -> None:
    """Store one document's entries, all or (where it turns out not to be one) none."""
    changes = dict.fromkeys(Change, 0)
    refusals: list[Refusal] = []
    with store.transaction():
        for entry in source.parse(document, today=now.date()):
            if isinstance(entry, Refusal):
                refusals.append(entry)
            else:
                changes[store.papers.add(entry, now)] += 1
    for change, number in changes.items():
        tally.changes[change] += number
    tally.refusals += refusals
