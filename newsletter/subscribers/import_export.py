"""Import subscribers from CSV and export them to it, up to millions of rows; report each row that is not valid.

An export has every field of a profile, the state of the subscription and the feedback, and is read back as it was.
Tables of other programs are read by the names of their columns, and so is a file of addresses alone, one per line.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import cast

from newsletter.models import Profile, Refusal, Status, Subscriber
from newsletter.models.addresses import email_key
from newsletter.models.profile import LIST_FIELDS, PROFILE_FIELDS
from newsletter.store import Store
from newsletter.store.subscribers import Person
from newsletter.subscribers.csv_rows import Rows
from newsletter.subscribers.double_opt_in import invite
from newsletter.subscribers.feedback_cell import feedback_cell, store_feedback
from newsletter.subscribers.import_columns import COLUMNS, FEEDBACK, TAGS, Columns
from newsletter.subscribers.import_rows import RowParser, quoted, read_header
from newsletter.subscribers.import_start import Start
from newsletter.subscribers.profiles import make_profile, profile_fields, profile_texts
from newsletter.subscribers.subscriptions import COMMAND_LINE, FILE, catalogue

#: How many rows are stored in one transaction.
_BATCH = 10_000


@dataclass
class ImportReport:
    """What became of the rows of a file, counted."""

    added: int = 0
    #: Subscribed already, or twice in the file.
    known: int = 0
    #: Suppressed (unsubscribed, bounced or complained), here or by the file: not to be mailed.
    suppressed: int = 0
    #: Not valid.
    refused: int = 0
    #: Those of `known` whose name or profile was changed.
    changed: int = 0
    #: Those of `added` who were asked to confirm.
    asked: int = 0
    #: The last day on which any of `added` begins; None if all begin today.
    last_start: date | None = None
    #: What the operator should know of the file: ignored columns, an encoding.
    warnings: list[str] = field(default_factory=list)

    @property
    def read(self) -> int:
        """The number of rows read so far."""
        return self.added + self.known + self.suppressed + self.refused


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A difference between an existing subscriber and a row, both as text."""

    email: str
    field: str
    old: str
    new: str

    def __str__(self) -> str:
        old, new = (" | ".join(one.splitlines()) or '""' for one in (self.old, self.new))
        return f"{self.email}: {self.field}: {old} → {new}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How an import treats people."""

    #: Our name → the column that has it, as the operator named it.
    mapping: Mapping[str, str] = field(default_factory=dict)
    start: Start = field(default_factory=Start)
    #: Change the name and profile of existing subscribers; else they stay as they are.
    update: bool = False
    #: Given to everybody in the file who is a subscriber then, beside the tags of their rows.
    tags: tuple[str, ...] = ()
    dry_run: bool = False


def import_people(
    store: Store,
    lines: Iterable[str],
    place: str,
    now: datetime,
    base: Profile,
    *,
    options: ImportOptions = ImportOptions(),
    refuse: Callable[[Refusal], object] = lambda _refusal: None,
    show: Callable[[FieldChange], object] | None = None,
    count: Callable[[int], object] = lambda _rows: None,
) -> ImportReport:
    """Add the people in the lines of a CSV file; suppressed addresses are not added.

    Subscribers stay unchanged, except that those who unsubscribed according to the file are unsubscribed here, too, and
    with `options.update`.

    `lines` may have surrogates for bytes that are not UTF-8 (`surrogateescape`). Fields that a row leaves empty are as
    in `base`. `refuse` is called with each row that is not valid, `show` with each field in which a row differs from an
    existing subscriber, `count` with the number of rows read so far.

    Raises:
        ConfigError: The first line is neither an address nor a header with a column of addresses.
    """
    rows, report = Rows(lines, place), ImportReport()
    columns, width, first = read_header(rows, place, options.mapping, report.warnings)
    parser = RowParser(rows, columns, width, base, catalogue(store), now, report.warnings)
    parser.given = {} if options.update or show else None
    writer = _Writer(store, parser, now, report, options, show)
    batch: dict[str, Person] = {}
    with _rare_collections():
        for block in parser.blocks(first):
            _merge(block, batch, report, refuse)
            if len(batch) >= _BATCH:
                writer.write(batch)
                batch.clear()
                count(report.read)
        writer.write(batch)
    count(report.read)
    return report


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the garbage collector look after each batch or so: rows make no cycles, and it took a tenth of the time."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _BATCH) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _merge(
    block: Sequence[Person | Refusal],
    batch: dict[str, Person],
    report: ImportReport,
    refuse: Callable[[Refusal], object],
) -> None:
    """Add the people of a block to those of a batch, by `email_key`: the first of a key, or one who ended it."""
    people = cast("list[Person]", [one for one in block if type(one) is tuple])
    if len(people) < len(block):
        for refusal in block:
            if isinstance(refusal, Refusal):
                report.refused += 1
                refuse(refusal)
    by_key = {person[1]: person for person in people}
    if len(by_key) == len(people) and batch.keys().isdisjoint(by_key):
        batch |= by_key
        return
    for person in people:
        if (one := batch.setdefault(person[1], person)) is not person:
            report.known += 1
            if _is_ended(person) and not _is_ended(one):
                batch[person[1]] = person


