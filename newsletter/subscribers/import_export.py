"""Import subscribers from CSV and export them to it, up to millions of rows; report each row that is not valid.

The columns are the address and fields of a profile; a cell of topics has one per line. A file of addresses alone, one
per line, is accepted, too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import Any

from newsletter.addresses import email_key, parse_address
from newsletter.errors import ConfigError, ProfileError
from newsletter.models import Profile, Refusal, Subscriber, Topic
from newsletter.store import Store
from newsletter.store.subscribers import Person
from newsletter.subscribers.profiles import NUMBER_FIELDS, TEXT_FIELDS, WEEKDAYS, make_profile, profile_fields
from newsletter.subscribers.subscriptions import COMMAND_LINE, catalogue
from newsletter.text import squeeze
from newsletter.topics.topic import topic_line

COLUMNS = ("email", "name", "topics", *TEXT_FIELDS, *NUMBER_FIELDS)
#: How many rows are stored in one transaction.
_BATCH = 10_000
#: How many different profiles are cached.
_CACHED = 1000
_MAX_CELL_LENGTH = 100_000
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
    #: Suppressed (unsubscribed, bounced or complained): not added.
    unwanted: int = 0
    #: Not valid.
    refused: int = 0

    @property
    def read(self) -> int:
        """The number of rows read so far."""
        return self.added + self.known + self.unwanted + self.refused


@dataclass
class _RowParser:
    """Parses rows; caches profiles, since many rows have the same."""

    columns: Sequence[str]
    base: Profile
    topics: Mapping[str, Topic]
    _profiles: dict[tuple[str, ...], Profile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._email = self.columns.index("email")
        self._name = self.columns.index("name") if "name" in self.columns else -1
        self._profile_cells = [
            at for at, name in enumerate(self.columns) if name in (*TEXT_FIELDS, *NUMBER_FIELDS, "topics")
        ]

    def people(self, rows: Any, first: Sequence[list[str]], place: str) -> Iterator[Person | Refusal]:
        """Yield the person of each row: first of the rows in `first`, then of those left in the `csv.reader`."""
        cells_of = chain(first, rows)
        while True:
            try:
                cells = next(cells_of)
                joined = "".join(cells)
                if not joined:
                    continue
                if not joined.isascii():
                    _check_is_utf8(joined)
                found: Person | Refusal = self.person(cells)
            except StopIteration:
                return
            except csv.Error as error:
                found = Refusal(f"{place}, line {rows.line_num}", f"not valid CSV: {error}")
            except ProfileError as error:
                found = Refusal(f"{place}, line {rows.line_num}", str(error))
            yield found

    def person(self, cells: list[str]) -> Person:
        """Return the person of a row.

        Raises:
            ProfileError: There are too many cells, or one of them is not valid.
        """
        missing = len(self.columns) - len(cells)
        if missing < 0:
            raise ProfileError(f"too many cells: {len(cells)} in {len(self.columns)} columns")
        if missing:
            cells = cells + [""] * missing
        email = cells[self._email]
        if _PLAIN_EMAIL.match(email):
            key = email_key(email)
        else:
            email = _unquoted(email).strip()
            if not email:
                raise ProfileError("email: missing")
            email = parse_address(email)
            key = email_key(email)
        name = squeeze(_unquoted(cells[self._name])) if self._name >= 0 else ""
        texts = tuple([cells[at] for at in self._profile_cells])
        return email, key, name, self._profiles.get(texts) or self._profile(texts)

    def _profile(self, cells: tuple[str, ...]) -> Profile:
        row = {self.columns[at]: _unquoted(cell) for at, cell in zip(self._profile_cells, cells, strict=True)}
        if len(self._profiles) >= _CACHED:
            self._profiles.clear()
        self._profiles[cells] = make_profile(profile_fields(row), self.topics, self.base)
        return self._profiles[cells]


def _check_is_utf8(text: str) -> None:
    if any("\udc80" <= character <= "\udcff" for character in text):
        raise ProfileError("not UTF-8")


def import_people(
    store: Store,
    lines: Iterable[str],
    place: str,
    now: datetime,
    base: Profile,
    *,
    dry_run: bool = False,
    refuse: Callable[[Refusal], object] = lambda _refusal: None,
    tell: Callable[[int], object] = lambda _rows: None,
) -> ImportReport:
    """Add the people in the lines of a CSV file; subscribers stay unchanged, and suppressed addresses are not added.

    `lines` may have surrogates for bytes that are not UTF-8 (`surrogateescape`). Fields that a row leaves empty are as
    in `base`. `refuse` is called with each row that is not valid, `tell` with the number of rows read so far.

    Raises:
        ConfigError: The first line is neither an address nor a header with known columns.
    """
    csv.field_size_limit(_MAX_CELL_LENGTH)
    rows = csv.reader(lines)
    columns, first = _header(rows, place)
    parser, report = _RowParser(columns, base, catalogue(store)), ImportReport()
    people = parser.people(rows, first, place)
    while batch := list(islice(people, _BATCH)):
        by_key: dict[str, Person] = {}
        for found in batch:
            if isinstance(found, Refusal):
                report.refused += 1
                refuse(found)
            elif by_key.setdefault(found[1], found) is not found:
                report.known += 1
        _store(store, by_key, now, report, dry_run=dry_run)
        tell(report.read)
    return report


def _store(store: Store, people: Mapping[str, Person], now: datetime, report: ImportReport, *, dry_run: bool) -> None:
    with store.transaction():
        known, suppressed = store.subscribers.known_keys(people)
        new = [person for key, person in people.items() if key not in known and key not in suppressed]
        if not dry_run:
            store.subscribers.add_many(new, COMMAND_LINE, now)
    report.known += len(known)
    report.unwanted += len(suppressed)
    report.added += len(new)


def _header(rows: Iterator[list[str]], place: str) -> tuple[Sequence[str], list[list[str]]]:
    """Return the columns of a file, and its first row if that is an address instead of a header."""
    first = next((cells for cells in rows if any(map(str.strip, cells))), None)
    if first is None:
        return ("email",), []
    names = [cell.strip().casefold().replace(" ", "_") for cell in first]
    if "email" not in names and len(first) == 1 and "@" in first[0]:
        return ("email",), [first]
    if "email" not in names:
        raise ConfigError(f"{place}, line 1: missing column: email", hint=f"known columns: {', '.join(COLUMNS)}")
    if unknown := next((name for name in names if name not in (*COLUMNS, *_IGNORED)), None):
        raise ConfigError(f"{place}, line 1: unknown column: {unknown}", hint=f"known columns: {', '.join(COLUMNS)}")
    return names, []


#: Columns of an export that an import ignores.
_IGNORED = ("status", "subscribed_at")


# -- export ------------------------------------------------------------------------------------------


def export_rows(people: Iterable[Subscriber]) -> Iterator[list[str]]:
    """Yield the header and a row for each subscriber, as `import_people` reads them."""
    yield [*COLUMNS, *_IGNORED]
    for one in people:
        profile = one.profile
        values = {name: str(getattr(profile, name)) for name in (*TEXT_FIELDS, *NUMBER_FIELDS)}
        values |= {"email": one.email, "name": one.name, "weekday": WEEKDAYS[profile.weekday]}
        values |= {"topics": "\n".join(map(topic_line, profile.topics))}
        values |= {"status": one.status.value, "subscribed_at": one.subscribed_at.isoformat()}
        yield [_quoted(values[name]) for name in (*COLUMNS, *_IGNORED)]


def _quoted(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
