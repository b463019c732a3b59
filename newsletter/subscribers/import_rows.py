"""The rows of a table of subscribers → people: address, name, profile, state and feedback of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from operator import itemgetter

from newsletter.errors import ConfigError, ProfileError
from newsletter.models import Profile, Refusal, Topic
from newsletter.models.addresses import ascii_key, email_key, parse_address
from newsletter.models.profile import LIST_FIELDS, PROFILE_FIELDS
from newsletter.store.feedback import GivenFeedback
from newsletter.store.subscribers import Person, SubscriptionState
from newsletter.subscribers.csv_rows import Rows, as_latin_1, has_other_bytes
from newsletter.subscribers.feedback_cell import read_feedback
from newsletter.subscribers.import_columns import COLUMNS, FEEDBACK, Columns, find_columns, state
from newsletter.subscribers.profiles import make_profile, profile_fields
from newsletter.text import squeeze

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
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*\Z", re.ASCII)
_MAX_LOCAL = 64
#: An address with a longer domain may be too long as a whole.
_MAX_CACHED_DOMAIN = 100
_LATIN_1 = "some text is not UTF-8, and was taken for Latin-1"


@dataclass
class RowParser:
    """Parses rows; caches profiles and states, since many rows have the same."""

    rows: Rows
    columns: Columns
    width: int
    base: Profile
    topics: Mapping[str, Topic]
    now: datetime
    #: What the operator should know of the file.
    warnings: list[str]
    #: The feedback in the rows read so far, by `email_key`; whoever stores it clears it.
    feedback: dict[str, list[GivenFeedback]] = field(default_factory=dict)
    #: Our fields with a value in the rows read so far, by `email_key`; None if nobody asks.
    given: dict[str, dict[str, str]] | None = None
    #: Domains of addresses that match `_PLAIN_EMAIL`.
    _domains: set[str] = field(default_factory=set)
    _profiles: dict[tuple[str, ...], Profile] = field(default_factory=dict)
    _states: dict[tuple[str, ...], SubscriptionState | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ours = self.columns.ours
        self._email = ours["email"]
        self._names = (ours["name"],) if "name" in ours else self.columns.names
        self._only_name = self._names[0] if len(self._names) == 1 else None
        self._profile_names = [name for name in PROFILE_FIELDS if name in ours]
        self._profile_cells = _cells_at([ours[name] for name in self._profile_names])
        self._state_cells = _cells_at(self.columns.of_state) if self.columns.of_state else None
        self._feedback = ours.get(FEEDBACK) if self.columns.is_ours else None

    def people(self, first: Sequence[list[str]]) -> Iterator[Person | Refusal]:
        """Yield the person of each row: first of the rows in `first`, then of those left."""
        rows, person = self.rows, self.person
        for cells in chain(first, rows):
            try:
                if isinstance(cells, ProfileError):
                    raise cells
                if not any(cells):
                    continue
                if not rows.is_ascii and has_other_bytes("".join(cells)):
                    cells = self._latin_1(cells)  # noqa: PLW2901
                found: Person | Refusal = person(cells)
            except ProfileError as error:
                found = Refusal(rows.place, str(error))
            yield found

    def _latin_1(self, cells: list[str]) -> list[str]:
        if has_other_bytes(cells[self._email] if self._email < len(cells) else ""):
            raise ProfileError("email: not UTF-8")
        if not any(one.endswith(_LATIN_1) for one in self.warnings):
            self.warnings.append(f"{self.rows.place}: {_LATIN_1}")
        return [as_latin_1(cell) if has_other_bytes(cell) else cell for cell in cells]

    def person(self, cells: list[str]) -> Person:
        """Return the person of a row.

        Raises:
            ProfileError: There are too many cells, or one of them is not valid.
        """
        if len(cells) != self.width:
            cells = self._as_wide(cells)
        email, name = cells[self._email], ""
        local, _, domain = email.rpartition("@")
        if domain in self._domains and len(local) <= _MAX_LOCAL and _PLAIN_LOCAL.match(local):
            key = ascii_key(email)
        else:
            email, name = self._checked(email, domain)
            key = email_key(email)
        if self._only_name is not None:
            name = squeeze(unquoted(cells[self._only_name])) or name
        elif self._names:
            name = squeeze(" ".join([unquoted(cells[at]) for at in self._names])) or name
        texts = self._profile_cells(cells)
        profile = self._profiles.get(texts) or self._profile(texts)
        if self.given is not None:
            self.given[key] = self._given(texts)
        if self._feedback is not None and cells[self._feedback]:
            self.feedback[key] = read_feedback(unquoted(cells[self._feedback]), self.now)
        return email, key, name, profile, self._state(cells) if self._state_cells else None

    def _state(self, cells: list[str]) -> SubscriptionState | None:
        given = self._state_cells(cells) if self._state_cells else ()
        if given not in self._states:
            if len(self._states) >= _CACHED:
                self._states.clear()
            self._states[given] = state(self.columns, [*map(unquoted, cells)], self.now)
        return self._states[given]

    def _as_wide(self, cells: list[str]) -> list[str]:
        """Return as many cells as there are columns."""
        if any(cells[self.width :]):
            raise ProfileError(f"too many cells: {len(cells)} in {self.width} columns")
        return cells[: self.width] + [""] * (self.width - len(cells))

    def _checked(self, cell: str, domain: str) -> tuple[str, str]:
        """Return the address in a cell and the name before it; remember the domain of a plain one."""
        if not _PLAIN_EMAIL.match(cell):
            return self._address(cell)
        if len(self._domains) < _CACHED and len(domain) <= _MAX_CACHED_DOMAIN:
            self._domains.add(domain)
        return cell, ""

    def _address(self, cell: str) -> tuple[str, str]:
        """Return the address in a cell and the name before it, as in "Ann <ann@example.org>"."""
        text, name = unquoted(cell).strip().removeprefix("mailto:"), ""
        if text.endswith(">") and "<" in text:
            before, _, text = text[:-1].rpartition("<")
            name = squeeze(before.strip().strip('"'))
        if not text:
            raise ProfileError("email: missing")
        # Only an operator can have given a subscriber a domain without a dot.
        return parse_address(text, allow_local=self.columns.is_ours), name

    def _profile(self, cells: tuple[str, ...]) -> Profile:
        if len(self._profiles) >= _CACHED:
            self._profiles.clear()
        self._profiles[cells] = make_profile(profile_fields(self._given(cells)), self.topics, self.base)
        return self._profiles[cells]

    def _given(self, cells: tuple[str, ...]) -> dict[str, str]:
        """Return the texts of the fields of a profile that a row has."""
        row = {name: unquoted(cell) for name, cell in zip(self._profile_names, cells, strict=True) if cell.strip()}
        return row | {name: _one_per_line(row[name]) for name in LIST_FIELDS if name in row}


def _cells_at(positions: Sequence[int]) -> Callable[[list[str]], tuple[str, ...]]:
    """Return the function that picks these cells of a row."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda cells: tuple([cells[at] for at in positions])


