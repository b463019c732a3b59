"""Parse profiles (subscribers/*.toml, forms, tables) and check every field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from newsletter.errors import ProfileError, did_you_mean
from newsletter.files.toml_file import read_toml
from newsletter.limits import KEYWORDS, QUERY, TOPIC_NAME, TOPICS
from newsletter.models import Profile, Topic
from newsletter.models.addresses import parse_address
from newsletter.models.profile import PROFILE_FIELDS
from newsletter.models.value_types import Numbers, Text, Topics
from newsletter.models.weights import check_weights
from newsletter.text import squeeze
from newsletter.topics.topic import make_topic, read_topic_line, topic_line

#: Removed fields, and what to write instead.
_OBSOLETE = {"format": 'format = "text" is now style = "plain", and "html" is the default'}


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
        if field not in PROFILE_FIELDS:
            raise ProfileError(f"{field}: no such field", hint=did_you_mean(field, PROFILE_FIELDS))
        fields[field] = _check(PROFILE_FIELDS[field].type, field, value, catalogue)
    return Profile(**fields)


def profile_file(email: str, name: str, profile: Profile) -> str:
    """Return the text of a profile file with every field that is not at its default; `read_profile` reads it back."""
    named = {"email": email} | ({"name": name} if name else {})
    chosen = {field: value for field, value in profile_values(profile).items() if value != _DEFAULTS[field]}
    return "".join(f"{field} = {toml_text(value)}\n" for field, value in (named | chosen).items())


def read_topics(path: Path) -> list[Topic]:
    """Read a file of [[topics]], each with a name and either a query or keywords, optionally exclude, about and area.

    Raises:
        ProfileError: The file cannot be read, or a topic is not valid; names file, topic and reason.
    """
    table = read_toml(path, ProfileError)
    try:
        return [_described(one) for one in _list(table.get("topics"))]
    except ProfileError as error:
        raise ProfileError(f"{path}: {error.message}", hint=error.hint) from error


def profile_fields(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a form or of a row of a table as `make_profile` takes them; empty texts are left out."""
    return {name: _read(PROFILE_FIELDS[name].type, text) for name, text in texts.items() if text.strip()}


def profile_texts(profile: Profile) -> dict[str, str]:
    """Return every field of a profile as text, which `profile_fields` reads back."""
    return {name: _write(field.type, getattr(profile, name)) for name, field in PROFILE_FIELDS.items()}


def profile_values(profile: Profile) -> dict[str, Any]:
    """Return every field of a profile as TOML and JSON have it, which `make_profile` reads back."""
    return {name: field.type.plain(getattr(profile, name)) for name, field in PROFILE_FIELDS.items()}


_DEFAULTS = profile_values(Profile())


def toml_text(value: Any) -> str:
    """Return a plain value in TOML, whose texts are those of JSON but for one character that they must escape."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml_text(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_text, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _check(kind: Text, field: str, value: Any, catalogue: Mapping[str, Topic]) -> Any:
    """Return the value of a field for a plain one; topics and weights are beyond what their types know."""
    if isinstance(kind, Topics):
        return _topics(value, catalogue)
    if isinstance(kind, Numbers):
        return tuple(sorted(check_weights(dict(value) if isinstance(value, tuple) else value).items()))
    try:
        return kind.check(value)
    except ValueError as error:
        raise ProfileError(f"{field}: {error}") from None


def _read(kind: Text, text: str) -> Any:
    return [*map(read_topic_line, kind.read(text))] if isinstance(kind, Topics) else kind.read(text)


def _write(kind: Text, value: Any) -> str:
    return kind.write(map(topic_line, value) if isinstance(kind, Topics) else value)


def _topics(value: Any, catalogue: Mapping[str, Topic]) -> tuple[Topic, ...]:
    """Parse a list of topics: the name of one in the catalogue, a query, {name, query} or {name, keywords, exclude}."""
    if len(_list(value)) > TOPICS:
        raise ProfileError(f"topics: {len(value)} topics, but the maximum is {TOPICS}", hint="join some with OR")
    topics = dict.fromkeys(_topic(one, catalogue) for one in value)
    names = [topic.name.casefold() for topic in topics]
    if duplicate := next((topic.name for topic in topics if names.count(topic.name.casefold()) > 1), None):
        raise ProfileError(f"topics: two topics have the name {duplicate!r}")
    return tuple(topics)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ProfileError(f'topics: a list is expected, as in ["large language models"], not {value!r:.200}')
    return list(value)


def _described(one: Any) -> Topic:
    """Parse a topic of a catalogue, which may have a description and an area."""
    if not isinstance(one, dict):
        return _topic(one, {})
    topic = _topic({name: value for name, value in one.items() if name not in ("about", "area")}, {})
    about, area = (_string(one.get(name, ""), f"topics: {name}") for name in ("about", "area"))
    return replace(topic, about=about, area=area)


def _topic(one: Any, catalogue: Mapping[str, Topic]) -> Topic:
    if isinstance(one, Topic):
        return one
    if isinstance(one, str):
        if len(one) > QUERY:
            raise ProfileError(f"topics: {one[:40]!r}… is too long", hint=f"the maximum is {QUERY} characters")
        return catalogue.get(one.casefold()) or make_topic(one)
    if not isinstance(one, dict):
        raise ProfileError(f"topics: a name or a table is expected, not {one!r:.200}")
    if unknown := next(iter(one.keys() - {"name", "keywords", "exclude", "query"}), None):
        raise ProfileError(f"topics: {unknown}: no such field", hint="known: name, query, keywords, exclude")
    name = _string(one.get("name"), "topics: name")
    if len(name) > TOPIC_NAME:
        raise ProfileError(
            f"topics: {name[:40]!r}…: the name is too long", hint=f"the maximum is {TOPIC_NAME} characters"
        )
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
        raise ProfileError(f"topics: {topic!r:.200}: a list of words is expected, not {value!r:.200}")
    if len(value) > KEYWORDS or any(len(word) > QUERY for word in value):
        raise ProfileError(f"topics: {topic!r:.200}: too many or too long keywords", hint=f"the maximum is {KEYWORDS}")
    return value


def _string(value: Any, field: str) -> str:
    if value is None:
        raise ProfileError(f"{field}: missing")
    if not isinstance(value, str):
        raise ProfileError(f"{field}: text is expected, not {value!r:.200}")
    return value
