"""The rows of a table of subscribers → people: address, name, profile, state and feedback of each.

A million rows are to take seconds. Most are plain, and are read in blocks, column by column; a row that is not plain is
read by itself, with the same result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, repeat
from typing import TypeVar, cast
from unicodedata import is_normalized

from newsletter.errors import ConfigError, ProfileError, RequestError
from newsletter.models import Profile, Refusal, Topic
from newsletter.models.addresses import ascii_key, email_key, parse_address
from newsletter.models.profile import LIST_FIELDS, PROFILE_FIELDS
from newsletter.store.feedback import GivenFeedback
from newsletter.store.subscribers import Person, SubscriptionState
from newsletter.subscribers.csv_rows import Row, Rows, as_latin_1, has_nothing, has_other_bytes
from newsletter.subscribers.feedback_cell import read_feedback
from newsletter.subscribers.import_columns import COLUMNS, FEEDBACK, TAGS, Columns, find_columns, state
from newsletter.subscribers.profiles import make_profile, profile_fields
from newsletter.subscribers.tags import read_tags
from newsletter.text import squeeze

#: How many different profiles and states are cached, and how many domains.
_CACHED = 1000
_MAX_DOMAINS = 100_000
#: Spreadsheets take a cell with such a beginning for a formula, unless an apostrophe precedes it (CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
#: Matches only valid addresses in their normal form, which need no slower check.
_PLAIN_EMAIL = re.compile(
    r"(?=.{3,200}\Z)(?=[^@]{1,64}@)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9]|-(?!-)){0,60}(?<!-)\.)+[a-z]{2,20}\Z",
    re.ASCII,
)
_PLAIN_LOCALS = re.compile(r"[A-Za-z0-9_+-]+(?:[.\n][A-Za-z0-9_+-]+)*\Z", re.ASCII)
_MAX_LOCAL = 64
#: The name in a comment, as before RFC 822 and still allowed (RFC 5322, section 3.4): "ann@example.org (Ann)".
_COMMENT = re.compile(r"([^\s()<>]+@[^\s()<>]+)\s*\(([^()]*)\)")
#: An address with a longer domain may be too long as a whole.
_MAX_CACHED_DOMAIN = 100
#: What a cell has that needs to be cleaned, where "|" is between cells.
_TO_CLEAN = ("  ", "| ", " |", "|'")
#: A block that is not plain is not divided into parts of fewer rows than this.
_FEW = 16
_NO_TAGS = "some cells hold no tags as they are here, and were left out"
_LATIN_1 = "some text is not UTF-8, and was taken for Latin-1"

T = TypeVar("T")
#: Some cells of a row, or all of a column.
Cells = tuple[str, ...]


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
    #: The tags in the rows read so far, by `email_key`; whoever stores them clears them.
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: The cells with our fields in the rows read so far, by `email_key`; None if nobody asks.
    given: dict[str, Cells] | None = None
    #: Domains of addresses that match `_PLAIN_EMAIL`.
    _domains: set[str] = field(default_factory=set)
    _profiles: dict[Cells, Profile] = field(default_factory=dict)
    _tags: dict[Cells, tuple[str, ...]] = field(default_factory=dict)
    _states: dict[Cells, SubscriptionState | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ours = self.columns.ours
        self._email = ours["email"]
        self._names = (ours["name"],) if "name" in ours else self.columns.names
        self._profile_names = [name for name in PROFILE_FIELDS if name in ours]
        self._of_profile = [ours[name] for name in self._profile_names]
        self._of_state = self.columns.of_state
        self._tags_at = ours.get(TAGS)
        self._feedback = ours.get(FEEDBACK) if self.columns.is_ours else None

    def people(self, first: Sequence[list[str]]) -> Iterator[Person | Refusal]:
        """Yield the person of each row: first of the rows in `first`, then of those left."""
        return chain.from_iterable(self.blocks(first))

    def blocks(self, first: Sequence[list[str]]) -> Iterator[list[Person | Refusal]]:
        """Yield the people of the rows in `first`, and of those left in blocks, much faster than one by one."""
        yield [*self._one_by_one(first, 0)]
        for block in self.rows.blocks():
            yield self._divided(block)

    def _one_by_one(self, block: Sequence[Row], first: int) -> Iterator[Person | Refusal]:
        """Yield the person of each row of a block, or of a part that begins with its row `first`."""
        for cells in self.rows.each(block, first):
            try:
                if isinstance(cells, ProfileError):
                    raise cells
                if any(cells):
                    yield self.person(self._latin_1(cells) if has_other_bytes("".join(cells)) else cells)
            except ProfileError as error:
                yield Refusal(self.rows.place, str(error))

    def _divided(self, block: Sequence[Row], first: int = 0) -> list[Person | Refusal]:
        """Return the people of a block as a whole, if it is plain; else those of its halves."""
        people = self._plain(block)
        if people is not None:
            return [*people]
        middle = len(block) // 2
        if middle < _FEW:
            return [*self._one_by_one(block, first)]
        return self._divided(block[:middle], first) + self._divided(block[middle:], first + middle)

    def _plain(self, block: Sequence[Row]) -> Iterator[Person] | None:
        """Return the people of rows, column by column; None if a row needs a closer look."""
        if ProfileError in map(type, block):
            return None
        try:
            columns = list(zip(*cast("Sequence[list[str]]", block), strict=True))
            "".join(chain.from_iterable(columns)).encode()  # which takes less time than to look for other bytes
        except ValueError:
            return None
        if len(columns) != self.width or (self._feedback is not None and any(columns[self._feedback])):
            return None
        emails = columns[self._email]
        if not self._are_plain(emails):
            return None
        of_profile, of_state = _rows_of(columns, self._of_profile), _rows_of(columns, self._of_state)
        try:
            profiles = _cached(self._profiles, self._profile, of_profile)
            states = _cached(self._states, self._state, of_state)
            tags = None
            if self._tags_at is not None:
                tags = _cached(self._tags, self._read_tags, [(cell,) for cell in columns[self._tags_at]])
        except ProfileError:
            return None
        keys = [*map(ascii_key, emails)]
        if tags is not None:
            self.tags |= {key: found for key, found in zip(keys, tags, strict=True) if found}
        if self.given is not None:
            for key, texts in zip(keys, of_profile, strict=True):
                self.given.setdefault(key, texts)
        names = _names([columns[at] for at in self._names]) if self._names else repeat("")
        return zip(emails, keys, names, profiles, states, strict=False)

    def _are_plain(self, emails: Cells) -> bool:
        """Return whether each of these matches `_PLAIN_EMAIL`; many have the same domain."""
        # One expression reads all that precedes an @; the line end before each but the first tells where it begins.
        parts = "@\n".join(emails).split("@")
        locals_, domains = parts[::2], parts[1::2]
        text = "".join(locals_)
        if len(parts) != 2 * len(emails) or text.count("\n") != len(emails) - 1 or not _PLAIN_LOCALS.match(text):
            return False
        if max(map(len, locals_)) > _MAX_LOCAL:
            return False
        new = set(domains) - self._domains
        if not all(len(domain) <= _MAX_CACHED_DOMAIN and _PLAIN_EMAIL.match(f"a@{domain}") for domain in new):
            return False
        if len(self._domains) < _MAX_DOMAINS:
            self._domains |= new
        return True

    def person(self, cells: list[str]) -> Person:
        """Return the person of a row.

        Raises:
            ProfileError: There are too many cells, or one of them is not valid.
        """
        if len(cells) != self.width:
            cells = self._as_wide(cells)
        email, name = self._address(cells[self._email])
        key = email_key(email)
        name = squeeze(" ".join([unquoted(cells[at]) for at in self._names])) or name
        texts = tuple([cells[at] for at in self._of_profile])
        (profile,) = _cached(self._profiles, self._profile, [texts])
        (subscription,) = _cached(self._states, self._state, [tuple([cells[at] for at in self._of_state])])
        if self.given is not None:
            self.given.setdefault(key, texts)
        if self._tags_at is not None and (found := self._read_tags((cells[self._tags_at],))):
            self.tags.setdefault(key, found)
        if self._feedback is not None and cells[self._feedback]:
            self.feedback.setdefault(key, read_feedback(unquoted(cells[self._feedback]), self.now))
        return email, key, name, profile, subscription

    def _latin_1(self, cells: list[str]) -> list[str]:
        if has_other_bytes(cells[self._email] if self._email < len(cells) else ""):
            raise ProfileError("email: not UTF-8")
        if not any(one.endswith(_LATIN_1) for one in self.warnings):
            self.warnings.append(f"{self.rows.place}: {_LATIN_1}")
        return [as_latin_1(cell) if has_other_bytes(cell) else cell for cell in cells]

    def _as_wide(self, cells: list[str]) -> list[str]:
        """Return as many cells as there are columns."""
        if any(cells[self.width :]):
            raise ProfileError(f"too many cells: {len(cells)} in {self.width} columns")
        return cells[: self.width] + [""] * (self.width - len(cells))

    def _address(self, cell: str) -> tuple[str, str]:
        """Return the address in a cell and the name with it, as in "Ann <ann@example.org>"."""
        if _PLAIN_EMAIL.match(cell):
            return cell, ""
        text, name = unquoted(cell).strip().removeprefix("mailto:"), ""
        if comment := _COMMENT.fullmatch(text):
            text, name = comment[1], squeeze(comment[2])
        elif text.endswith(">") and "<" in text:
            before, _, text = text[:-1].rpartition("<")
            name = squeeze(before.strip().strip('"'))
        if not text:
            raise ProfileError("email: missing")
        # Only an operator can have given a subscriber a domain without a dot.
        return parse_address(text, allow_local=self.columns.is_ours), name

    def _profile(self, cells: Cells) -> Profile:
        return make_profile(profile_fields(self.fields(cells)), self.topics, self.base)

    def _state(self, cells: Cells) -> SubscriptionState | None:
        row = [""] * self.width
        for at, cell in zip(self._of_state, cells, strict=True):
            row[at] = unquoted(cell)
        return state(self.columns, row, self.now)

    def _read_tags(self, cells: Cells) -> tuple[str, ...]:
        """Return the tags in a cell; what other programs took for one, and is none here, is left out.

        Raises:
            ProfileError: A tag of ours is not valid.
        """
        try:
            return read_tags(unquoted(cells[0])) if cells[0] else ()
        except RequestError as error:
            if self.columns.is_ours:
                raise ProfileError(f"tags: {error.message}", hint=error.hint) from error
        if not any(one.endswith(_NO_TAGS) for one in self.warnings):
            self.warnings.append(f"{self.rows.place}: {_NO_TAGS}")
        return ()

    def fields(self, cells: Cells) -> dict[str, str]:
        """Return the texts of our fields in these cells, as `given` has them."""
        row = {name: unquoted(cell) for name, cell in zip(self._profile_names, cells, strict=True) if cell.strip()}
        return row | {name: _one_per_line(row[name]) for name in LIST_FIELDS if name in row}


def _rows_of(columns: Sequence[Cells], at: Sequence[int]) -> list[Cells]:
    """Return the cells that each row has in the columns `at`."""
    return list(zip(*[columns[one] for one in at], strict=True)) if at else [()] * len(columns[0])


def _cached(known: dict[Cells, T], make: Callable[[Cells], T], rows: Sequence[Cells]) -> list[T]:
    """Return what `make` makes of the cells of each row; of equal ones only once.

    Raises:
        ProfileError: A cell is not valid.
    """
    missing = set(rows) - known.keys()
    if len(known) + len(missing) > _CACHED:
        known.clear()
        missing = set(rows)
    known |= {cells: make(cells) for cells in missing}
    return [known[cells] for cells in rows]


def _names(columns: Sequence[Cells]) -> list[str]:
    """Return the names in the rows of one or more columns."""
    (column, *others) = columns
    text = f"|{'|'.join(column)}|"
    is_clean = text.isprintable() and not any(mark in text for mark in _TO_CLEAN) and is_normalized("NFC", text)
    if is_clean and not others:
        return [*column]
    return [squeeze(" ".join(map(unquoted, cells))) for cells in zip(*columns, strict=True)]


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
    first = next((cells for cells in rows if not has_nothing(cells)), None)
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