def _one_per_line(cell: str) -> str:
    """Return a cell of several values with one per line; on a single line, ";" or "|" separates them."""
    if "\n" in cell:
        return cell
    parts = cell.split('"')
    parts[::2] = [part.replace(";", "\n").replace("|", "\n") for part in parts[::2]]
    return '"'.join(parts)


def read_header(
    rows: Rows, place: str, mapping: Mapping[str, str], warnings: list[str], reasons: Sequence[str] = ()
) -> tuple[Columns, int, list[list[str]]]:
    """Return the columns of a file, how many it has, and its first row if that is an address instead of a header.

    Raises:
        ConfigError: The first line is neither an address nor a header with a column of addresses.
    """
    addresses_only = Columns({"email": 0}, (), {}, {}, ())
    if rows.is_plain and not mapping:
        return addresses_only, 1, []
    first = next((cells for cells in rows if isinstance(cells, ProfileError) or any(map(str.strip, cells))), None)
    if isinstance(first, ProfileError):
        raise ConfigError(f"{place}, line 1: {first.message}") from first
    if first is None:
        return addresses_only, 1, []
    first = [as_latin_1(cell) if has_other_bytes(cell) else cell for cell in first]
    columns = find_columns(first, mapping, reasons)
    if columns is None and len(first) == 2 and "@" in first[0]:
        return Columns({"email": 0, "name": 1}, (), {}, {}, ()), 2, [first]
    if columns is None:
        raise ConfigError(
            f"{place}, line 1: missing column: email",
            hint=f"known columns: {', '.join(COLUMNS)}; name another with --map email=COLUMN",
        )
    if columns.is_ours:
        rows.allow_long_cells()
    if columns.ignored:
        warnings.append(f"{place}: ignored columns: {', '.join(columns.ignored)}")
    return columns, len(first), []


def quoted(cell: str) -> str:
    """Return a cell as a spreadsheet does not take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def unquoted(cell: str) -> str:
    """Return the cell that `quoted` was given."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell
