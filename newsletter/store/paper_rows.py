"""Papers ⇄ rows of the `papers` table."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

from newsletter.models import Entry, Facts, Paper, StatedDate
from newsletter.models.dates import stated_date
from newsletter.papers.identity import key_for

#: The day that a paper counts as new, as in `Paper.day`; there is an index of exactly this expression (m024).
PAPER_DAY = (
    "coalesce(listed, min(substr(seen_at, 1, 10), CASE length(published) WHEN 4 THEN published || '-12-31'"
    " WHEN 7 THEN date(published || '-01', '+1 month', '-1 day') ELSE published END), substr(seen_at, 1, 10))"
)
#: Whether that day is only the latest that it may be, because a month, a year, a day to come or nothing is stated.
_IS_VAGUE = "(listed IS NULL AND NOT coalesce(length(published) = 10 AND published <= substr(seen_at, 1, 10), FALSE))"
#: The newest first, of a day those that are known to be of it, then the most upvoted.
NEWEST_FIRST = f"{PAPER_DAY} DESC, {_IS_VAGUE}, upvotes DESC NULLS LAST, key"
_NAMES = tuple(field.name for field in fields(Paper))
PAPER_COLUMNS = ", ".join(f"papers.{name}" for name in _NAMES)
#: The columns of a paper but its id.
WRITTEN = tuple(name for name in _NAMES if name != "id")
#: For `new_row`.
INSERT_PAPER = f"INSERT INTO papers (id, {', '.join(WRITTEN)}) VALUES (?{', ?' * len(WRITTEN)})"
#: For the values of `row_of`, and the id.
UPDATE_PAPER = f"UPDATE papers SET {', '.join(f'{name} = ?' for name in WRITTEN)} WHERE id = ?"


def json_list(items: Sequence[str]) -> str:
    """Return texts as a JSON array; `json.dumps` takes five times as long, and a pull writes a lot of them."""
    return f"[{', '.join(map(encode_basestring, items))}]"


def _iso(value: StatedDate | datetime | None) -> str | None:
    return None if value is None else value.isoformat()


#: Conversions by the type of a field as it is declared; other types are stored as they are.
_INTO_COLUMN: dict[str, Callable[[Any], Any]] = {
    "tuple[str, ...]": json_list,
    **dict.fromkeys(("date | None", "StatedDate | None", "datetime", "datetime | None"), _iso),
    "bool": int,
}
_OUT_OF_COLUMN: dict[str, Callable[[Any], Any]] = {
    "tuple[str, ...]": lambda text: () if text == "[]" else tuple(json.loads(text)),
    "date | None": lambda text: text and date.fromisoformat(text),
    "StatedDate | None": lambda text: text and stated_date(text),
    **dict.fromkeys(("datetime", "datetime | None"), lambda text: text and datetime.fromisoformat(text)),
    "bool": bool,
}
_TYPES = {field.name: str(field.type) for field in fields(Paper)}
_INTO_ROW = {name: _INTO_COLUMN[kind] for name, kind in _TYPES.items() if kind in _INTO_COLUMN}
_OUT_OF_ROW = {name: _OUT_OF_COLUMN[kind] for name, kind in _TYPES.items() if kind in _OUT_OF_COLUMN}
_values = attrgetter(*WRITTEN)
_AUTHOR_COUNT = WRITTEN.index("author_count")
_CONVERTED = [(WRITTEN.index(name), convert) for name, convert in _INTO_ROW.items()]


def row_of(paper: Paper) -> list[Any]:
    """Return the values of all columns of a paper but its id."""
    row = list(_values(paper))
    for index, convert in _CONVERTED:
        row[index] = convert(row[index])
    return row


def recorded_columns(paper: Paper) -> dict[str, Any]:
    """Return the columns of a paper but its id, by name, without those that are empty or have their default."""
    return {name: value for name, value in zip(WRITTEN, row_of(paper), strict=True) if value not in (None, "", "[]", 0)}


_facts_of = attrgetter(*(field.name for field in fields(Facts)))
_FACTS_CONVERTED = [(index, convert) for index, convert in _CONVERTED if index < len(fields(Facts))]


def new_row(entry: Entry, paper_id: int, seen_at: str) -> list[Any]:
    """Return id and columns of the paper that `papers.merge.begin` makes of an entry, in a third of the time."""
    row = [paper_id, *_facts_of(entry)]
    for index, convert in _FACTS_CONVERTED:
        row[index + 1] = convert(row[index + 1])
    row[_AUTHOR_COUNT + 1] = entry.author_count or len(entry.authors) or None
    key = key_for(entry)
    row += (key, entry.source, entry.version, json_list((entry.source,)), seen_at, None)
    return row


def paper_of(values: tuple[Any, ...]) -> Paper:
    """Return the paper with these values of `PAPER_COLUMNS`."""
    row = dict(zip(_NAMES, values, strict=True))
    for name, convert in _OUT_OF_ROW.items():
        row[name] = convert(row[name])
    return Paper(**row)


# An edition is sent in many batches, of which each reads most of its papers; and many lists of the archive have papers
# in common. A row with another value is another one.
known_paper_of = lru_cache(maxsize=2048)(paper_of)
