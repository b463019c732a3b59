"""Parse profiles (subscribers/*.toml, forms, tables) and check every field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from newsletter.addresses import parse_address
from newsletter.errors import ProfileError, did_you_mean
from newsletter.languages import LANGUAGES
from newsletter.models import Cadence, Profile, Style, Topic
from newsletter.ranking.weights import check_weights
from newsletter.text import squeeze, words
from newsletter.toml_file import read_toml
from newsletter.topics.topic import make_topic, read_topic_line, topic_line

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """The profile file of one person."""

    #: The name of the file without its suffix.
    slug: str
    email: str
    name: str
    profile: Profile


def read_profile(path: Path, catalogue: Mapping[str, Topic]) -> ProfileFile:
    """Read a profile file; `catalogue` has the topics that are offered, by case-folded name.

    Raises:
        ProfileError: The file cannot be read, or a field is missing, unknown or not valid; names file and field.
    """
    table = read_toml(path, ProfileError)
    try:
        email = parse_address(_string(table.pop("email", None), "email"), allow_local=True)
        name = squeeze(_string(table.pop("name", ""), "name"))
        return ProfileFile(path.stem, email, name, make_profile(table, catalogue))
    except ProfileError as error:
        raise ProfileError(f"{path}: {error.message}", hint=error.hint) from error


def make_profile(table: Mapping[str, Any], catalogue: Mapping[str, Topic], base: Profile | None = None) -> Profile:
    """Return the profile with these fields, as TOML or JSON has them; the others are as in `base`, or the defaults.

    Raises:
        ProfileError: A field is unknown or not valid.
    """
    fields: dict[str, Any] = {field: getattr(base, field) for field in Profile.__slots__} if base else {}
    for field, value in table.items():
        if field in _OBSOLETE:
            raise ProfileError(f"{field}: this field was removed", hint=_OBSOLETE[field])
        if field not in _FIELDS:
            raise ProfileError(f"{field}: no such field", hint=did_you_mean(field, _FIELDS))
        fields[field] = _topics(value, catalogue) if field == "topics" else _FIELDS[field].check(value, field)
    return Profile(**fields)


def read_topics(path: Path) -> list[Topic]:
    """Read a file of [[topics]], each with a name and either a query or keywords, optionally with exclude.

    Raises:
        ProfileError: The file cannot be read, or a topic is not valid; names file, topic and reason.
    """
    table = read_toml(path, ProfileError)
    try:
        return list(_topics(table.get("topics"), {}))
    except ProfileError as error:
        raise ProfileError(f"{path}: {error.message}", hint=error.hint) from error


def profile_fields(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a form or of a row of a table as `make_profile` takes them; empty texts are left out."""
    return {name: _FIELDS[name].of_text(text) for name, text in texts.items() if text.strip()}


def profile_texts(profile: Profile) -> dict[str, str]:
    """Return every field of a profile as text, which `profile_fields` reads back."""
    return {name: field.text(getattr(profile, name)) for name, field in _FIELDS.items()}


def _topics(value: Any, catalogue: Mapping[str, Topic]) -> tuple[Topic, ...]:
    """Parse a list of topics: the name of one in the catalogue, a query, {name, query} or {name, keywords, exclude}."""
    if not isinstance(value, list | tuple):
        raise ProfileError(f'topics: a list is expected, as in ["large language models"], not {value!r}')
    topics = dict.fromkeys(_topic(one, catalogue) for one in value)
    names = [topic.name.casefold() for topic in topics]
    if duplicate := next((topic.name for topic in topics if names.count(topic.name.casefold()) > 1), None):
        raise ProfileError(f"topics: two topics have the name {duplicate!r}")
    return tuple(topics)


def _topic(one: Any, catalogue: Mapping[str, Topic]) -> Topic:
    if isinstance(one, Topic):
        return one
    if isinstance(one, str):
        return catalogue.get(one.casefold()) or make_topic(one)
    if not isinstance(one, dict):
        raise ProfileError(f"topics: a name or a table is expected, not {one!r}")
    if unknown := next(iter(one.keys() - {"name", "keywords", "exclude", "query"}), None):
        raise ProfileError(f"topics: {unknown}: no such field", hint="known: name, query, keywords, exclude")
    name = _string(one.get("name"), "topics: name")
    if one.get("keywords") == []:
        raise ProfileError(f"topics: {name!r} has no keywords")
    if "query" in one and ("keywords" in one or "exclude" in one):
        raise ProfileError(f"topics: {name!r}: a query or keywords are expected, not both")
    return make_topic(
        name,
        _strings(one.get("keywords", []), name),
        _strings(one.get("exclude", []), name),
        query=_string(one.get("query", ""), "topics: query"),
    )


