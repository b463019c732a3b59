"""sources → store: read documents, parse them, and keep what they tell.

    source.fetch | source.parse | store.papers.add_all

Each document is one transaction. A document that is not what it should be is refused as a whole, an entry that
is not is refused alone; the rest goes in, and the report says so. A rehearsal does all this and takes it back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from newsletter.errors import NewsletterError, SourceError, SourceRateLimited
from newsletter.models import Entry, PullReport, Refusal
from newsletter.sources import Document, HttpClient, Source, Span
from newsletter.sources.documents import find_documents, read_document
from newsletter.sources.formats.cassettes import responses_in
from newsletter.sources.settings import label_of
from newsletter.store import Store
from newsletter.store.papers import Change
from newsletter.text import counted

T = TypeVar("T")

#: How far back the first pull of a source goes, and the longest gap that a later one fills.
FIRST_DAYS = 2
LONGEST_GAP_DAYS = 31

#: Told what is being read, for those who wait.
Watch = Callable[[str], None]


@dataclass
class _Tally:
    """What a pull has done so far."""

    source: str
    began: float = field(default_factory=time.perf_counter)
    changes: dict[Change, int] = field(default_factory=lambda: dict.fromkeys(Change, 0))
    refusals: list[Refusal] = field(default_factory=list)
    error: str | None = None

    @property
    def fetched(self) -> int:
        return sum(self.changes.values())

    def report(self, *, unchanged: bool = False) -> PullReport:
        return PullReport(
            self.source,
            fetched=self.fetched,
            new=self.changes[Change.NEW],
            updated=self.changes[Change.UPDATED],
            refusals=tuple(self.refusals),
            error=self.error,
            unchanged=unchanged,
            seconds=time.perf_counter() - self.began,
        )


def pull_files(
    store: Store, source: Source, places: Sequence[str], day: date | None, now: datetime, client: HttpClient,
    watch: Watch = lambda _place: None, *, rehearse: bool = False,
) -> PullReport:  # fmt: skip
    """Pull files, folders, addresses or standard input ("-"); `watch` is told of each before it is read.

    Raises:
        SourceError: A file or folder is not there; nothing was stored.
    """
    tally = _Tally(source.name)
    with store.rehearsal() if rehearse else nullcontext():
        for place in find_documents(places, source.suffixes):
            watch(place)
            for document in _documents_of(place, day, client):
                if isinstance(document, Refusal):
                    tally.refusals.append(document)
                    continue
                try:
                    _take(store, source, document, now, tally)
                except SourceError as error:
                    tally.refusals.append(_refused(document.place, error))
        store.pulls.record(tally.report(), now, through=None)
    return tally.report()


def pull_days(
    store: Store, source: Source, span: Span, now: datetime, client: HttpClient,
    watch: Watch = lambda _place: None, *, rehearse: bool = False,
) -> PullReport:  # fmt: skip
    """Pull what a source lists for some days. Its failure is in the report, so that other sources go on."""
    tally = _Tally(label_of(source))
    paused_until = store.pulls.paused_until(tally.source)
    if paused_until is not None and paused_until > now:
        tally.error = f"{tally.source}: asked to be left alone until {paused_until:%Y-%m-%d %H:%M} UTC"
        return tally.report()
    client.start_over(store.pulls.validators(tally.source))
    busy: SourceRateLimited | None = None
    documents = _guarded(source, lambda: source.fetch(span, client))
    if rehearse:  # the network may be slow, and a rehearsal locks the store
        documents = iter(_collected(documents, tally))
    with store.rehearsal() if rehearse else nullcontext():
        try:
            for document in documents:
                watch(f"({counted(tally.fetched, 'paper')} so far) {document.place}")
                _take(store, source, document, now, tally)
        except SourceError as error:
            tally.error = str(error)
            busy = error if isinstance(error, SourceRateLimited) else None
        report = tally.report(unchanged=client.unchanged > 0)
        with store.transaction():
            store.pulls.record(report, now, through=span.last)
            if report.error is None:  # else what was not read is asked for again in full
                store.pulls.remember(tally.source, client.validators)
            if busy is not None:
                store.pulls.pause(tally.source, now + timedelta(seconds=busy.wait_s))
    return report


def _documents_of(place: str, day: date | None, client: HttpClient) -> Iterator[Document | Refusal]:
    try:
        yield from responses_in(read_document(place, day, client))
    except SourceError as error:
        yield _refused(place, error)


def _refused(place: str, error: SourceError) -> Refusal:
    return Refusal(place, str(error).removeprefix(f"{place}: "))


def not_before(store: Store, source: Source, now: datetime) -> datetime | None:
    """Return from when on a source is to be asked again unbidden, if that is later than now.

    Sources that change once or twice a day have a setting `min_interval_hours`, from one successful pull to the next.
    """
    last = store.pulls.last(label_of(source))
    if last is None or last[1] is not None:
        return None
    moment = last[0] + timedelta(hours=getattr(source, "min_interval_hours", 0))
    return moment if moment > now else None


def span_to_pull(last_success: date | None, today: date) -> Span:
    """Return the days to ask for: since the last success, that day again, but no gap longer than a month.

    The last day is asked for again because a list still grows on its own day.
    """
    first = last_success or today - timedelta(days=FIRST_DAYS - 1)
    return Span(max(min(first, today), today - timedelta(days=LONGEST_GAP_DAYS - 1)), today)


def _take(store: Store, source: Source, document: Document, now: datetime, tally: _Tally) -> None:
    """Store one document's entries, all or (where it turns out not to be one) none."""
    refusals: list[Refusal] = []

    def entries() -> Iterator[Entry]:
        for told in _guarded(source, lambda: source.parse(document, now.date())):
            if isinstance(told, Refusal):
                refusals.append(told)
            else:
                yield told

    for change, number in store.papers.add_all(entries(), now, document.place).items():
        tally.changes[change] += number
    tally.refusals += refusals


def _guarded(source: Source, steps: Callable[[], Iterable[T]]) -> Iterator[T]:
    """Yield what a source gives; any fault of its code is a failure of this source and of no other."""
    try:
        yield from steps()
    except NewsletterError:
        raise
    except Exception as error:
        raise SourceError(
            f"{source.name}: broke off with {type(error).__name__}: {error}", hint="a fault in this source's code"
        ) from error


def _collected(documents: Iterable[Document], tally: _Tally) -> list[Document]:
    """Read all documents, up to a failure."""
    collected = []
    try:
        for document in documents:
            collected.append(document)  # noqa: PERF402 - what came before a failure counts
    except SourceError as error:
        tally.error = str(error)
    return collected
