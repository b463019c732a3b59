"""The types of what people set: fields of profiles, settings of the site, settings of sources.

A value has up to four notations, and its type knows them all: the value inside, the plain value of TOML and JSON, text
(of a form, a cell of CSV, an environment variable), and the value of a database column. `check` is the only validation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from newsletter.limits import FOLLOWED, FOLLOWED_NAME
from newsletter.text import squeeze
from newsletter.text.tokenizer import words

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: Words for yes and no in texts, ours and those of other tools.
TRUE_WORDS = frozenset(("true", "yes", "y", "1", "on", "t", "wahr", "ja"))
FALSE_WORDS = frozenset(("false", "no", "n", "0", "off", "f", "falsch", "nein"))


@dataclass(frozen=True, slots=True)
class Text:
    """Any text; also the base of the other types."""

    #: Whether the value has a column of its own in the table of its owner.
    has_column: ClassVar[bool] = True
    #: Whether the value is a list; as text, one per line.
    is_list: ClassVar[bool] = False

    @property
    def expected(self) -> str:
        """What is expected, for messages and documentation, as in "a whole number from 0 to 23"."""
        return "text"

    def check(self, value: Any) -> Any:
        """Return the value for a plain one.

        Raises:
            ValueError: It is not one of this type; the message says what is expected.
        """
        return value if isinstance(value, str) else self.refuse(value)

    def take(self, value: Any) -> Any:
        """Return the value of a setting, which the file has as a plain value, and the environment as text.

        Raises:
            ValueError: It is not one of this type.
        """
        return self.check(value)

    def refuse(self, value: Any) -> Any:
        """Refuse a plain value.

        Raises:
            ValueError: Always.
        """
        raise ValueError(f"{self.expected} is expected, not {value!r}")

    def plain(self, value: Any) -> Any:
        """Return what TOML and JSON have for a value; `check` is its inverse."""
        return str(value)

    def read(self, text: str) -> Any:
        """Return the plain value of a text. What is not one stays as it is, since `check` has the better message."""
        return text.strip()

    def write(self, value: Any) -> str:
        """Return a value as text; `read` and `check` give it back."""
        return str(value)

    def to_column(self, value: Any) -> Any:
        """Return what the database stores for a value."""
        return value

    def from_column(self, stored: Any) -> Any:
        """Return the value that the database stores.

        A damaged file may hold any value: what would fail in the middle of a run is found here.

        Raises:
            ValueError: It is not one of this type.
        """
        return self.check(stored)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the plain value."""
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Integer(Text):
    """A whole number within a range, both ends included."""

    first: int = 0
    last: int = 65535
    #: How a page shows one, as in "{:02}:00".
    shown: str = "{}"

    @property
    def expected(self) -> str:
        return f"a whole number from {self.first} to {self.last}"

    def check(self, value: Any) -> int:
        is_one = isinstance(value, int) and not isinstance(value, bool) and self.first <= value <= self.last
        return int(value if is_one else self.refuse(value))

    def take(self, value: Any) -> int:
        return self.check(self.read(value) if isinstance(value, str) else value)

    def plain(self, value: Any) -> int:
        return int(value)

    def read(self, text: str) -> int | str:
        text = text.strip()
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.first, "maximum": self.last}


@dataclass(frozen=True, slots=True)
class Boolean(Text):
    """True or false."""

    @property
    def expected(self) -> str:
        return "true or false"

    def check(self, value: Any) -> bool:
        return bool(value if isinstance(value, bool) else self.refuse(value))

    def take(self, value: Any) -> bool:
        return self.check(self.read(value) if isinstance(value, str) else value)

    def plain(self, value: Any) -> bool:
        return bool(value)

    def read(self, text: str) -> bool | str:
        word = text.strip().casefold()
        return True if word in TRUE_WORDS else False if word in FALSE_WORDS else text

    def write(self, value: Any) -> str:
        return str(value).lower()

    def from_column(self, stored: Any) -> bool:
        return bool(stored)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Choice(Text):
    """One of several texts, as members of an enum or as they are."""

    choices: Sequence[str] = ()
    #: What a page says for each; empty for the texts themselves.
    labels: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self.choices)}"

    def check(self, value: Any) -> Any:
        known = {str(choice): choice for choice in self.choices}
        return known[value] if isinstance(value, str) and value in known else self.refuse(value)

    def schema(self) -> dict[str, Any]:
        return {"enum": [str(choice) for choice in self.choices]}


@dataclass(frozen=True, slots=True)
class LanguageCode(Choice):
    """One of several languages, by its code in ISO 639-1."""