def _strings(value: Any, topic: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ProfileError(f"topics: {topic!r}: a list of words is expected, not {value!r}")
    return value


def _string(value: Any, field: str) -> str:
    if value is None:
        raise ProfileError(f"{field}: missing")
    if not isinstance(value, str):
        raise ProfileError(f"{field}: text is expected, not {value!r}")
    return value


def _boolean(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise ProfileError(f"{field}: true or false is expected, not {value!r}")
    return value


def _names(value: Any, field: str) -> tuple[str, ...]:
    """Parse names of people and organizations; drop duplicates."""
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise ProfileError(f'{field}: a list of names is expected, as in ["Ada Example"], not {value!r}')
    names = [squeeze(name) for name in value]
    if empty := next((name for name in names if not words(name)), None):
        raise ProfileError(f"{field}: {empty!r} is not a name")
    return tuple(dict.fromkeys(names))


def _ranking(value: Any, _field: str) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(check_weights(dict(value) if isinstance(value, tuple) else value).items()))


def _number(first: int, last: int) -> Callable[[Any, str], int]:
    def check(value: Any, field: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not first <= value <= last:
            raise ProfileError(f"{field}: a whole number from {first} to {last} is expected, not {value!r}")
        return value

    return check


def _one_of(choices: type[_E]) -> Callable[[Any, str], _E]:
    def check(value: Any, field: str) -> _E:
        try:
            return choices(value)
        except ValueError:
            raise ProfileError(f"{field}: one of {', '.join(choices)} is expected, not {value!r}") from None

    return check


def _weekday(value: Any, field: str) -> int:
    if isinstance(value, str) and value.lower() in WEEKDAYS:
        return WEEKDAYS.index(value.lower())
    raise ProfileError(f"{field}: a day of the week is expected, as in 'monday', not {value!r}")


def _time_zone(value: Any, field: str) -> str:
    try:
        ZoneInfo(_string(value, field))
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ProfileError(f"{field}: {value!r} is not a time zone", hint="as in Europe/Berlin or UTC") from None
    return str(value)


def _language(value: Any, field: str) -> str:
    if value not in LANGUAGES:
        raise ProfileError(f"{field}: one of {', '.join(LANGUAGES)} is expected, not {value!r}")
    return str(value)


#: Removed fields, and what to write instead.
_OBSOLETE = {"format": 'format = "text" is now style = "plain", and "html" is the default'}


# -- the fields as text, in forms and tables ---------------------------------------------------------


def _integer_of(text: str) -> int | str:
    """Return a whole number; anything else stays text, for which the check then has the better error."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else text


def _boolean_of(text: str) -> bool | str:
    word = text.strip().casefold()
    return True if word in TRUE_WORDS else False if word in FALSE_WORDS else text


def _lines_of(text: str) -> list[str]:
    return [line for line in map(squeeze, text.splitlines()) if line]


def _ranking_text(weights: tuple[tuple[str, float], ...]) -> str:
    return "\n".join(f"{name} = {weight!r}" for name, weight in weights)


def _ranking_of(text: str) -> dict[str, float | str]:
    weights: dict[str, float | str] = {}
    for name, _, number in (line.partition("=") for line in _lines_of(text)):
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            weights[name.strip()] = number.strip()
    return weights


#: Words for yes and no in tables, ours and those of other tools.
TRUE_WORDS = frozenset(("true", "yes", "y", "1", "on", "t", "wahr", "ja"))
FALSE_WORDS = frozenset(("false", "no", "n", "0", "off", "f", "falsch", "nein"))


@dataclass(frozen=True, slots=True)
class _Field:
    """How a field of a profile is checked, and how it is written as text and read back."""

    check: Callable[[Any, str], Any]
    text: Callable[[Any], str] = str
    of_text: Callable[[str], Any] = str.strip


def _whole(first: int, last: int) -> _Field:
    return _Field(_number(first, last), of_text=_integer_of)


_YES_OR_NO = _Field(_boolean, lambda value: str(value).lower(), _boolean_of)

#: Every field of `Profile`, in the order of the columns of an export.
_FIELDS: dict[str, _Field] = {
    "topics": _Field(
        lambda value, _field: value,  # parsed by `_topics`, which needs the catalogue
        lambda topics: "\n".join(map(topic_line, topics)),
        lambda text: [*map(read_topic_line, _lines_of(text))],
    ),
    "cadence": _Field(_one_of(Cadence)),
    "hour": _whole(0, 23),
    "weekday": _Field(_weekday, lambda day: WEEKDAYS[day]),
    "month_day": _whole(1, 28),
    "time_zone": _Field(_time_zone),
    "style": _Field(_one_of(Style)),
    "language": _Field(_language),
    "max_papers": _whole(1, 100),
    "max_per_section": _whole(1, 100),
    "follow": _Field(_names, "\n".join, _lines_of),
    "trending": _whole(0, 50),
    "serendipity": _YES_OR_NO,
    "updates": _YES_OR_NO,
    "even_if_empty": _YES_OR_NO,
    "ranking": _Field(_ranking, _ranking_text, _ranking_of),
}
#: The names of all fields of a profile.
PROFILE_FIELDS = tuple(_FIELDS)
#: Those that hold several values, one per line of a text.
LIST_FIELDS = ("topics", "follow")
