"""What the tables of some databases have that is theirs alone; the names of all other columns are in `records`.

Each row names a database by columns that only its exports have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsletter.sources.formats.medline import without_stop
from newsletter.sources.formats.person_names import unglued


@dataclass(frozen=True, slots=True)
class Database:
    """One database, and how its tables differ."""

    name: str = ""
    #: What only its tables have.
    example: str = ""
    #: Its columns, in lower case.
    marks: frozenset[str] = frozenset()
    #: Its names for facts, in lower case, by the names in `records`.
    names: Mapping[str, str] = field(default_factory=dict)
    #: What a value is made of, by the column's name in `records`.
    values: Mapping[str, Callable[[str], Any]] = field(default_factory=dict)

    def columns(self, columns: Sequence[str]) -> list[str]:
        """Return the names in `records` of these columns."""
        return [self.names.get(column.lower(), column) for column in columns]

    def adapted(self, row: dict[str, str]) -> dict[str, Any]:
        """Return a row with its values as other databases have them."""
        return {name: self.values[name](value) if name in self.values else value for name, value in row.items()}


_YEAR_IN_BRACKETS = re.compile(r"\s*\(\d{4}\).*")
# "… is related. © 2004 Elsevier B.V. All rights reserved."
_COPYRIGHT = re.compile(r"\s*(?:©|\(c\)|Copyright ©?)\s*(?:Copyright )?(?:19|20)\d\d[^©]{0,300}$", re.IGNORECASE)


_DATABASES = (
    Database(
        "PubMed",
        "A title with a full stop.",
        frozenset({"pmid", "journal/book"}),
        values={"Title": without_stop},
    ),
    Database(
        "SpringerLink",
        "Datong WeiCan LiuXiaoru Yuan",
        frozenset({"item title", "item doi"}),
        values={"Authors": unglued},
    ),
    Database(
        "Publish or Perish",
        "Physical review, in Source",
        frozenset({"cites", "articleurl", "source"}),
        {"source": "venue"},
    ),
    Database(
        "Embase",
        "Lancet (2021), in SOURCE",
        frozenset({"author names", "source"}),
        {"source": "venue", "source title": "journal", "date of publication": "publication date"},
        {"venue": lambda value: _YEAR_IN_BRACKETS.sub("", value)},
    ),
    Database(
        "Scopus",
        "We find … © 2004 Elsevier B.V. All rights reserved.",
        frozenset({"eid", "source title"}),
        values={"Abstract": lambda value: _COPYRIGHT.sub("", value)},
    ),
    Database(
        "Web of Science",
        "PT AU AF TI SO, the tags of its tagged files",
        frozenset({"pt", "au", "ti", "so", "py"}),
        {"af": "author full names", "so": "journal", "de": "author keywords", "di": "doi", "pd": "month", "ea": "date"},
    ),
)
_ANY = Database()


def database_of(columns: Sequence[str]) -> Database:
    """Return the database that exports tables with these columns, or one without anything of its own."""
    names = {column.lower() for column in columns}
    return next((one for one in _DATABASES if one.marks <= names), _ANY)