def _is_ended(person: Person) -> bool:
    given = person[4]
    return given is not None and (given.status is Status.UNSUBSCRIBED or given.reason is not None)


def _is_active(person: Person) -> bool:
    given = person[4]
    return given is None or (given.status is Status.ACTIVE and given.reason is None)


@dataclass
class _Writer:
    """Stores the people of a file, batch by batch."""

    store: Store
    parser: RowParser
    now: datetime
    report: ImportReport
    options: ImportOptions
    show: Callable[[FieldChange], object] | None
    #: How many of the people before were new and active.
    _begun: int = 0

    def write(self, people: Mapping[str, Person]) -> None:
        """Store those who are new, and what the file says of the others."""
        if not people:
            return
        subscribers, report = self.store.subscribers, self.report
        with self.store.transaction():
            known, suppressed = subscribers.known_keys(people)
            new = [person for key, person in people.items() if key not in known and key not in suppressed]
            ending = [person for key, person in people.items() if key in known and _is_ended(person)]
            report.known += len(known) - len(ending)
            report.suppressed += len(suppressed) + len(ending)
            if self.parser.given is not None:
                self._compare({key: people[key] for key in known})
                self.parser.given.clear()
            if not self.options.dry_run:
                subscribers.end_many(ending)
            self._add(new)
            if not self.options.dry_run:
                self._tag(new, known)
        self.parser.feedback.clear()
        self.parser.tags.clear()

    def _tag(self, new: Sequence[Person], known: Collection[str]) -> None:
        """Give the tags of rows to new people, and with `update` to existing ones; those of the import to all."""
        keys = {person[1] for person in new} if self.parser.tags or self.options.tags else set()
        rows = keys | {*known} if self.options.update else keys
        wanted = {key: tags for key, tags in self.parser.tags.items() if key in rows}
        if self.options.tags:
            everybody = keys | {*known}
            wanted = {key: (*wanted.get(key, ()), *self.options.tags) for key in everybody}
        if wanted:
            found = self.store.subscribers.of_keys(wanted)
            self.store.tags.add((one.id, tag) for key, one in found.items() for tag in wanted[key])

    def _add(self, people: list[Person]) -> None:
        active = [person for person in people if person[4] is None or _is_active(person)]
        others = [person for person in people if person[4] is not None and not _is_active(person)]
        ended = sum(map(_is_ended, others))
        self.report.suppressed += ended
        self.report.added += len(people) - ended
        start, number = self.options.start, self._begun
        self._begun += len(active)
        if active and (last := start.date_of(self._begun - 1, self.now.date())) > self.now.date():
            self.report.last_start = last
        if start.confirm:
            self._invite(active, number)
            active = []
        if self.options.dry_run:
            return
        new = others + start.apply(active, number, self.now)
        self.store.subscribers.add_many(new, COMMAND_LINE, self.now)
        if self.parser.feedback:
            added = self.store.subscribers.of_keys(key for _, key, *_ in new if key in self.parser.feedback)
            for key, subscriber in added.items():
                store_feedback(self.store, subscriber.id, self.parser.feedback[key])

    def _invite(self, people: list[Person], number: int) -> None:
        for n, (email, key, name, profile, _) in enumerate(people, number):
            at = self.options.start.moment_of(n, self.now)
            if self.options.dry_run or invite(
                self.store, email, name, profile, at, (*self.parser.tags.get(key, ()), *self.options.tags)
            ):
                self.report.asked += 1
            else:
                self.report.added -= 1
                self.report.known += 1

    def _compare(self, people: Mapping[str, Person]) -> None:
        """Show how rows differ from existing subscribers, and change these if that is asked for."""
        for key, subscriber in self.store.subscribers.of_keys(people).items():
            person = people[key]
            changes = list(self._changes(subscriber, person, self._given(key)))
            if self.show:
                for change in changes:
                    self.show(change)
            if not self.options.update or _is_ended(person) or subscriber.origin.startswith(FILE):
                continue
            if not any(change.field != "status" for change in changes):
                continue
            self.report.changed += 1
            if not self.options.dry_run:
                profile = self._profile_of(subscriber, self._given(key))
                self.store.subscribers.update_profile(
                    subscriber.id, person[2] or subscriber.name, profile, subscriber.origin, self.now
                )

    def _changes(self, subscriber: Subscriber, person: Person, given: Mapping[str, str]) -> Iterator[FieldChange]:
        email = subscriber.email
        if _is_ended(person) and subscriber.status is not Status.UNSUBSCRIBED:
            state = person[4]
            is_unsubscribed = state is not None and state.status is Status.UNSUBSCRIBED
            new = Status.UNSUBSCRIBED.value if is_unsubscribed else "suppressed"
            yield FieldChange(email, "status", subscriber.status.value, new)
        if person[2] and person[2] != subscriber.name:
            yield FieldChange(email, "name", subscriber.name, person[2])
        old, new_texts = profile_texts(subscriber.profile), profile_texts(self._profile_of(subscriber, given))
        for name in PROFILE_FIELDS:
            if old[name] != new_texts[name]:
                yield FieldChange(email, name, old[name], new_texts[name])

    def _given(self, key: str) -> dict[str, str]:
        """Return our fields in the row of somebody."""
        given = self.parser.given or {}
        return self.parser.fields(given[key]) if key in given else {}

    def _profile_of(self, subscriber: Subscriber, given: Mapping[str, str]) -> Profile:
        return make_profile(profile_fields(given), self.parser.topics, subscriber.profile)


