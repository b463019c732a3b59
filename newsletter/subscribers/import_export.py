"""Import subscribers from CSV and export them to it, up to millions of rows; report each row that is not valid.

An export has every field of a profile and the state of the subscription, and is read back as it was. Tables of other
programs are read by the names of their columns, and so is a file of addresses alone, one per line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice

from newsletter.addresses import email_key, parse_address
from newsletter.errors import ConfigError, ProfileError
from newsletter.models import Profile, Refusal, Status, Subscriber, Topic
from newsletter.profile import PROFILE_FIELDS
from newsletter.store import Store
from newsletter.store.subscribers import Person, SubscriptionState
from newsletter.subscribers.csv_rows import Rows, as_latin_1, has_other_bytes
from newsletter.subscribers.import_columns import COLUMNS, Columns, find_columns, state
from newsletter.subscribers.profiles import make_profile, profile_fields, profile_texts
from newsletter.subscribers.subscriptions import COMMAND_LINE, catalogue
from newsletter.text import squeeze

#: The fields that hold several values, one per line of a cell.
_LIST_FIELDS = tuple(name for name, one in PROFILE_FIELDS.items() if one.type.is_list)
#: How many rows are stored in one transaction.
_BATCH = 10_000
#: How many different profiles are cached.
_CACHED = 1000
#: Spreadsheets take a cell with such a beginning for a formula, unless an apostrophe precedes it (CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
#: Matches only valid addresses in their normal form, which need no slower check.
_PLAIN_EMAIL = re.compile(
    r"(?=.{3,200}\Z)(?=[^@]{1,64}@)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9]|-(?!-)){0,60}(?<!-)\.)+[a-z]{2,20}\Z",
    re.ASCII,
)


@dataclass
class ImportReport:
    """What became of the rows of a file, counted."""

    added: int = 0
    #: Subscribed already, or twice in the file: nothing changed.
    known: int = 0
    #: Suppressed (unsubscribed, bounced or complained), here or by the file: not to be mailed.
    suppressed: int = 0
    #: Not valid.
    refused: int = 0
    #: What the operator should know of the file: ignored columns, an encoding.
    warnings: list[str] = field(default_factory=list)

    @property
    def read(self) -> int:
        """The number of rows read so far."""
        return self.added + self.known + self.suppressed + self.refused


@dataclass
class _RowParser:
    """Parses rows; caches profiles and standings, since many rows have the same."""

    columns: Columns
    width: int
    base: Profile
    topics: Mapping[str, Topic]
    now: datetime
    report: ImportReport
    _profiles: dict[tuple[str, ...], Profile] = field(default_factory=dict)
    _states: dict[tuple[str, ...], SubscriptionState | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ours = self.columns.ours
        self._email = ours["email"]
        self._names = (ours["name"],) if "name" in ours else self.columns.names
        self._profile_names = [name for name in PROFILE_FIELDS if name in ours]
        self._profile_cells = [ours[name] for name in self._profile_names]
        self._standing_cells = self.columns.of_state

    def people(self, rows: Rows, first: Sequence[list[str]]) -> Iterator[Person | Refusal]:
        """Yield the person of each row: first of the rows in `first`, then of those left."""
        cells_of = chain(first, rows)
        while True:
            try:
                cells = next(cells_of)
                joined = "".join(cells)
                if not joined:
                    continue
                if not joined.isascii() and has_other_bytes(joined):
                    cells = self._latin_1(cells, rows.place)
                found: Person | Refusal = self.person(cells)
            except StopIteration:
                return
            except ProfileError as error:
                found = Refusal(rows.place, str(error))
            yield found

    def _latin_1(self, cells: list[str], place: str) -> list[str]:
        if has_other_bytes(cells[self._email] if self._email < len(cells) else ""):
            raise ProfileError("email: not UTF-8")
        warning = "some text is not UTF-8, and was taken for Latin-1"
        if not any(one.endswith(warning) for one in self.report.warnings):
            self.report.warnings.append(f"{place}: {warning}")
        return [as_latin_1(cell) if has_other_bytes(cell) else cell for cell in cells]

    def person(self, cells: list[str]) -> Person:
        """Return the person of a row.

        Raises:
            ProfileError: There are too many cells, or one of them is not valid.
        """
        missing = self.width - len(cells)
        if missing < 0:
            if any(cells[self.width :]):
                raise ProfileError(f"too many cells: {len(cells)} in {self.width} columns")
            cells = cells[: self.width]
        if missing > 0:
            cells = cells + [""] * missing
        email, name = cells[self._email], ""
        if _PLAIN_EMAIL.match(email):
            key = email_key(email)
        else:
            email, name = self._address(email)
            key = email_key(email)
        if self._names:
            name = squeeze(" ".join([_unquoted(cells[at]) for at in self._names])) or name
        texts = tuple([cells[at] for at in self._profile_cells])
        profile = self._profiles.get(texts) or self._profile(texts)
        if not self._standing_cells:
            return email, key, name, profile, None
        given = tuple([cells[at] for at in self._standing_cells])
        if given not in self._states:
            if len(self._states) >= _CACHED:
                self._states.clear()
            self._states[given] = state(self.columns, [*map(_unquoted, cells)], self.now)
        return email, key, name, profile, self._states[given]

    def _address(self, cell: str) -> tuple[str, str]:
        """Return the address in a cell and the name before it, as in "Ann <ann@example.org>"."""
        text, name = _unquoted(cell).strip().removeprefix("mailto:"), ""
        if text.endswith(">") and "<" in text:
            before, _, text = text[:-1].rpartition("<")
            name = squeeze(before.strip().strip('"'))
        if not text:
            raise ProfileError("email: missing")
        return parse_address(text), name

    def _profile(self, cells: tuple[str, ...]) -> Profile:
        row = {name: _unquoted(cell) for name, cell in zip(self._profile_names, cells, strict=True)}
        row |= {name: _one_per_line(row[name]) for name in _LIST_FIELDS if name in row}
        if len(self._profiles) >= _CACHED:
            self._profiles.clear()
        self._profiles[cells] = make_profile(profile_fields(row), self.topics, self.base)
        return self._profiles[cells]


def _one_per_line(cell: str) -> str:
    """Return a cell of several values with one per line; on a single line, ";" or "|" separates them."""
    if "\n" in cell:
        return cell
    parts = cell.split('"')
    parts[::2] = [part.replace(";", "\n").replace("|", "\n") for part in parts[::2]]
    return '"'.join(parts)


def import_people(
    store: Store,
    lines: Iterable[str],
    place: str,
    now: datetime,
    base: Profile,
    *,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    refuse: Callable[[Refusal], object] = lambda _refusal: None,
    tell: Callable[[int], object] = lambda _rows: None,
) -> ImportReport:
    """Add the people in the lines of a CSV file; suppressed addresses are not added.

    Subscribers stay unchanged, except that those who unsubscribed according to the file are unsubscribed here, too.

    `lines` may have surrogates for bytes that are not UTF-8 (`surrogateescape`). Fields that a row leaves empty are as
    in `base`. `mapping` has the columns that the operator named, by our names. `refuse` is called with each row that
    is not valid, `tell` with the number of rows read so far.

    Raises:
        ConfigError: The first line is neither an address nor a header with a column of addresses.
    """
    rows, report = Rows(lines, place), ImportReport()
    columns, width, first = _header(rows, place, mapping or {})
    if columns.ignored:
        report.warnings.append(f"{place}: ignored columns: {', '.join(columns.ignored)}")
    parser = _RowParser(columns, width, base, catalogue(store), now, report)
    people = parser.people(rows, first)
    while batch := list(islice(people, _BATCH)):
        by_key: dict[str, Person] = {}
        for found in batch:
            if isinstance(found, Refusal):
                report.refused += 1
                refuse(found)
            elif (one := by_key.setdefault(found[1], found)) is not found:
                report.known += 1
                if _is_ended(found) and not _is_ended(one):
                    by_key[found[1]] = found
        _store(store, by_key, now, report, dry_run=dry_run)
        tell(report.read)
    return report


def _is_ended(person: Person) -> bool:
    given = person[4]
    return given is not None and (given.status is Status.UNSUBSCRIBED or given.reason is not None)


def _store(store: Store, people: Mapping[str, Person], now: datetime, report: ImportReport, *, dry_run: bool) -> None:
    with store.transaction():
        known, suppressed = store.subscribers.known_keys(people)
        new = [person for key, person in people.items() if key not in known and key not in suppressed]
        ending = [person for key, person in people.items() if key in known and _is_ended(person)]
        if not dry_run:
            store.subscribers.add_many(new, COMMAND_LINE, now)
            store.subscribers.end_many(ending)
    ended = sum(map(_is_ended, new))
    report.known += len(known) - len(ending)
    report.suppressed += len(suppressed) + len(ending) + ended
    report.added += len(new) - ended


def _header(
    rows: Rows, place: str, mapping: Mapping[str, str], reasons: Sequence[str] = ()
) -> tuple[Columns, int, list[list[str]]]:
    """Return the columns of a file, how many it has, and its first row if that is an address instead of a header."""
    if rows.is_plain and not mapping:
        return Columns({"email": 0}, (), {}, {}, ()), 1, []
    try:
        first = next((cells for cells in rows if any(map(str.strip, cells))), None)
    except ProfileError as error:
        raise ConfigError(f"{place}, line 1: {error.message}") from error
    if first is None:
        return Columns({"email": 0}, (), {}, {}, ()), 1, []
    columns = find_columns(first, mapping, reasons)
    if columns is None and len(first) == 2 and "@" in first[0]:
        return Columns({"email": 0, "name": 1}, (), {}, {}, ()), 2, [first]
    if columns is None:
        raise ConfigError(
            f"{place}, line 1: missing column: email",
            hint=f"known columns: {', '.join(COLUMNS)}; name another with --map email=COLUMN",
        )
    return columns, len(first), []


# -- export ------------------------------------------------------------------------------------------


def export_rows(
    people: Iterable[Subscriber], suppressions: Mapping[str, tuple[str, str]] | None = None
) -> Iterator[list[str]]:
    """Yield the header and a row for each subscriber, as `import_people` reads them.

    `suppressions` has reason and time by `email_key`.
    """
    yield [*COLUMNS]
    for one in people:
        values = {"email": one.email, "name": one.name, **profile_texts(one.profile)}
        for name in _LIST_FIELDS:
            # A line end says that one line is one value, whatever separators it has.
            values[name] += "\n" if set(values[name]) & {";", "|"} and "\n" not in values[name] else ""
        reason, at = (suppressions or {}).get(email_key(one.email), ("", ""))
        values |= {"status": one.status.value, "suppressed": reason, "suppressed_at": at}
        values |= {"subscribed_at": one.subscribed_at.isoformat(), "status_at": one.status_at.isoformat()}
        values |= {"paused_until": one.paused_until.isoformat() if one.paused_until else ""}
        yield [_quoted(values[name]) for name in COLUMNS]


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
    columns, width, first = _header(rows, place, mapping or {}, ("reason", "suppression_reason"))
    # Whatever status a row has, it is suppressed: only the address, the reason and its time are read.
    names = {name: at for name, at in columns.ours.items() if name in ("email", "suppressed", "suppressed_at")}
    only = Columns(names, (), {}, {}, columns.ignored)
    people = _RowParser(only, width, Profile(), {}, now, report).people(rows, first)
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
            suppressed = store.subscribers.suppressed_keys(entries)
            store.subscribers.suppress_many((key, *entry) for key, entry in entries.items())
        report.known += len(suppressed)
        report.added += len(entries) - len(suppressed)
    return report


def suppression_rows(store: Store) -> Iterator[list[str]]:
    """Yield the header and a row for each suppressed address, as `import_suppressions` reads them."""
    yield ["email", "reason", "suppressed_at"]
    for entry in store.subscribers.suppression_entries():
        yield [*map(_quoted, entry)]


def suppressions_of(store: Store) -> dict[str, tuple[str, str]]:
    """Return reason and time of each suppression, by `email_key`."""
    return {key: (reason, at) for key, reason, at in store.subscribers.suppression_entries()}


def _quoted(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
