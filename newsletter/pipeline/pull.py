"""Sources → store: fetch documents, parse them, and store their entries.

    source.fetch | source.parse | store.papers.add_all

Each document is one transaction. A malformed document is refused as a whole, a malformed entry alone; the rest is
stored, and the report lists both. A dry run does all this and rolls it back.
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
from newsletter.papers.cut import within_limits
from newsletter.pipeline.library_likes import sync_likes
from newsletter.sources import Document, HttpClient, Source, Span
from newsletter.sources.documents import find_documents, read_document
from newsletter.sources.formats.cassettes import responses_in
from newsletter.sources.settings import label_of
from newsletter.sources.zotero import Zotero
from newsletter.store import Store
from newsletter.store.papers import Change
from newsletter.text import counted

T = TypeVar("T")

#: Is called with the place that is about to be read.
Watch = Callable[[str], None]


@dataclass
class _Tally:
    """What a pull did so far."""

    source: str
    began: float = field(default_factory=time.perf_counter)
    changes: dict[Change, int] = field(default_factory=lambda: dict.fromkeys(Change, 0))
    refusals: list[Refusal] = field(default_factory=list)
    left_out: int = 0
    cut: int = 0
    error: str | None = None

    @property
    def fetched(self) -> int:
        return sum(self.changes.values())

    def report(self, *, unchanged: bool = False, ignored: int = 0) -> PullReport:
        return PullReport(
            self.source,
            fetched=self.fetched,
            new=self.changes[Change.NEW],
            updated=self.changes[Change.UPDATED],
            refusals=tuple(self.refusals),
            left_out=self.left_out,
            cut=self.cut,
            ignored=ignored,
            error=self.error,
            unchanged=unchanged,
            seconds=time.perf_counter() - self.began,
        )


def pull_files(
    store: Store, source: Source, places: Sequence[str], day: date | None, now: datetime, client: HttpClient,
    watch: Watch = lambda _place: None, *, rehearse: bool = False,
) -> PullReport:  # fmt: skip
    """Pull files, folders, addresses or standard input ("-"); `day` is the day of entries that state none.

    With `rehearse`, the changes are rolled back at the end.

    Raises:
        SourceError: A file or folder does not exist; nothing was stored.
        StoreError: The store cannot be written.
    """
    tally = _Tally(source.name)
    with store.dry_run() if rehearse else nullcontext():
        for place in find_documents(places, source.suffixes):
            watch(place)
            for document in _documents_of(place, day, client):
                if isinstance(document, Refusal):
                    tally.refusals.append(document)
                    continue
                try:
                    _store_document(store, source, document, now, tally)
                except SourceError as error:
                    tally.refusals.append(_refused(document.place, error))
        store.pulls.record(tally.report(), now, through=None)
    return tally.report()


def pull_days(
    store: Store, source: Source, span: Span, now: datetime, client: HttpClient,
    watch: Watch = lambda _place: None, *, rehearse: bool = False, clock: Callable[[], datetime] | None = None,
) -> PullReport:  # fmt: skip
    """Pull what a source lists for a span of days. A failure of the source is in the report, not raised.

    Args:
        clock: Says when each document is stored; default: at `now`, when the pull began.

    Raises:
        StoreError: The store cannot be written.
    """
    tally = _Tally(label_of(source))
    rate_limited_until = store.pulls.rate_limited_until(tally.source)
    if rate_limited_until is not None and rate_limited_until > now:
        tally.error = f"{tally.source}: rate limited; retry after {rate_limited_until:%Y-%m-%d %H:%M} UTC"
        return tally.report()
    client.start_over(store.pulls.validators(tally.source), store.pulls.state(tally.source))
    rate_limited: SourceRateLimited | None = None
    documents = _guarded(source, lambda: source.fetch(span, client))
    if rehearse:  # fetched before the transaction begins: it locks the store, and the network may be slow
        documents = iter(_collected(documents, tally))
    with store.dry_run() if rehearse else nullcontext():
        try:
            for document in documents:
                watch(f"({counted(tally.fetched, 'paper')} so far) {document.place}")
                # An edition may be planned during a long pull, and covers what was seen before: so this is seen now.
                _store_document(store, source, document, clock() if clock else now, tally)
            if isinstance(source, Zotero) and not rehearse:
                sync_likes(store, source, now, client)
        except SourceError as error:
            tally.error = str(error)
            rate_limited = error if isinstance(error, SourceRateLimited) else None
        report = tally.report(unchanged=client.unchanged > 0, ignored=client.ignored)
        with store.transaction():
            store.pulls.record(report, now, through=span.last)
            if report.error is None:  # else the next pull requests everything in full
                store.pulls.set_validators(tally.source, client.validators)
                store.pulls.set_state(tally.source, client.state)
            if rate_limited is not None:
                store.pulls.set_rate_limit(tally.source, now + timedelta(seconds=rate_limited.wait_s))
    return report


def _documents_of(place: str, day: date | None, client: HttpClient) -> Iterator[Document | Refusal]:
    try:
        yield from responses_in(read_document(place, day, client))
    except SourceError as error:
        yield _refused(place, error)


def _refused(place: str, error: SourceError) -> Refusal:
    return Refusal(place, str(error).removeprefix(f"{place}: "))


def _store_document(store: Store, source: Source, document: Document, now: datetime, tally: _Tally) -> None:
    """Store the entries of a document, or none of them if it turns out to be malformed."""
    refusals: list[Refusal] = []
    left_out = cut = 0

    def entries() -> Iterator[Entry]:
        nonlocal left_out, cut
        for parsed in _guarded(source, lambda: source.parse(document, now.date())):
            if isinstance(parsed, Refusal):
                if parsed.is_left_out:
                    left_out += 1
                else:
                    refusals.append(parsed)
                continue
            entry = within_limits(parsed)
            cut += entry is not parsed
            yield entry

    for change, number in store.papers.add_all(entries(), now, document.place).items():
        tally.changes[change] += number
    if refusals:
        with store.transaction():
            tally.refusals += store.pulls.refused_first(tally.source, refusals, now)
    tally.left_out += left_out
    tally.cut += cut


def _guarded(source: Source, steps: Callable[[], Iterable[T]]) -> Iterator[T]:
    """Yield what a source yields; a bug in its code becomes a SourceError of this source alone."""
    try:
        yield from steps()
    except NewsletterError:
        raise
    except Exception as error:
        raise SourceError(
            f"{source.name}: {type(error).__name__}: {error}", hint="bug in this source plugin"
        ) from error


def _collected(documents: Iterable[Document], tally: _Tally) -> list[Document]:
    """Fetch all documents, up to a failure."""
    collected = []
    try:
        for document in documents:
            collected.append(document)  # noqa: PERF402 - those before a failure count
    except SourceError as error:
        tally.error = str(error)
    return collected