@dataclass(frozen=True, slots=True)
class Weekday(Text):
    """A day of the week by its English name; the value is its number, with Monday as 0."""

    @property
    def expected(self) -> str:
        return "a day of the week"

    def check(self, value: Any) -> int:
        if isinstance(value, str) and value.lower() in WEEKDAYS:
            return WEEKDAYS.index(value.lower())
        raise ValueError(f"a day of the week is expected, as in 'monday', not {value!r}")

    def plain(self, value: Any) -> str:
        return WEEKDAYS[value]

    def write(self, value: Any) -> str:
        return WEEKDAYS[value]

    def from_column(self, stored: Any) -> int:
        return self.check(dict(enumerate(WEEKDAYS)).get(stored))

    def schema(self) -> dict[str, Any]:
        return {"enum": [*WEEKDAYS]}


@dataclass(frozen=True, slots=True)
class TimeZone(Text):
    """A time zone of the tz database, as in Europe/Berlin."""

    @property
    def expected(self) -> str:
        return "a time zone"

    def check(self, value: Any) -> str:
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - help of commands has no time for it

        name = Text.check(self, value)
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            raise ValueError(f"{value!r} is not a time zone (as in Europe/Berlin or UTC)") from None
        return str(name)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "examples": ["Europe/Berlin"]}


@dataclass(frozen=True, slots=True)
class TextList(Text):
    """Several texts, none of them empty or twice, of `choices` if there are any."""

    is_list: ClassVar[bool] = True
    choices: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        return "a list of texts"

    def check(self, value: Any) -> tuple[str, ...]:
        items = tuple(value) if isinstance(value, list | tuple) else (value,)
        if not all(isinstance(item, str) and item.strip() for item in items):
            self.refuse([*items])
        items = tuple(dict.fromkeys(item.strip() for item in items))
        for item in items if self.choices else ():
            Choice(self.choices).check(item)
        return items

    def plain(self, value: Any) -> list[Any]:
        return [*value]

    def read(self, text: str) -> list[Any]:
        return [line for line in map(squeeze, text.splitlines()) if line]

    def write(self, value: Any) -> str:
        return "\n".join(value)

    def to_column(self, value: Any) -> str:
        return json.dumps(value)

    def from_column(self, stored: Any) -> tuple[Any, ...]:
        return tuple(json.loads(stored))

    def schema(self) -> dict[str, Any]:
        item = Choice(self.choices).schema() if self.choices else {"type": "string"}
        return {"type": "array", "items": item}


@dataclass(frozen=True, slots=True)
class Names(TextList):
    """Names of people and organizations."""

    @property
    def expected(self) -> str:
        return "a list of names"

    def check(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
            raise ValueError(f'a list of names is expected, as in ["Ada Example"], not {value!r}')
        if len(value) > FOLLOWED or any(len(name) > FOLLOWED_NAME for name in value):
            raise ValueError(f"at most {FOLLOWED} names of {FOLLOWED_NAME} characters each are allowed")
        names = [squeeze(name) for name in value]
        if empty := next((name for name in names if not words(name)), None):
            raise ValueError(f"{empty!r} is not a name")
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Topics(TextList):
    """Topics, in a table of their own. `subscribers.profiles` checks them, and writes them as text."""

    has_column: ClassVar[bool] = False

    @property
    def expected(self) -> str:
        return "a list of topics"

    def plain(self, value: Any) -> list[Any]:
        return [{"name": topic.name, "query": topic.query} for topic in value]

    def schema(self) -> dict[str, Any]:
        table = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
        return {"type": "array", "items": {"anyOf": [{"type": "string"}, table]}}


@dataclass(frozen=True, slots=True)
class Numbers(Text):
    """A table of names and numbers; the value is sorted pairs. `subscribers.profiles` checks which there may be."""

    is_list: ClassVar[bool] = True
    #: Former names that are stored, and what they are called now.
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def expected(self) -> str:
        return "a table of numbers"

    def plain(self, value: Any) -> dict[str, float]:
        return dict(value)

    def read(self, text: str) -> dict[str, float | str]:
        return dict(map(_number, filter(None, map(squeeze, text.splitlines()))))

    def write(self, value: Any) -> str:
        return "\n".join(f"{name} = {number!r}" for name, number in value)

    def to_column(self, value: Any) -> str:
        return json.dumps(dict(value))

    def from_column(self, stored: Any) -> tuple[tuple[str, float], ...]:
        found: Mapping[str, float] = json.loads(stored)
        names = dict(self.renamed)
        return tuple((names.get(name, name), number) for name, number in found.items())

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1000}}


def _number(line: str) -> tuple[str, float | str]:
    name, _, number = (part.strip() for part in line.partition("="))
    try:
        return name, float(number)
    except ValueError:
        return name, number


def type_of(default: Any, choices: Sequence[str] = (), first: int = 0, last: int = 65535) -> Text:
    """Return the type of a setting that is declared by its default, its choices, and the range of a whole number."""
    if isinstance(default, bool):
        return Boolean()
    if isinstance(default, int):
        return Integer(first, last)
    if isinstance(default, tuple):
        return TextList(tuple(choices))
    return Choice(tuple(choices)) if choices else Text()