# -- export ------------------------------------------------------------------------------------------


def export_rows(
    people: Iterable[Subscriber],
    suppressions: Mapping[str, tuple[str, str]] | None = None,
    feedback: Callable[[Subscriber], str] = lambda _subscriber: "",
    tags: Mapping[int, Sequence[str]] | None = None,
) -> Iterator[list[str]]:
    """Yield the header and a row for each subscriber, as `import_people` reads them.

    `suppressions` has reason and time by `email_key`; `feedback` returns the cell with a subscriber's feedback; `tags`
    has tags by the ids.
    """
    yield [*COLUMNS]
    for one in people:
        values = {"email": one.email, "name": one.name, **profile_texts(one.profile)}
        for name in LIST_FIELDS:
            # A line end says that one line is one value, whatever separators it has.
            values[name] += "\n" if set(values[name]) & {";", "|"} and "\n" not in values[name] else ""
        reason, at = (suppressions or {}).get(email_key(one.email), ("", ""))
        values |= {"status": one.status.value, "suppressed": reason, "suppressed_at": at}
        values |= {"subscribed_at": one.subscribed_at.isoformat(), "status_at": one.status_at.isoformat()}
        values |= {"paused_until": one.paused_until.isoformat() if one.paused_until else ""}
        values |= {TAGS: "; ".join((tags or {}).get(one.id, ())), FEEDBACK: feedback(one)}
        yield [quoted(values[name]) for name in COLUMNS]


def exported_rows(store: Store) -> Iterator[list[str]]:
    """Yield the header and a row for each subscriber of a store, with suppressions and feedback."""
    givers = store.feedback.givers()

    def feedback(one: Subscriber) -> str:
        return feedback_cell(store.feedback.given(one.id)) if one.id in givers else ""

    return export_rows(store.subscribers.each(), suppressions_of(store), feedback, store.tags.all())


def import_suppressions(
    store: Store,
    lines: Iterable[str],
    place: str,
    now: datetime,
    reason: str,
    *,
    mapping: Mapping[str, str] | None = None,
    refuse: Callable[[Refusal], object] = lambda _refusal: None,
) -> ImportReport:
    """Suppress every address in the lines of a CSV file, as `import_people` reads them, subscribed or not.

    `reason` is for rows that give none in a column `reason` or `suppressed`.

    Raises:
        ConfigError: The first line is neither an address nor a header with a column of addresses.
    """
    rows, report = Rows(lines, place), ImportReport()
    reasons = ("reason", "suppression_reason")
    columns, width, first = read_header(rows, place, mapping or {}, [], reasons)
    # Whatever status a row has, it is suppressed: only the address, the reason and its time are read.
    names = {name: at for name, at in columns.ours.items() if name in ("email", "suppressed", "suppressed_at")}
    only = Columns(names, (), {}, {}, columns.ignored)
    people = RowParser(rows, only, width, Profile(), {}, now, report.warnings).people(first)
    while batch := list(islice(people, _BATCH)):
        entries: dict[str, tuple[str, str]] = {}
        for found in batch:
            if isinstance(found, Refusal):
                report.refused += 1
                refuse(found)
                continue
            given = found[4]
            entry = (given.reason, given.suppressed_at) if given and given.reason else (reason, now.isoformat())
            if entries.setdefault(found[1], entry) is not entry:
                report.known += 1
        with store.transaction():
            suppressed = store.suppressions.suppressed_keys(entries)
            new = ((key, *entry) for key, entry in entries.items() if key not in suppressed)
            store.suppressions.suppress_many(new)
        report.known += len(suppressed)
        report.added += len(entries) - len(suppressed)
    return report


def suppression_rows(store: Store) -> Iterator[list[str]]:
    """Yield the header and a row for each suppressed address, as `import_suppressions` reads them."""
    yield ["email", "reason", "suppressed_at"]
    for entry in store.suppressions.entries():
        yield [*map(quoted, entry)]


def suppressions_of(store: Store) -> dict[str, tuple[str, str]]:
    """Return reason and time of each suppression, by `email_key`."""
    return {key: (reason, at) for key, reason, at in store.suppressions.entries()}
