"""Convert profiles to the fields of an HTML form, and a posted form to preferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from newsletter.models import Profile, Topic
from newsletter.models.languages import LANGUAGE_NAMES
from newsletter.models.profile import PROFILE_FIELDS, Group, ProfileField
from newsletter.models.value_types import WEEKDAYS, Boolean, Choice, Integer, LanguageCode, TimeZone, Weekday
from newsletter.subscribers.profiles import profile_fields, profile_texts
from newsletter.topics.topic import topic_line
from newsletter.web.http.forms import Form

#: A whole number of at most so many values is selected from a list, not typed.
_MAX_OPTIONS = 31
_SHOWN = {name: field for name, field in PROFILE_FIELDS.items() if field.group is not Group.TOPICS}


class Control(StrEnum):
    """What a field is filled in with."""

    SELECT = "select"
    NUMBER = "number"
    LINES = "lines"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """A checkbox: one topic of the catalogue."""

    topic: Topic
    #: Number of papers of the last week that match.
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """The values that the form's template shows."""

    topics: tuple[TopicChoice, ...]
    #: The subscriber's own topics, one per line.
    queries: str
    #: The value of each other field, by its name in `Profile`.
    selected: Mapping[str, str]
    #: The options of each select element, as (value, label).
    options: Mapping[str, tuple[tuple[str, str], ...]]

    @property
    def areas(self) -> dict[str, list[TopicChoice]]:
        """The topics by area, in their order; those without one are the most wanted, and the site's own."""
        areas: dict[str, list[TopicChoice]] = {}
        for choice in self.topics:
            areas.setdefault(choice.topic.area, []).append(choice)
        return areas

    @property
    def groups(self) -> dict[str, list[ProfileField]]:
        """The fields other than topics, by the heading of their part of the form."""
        return {
            group.value: [field for field in _SHOWN.values() if field.group is group]
            for group in Group
            if group is not Group.TOPICS
        }

    @staticmethod
    def control(field: ProfileField) -> Control:
        """Return what a field is filled in with."""
        if field.name in _options():
            return Control.SELECT
        if field.type.is_list:
            return Control.LINES
        return Control.NUMBER if isinstance(field.type, Integer) else Control.TEXT


def read_profile_form(form: Form) -> dict[str, Any]:
    """Return the preferences of a form, as in a profile's file; a field that the form lacks is not in them."""
    preferences = profile_fields({name: form.one(name) for name in _SHOWN} | {"topics": form.one("queries")})
    for name, field in _SHOWN.items():
        if field.type.is_list and name in form.fields:
            preferences.setdefault(name, field.type.read(""))
    if "topic" in form.fields or "queries" in form.fields:
        preferences["topics"] = [*form.all("topic"), *preferences.get("topics", [])]
    return preferences


def fields_of(profile: Profile, counts: Mapping[Topic, int]) -> Fields:
    """Return the fields that show a profile; `counts` has all topics of the catalogue."""
    return Fields(
        topics=tuple(TopicChoice(one, count, one in profile.topics) for one, count in counts.items()),
        queries="\n".join(topic_line(topic) for topic in profile.topics if topic not in counts),
        selected={name: text for name, text in profile_texts(profile).items() if name in _SHOWN},
        options=_options(),
    )


def fields_of_form(form: Form, counts: Mapping[Topic, int]) -> Fields:
    """Return the fields as they were filled in, invalid values included, so that nobody has to type them twice."""
    defaults = fields_of(Profile(), counts)
    ticked = set(form.all("topic"))
    return Fields(
        topics=tuple(TopicChoice(one.topic, one.count, one.topic.name in ticked) for one in defaults.topics),
        queries=form.one("queries"),
        selected={name: form.one(name) if name in form.fields else value for name, value in defaults.selected.items()},
        options=defaults.options,
    )


@cache
def _options() -> dict[str, tuple[tuple[str, str], ...]]:
    found = {name: _options_of(field) for name, field in _SHOWN.items()}
    return {name: options for name, options in found.items() if options}


def _options_of(field: ProfileField) -> tuple[tuple[str, str], ...]:  # noqa: PLR0911 - one per type
    """Return the options of a field, or none if it is to be typed."""
    match field.type:
        case Boolean():
            return ("true", "Yes"), ("false", "No")
        case Weekday():
            return tuple((day, day.capitalize()) for day in WEEKDAYS)
        case TimeZone():
            return tuple((zone, zone.replace("_", " ")) for zone in sorted(available_timezones()))
        case LanguageCode(choices):
            return tuple((code, LANGUAGE_NAMES[code]) for code in choices)
        case Choice(choices, labels):
            return tuple((str(one), label) for one, label in zip(choices, labels or choices, strict=True))
        case Integer(first, last, shown) if last - first < _MAX_OPTIONS:
            return tuple((str(number), shown.format(number)) for number in range(first, last + 1))
        case _:
            return ()
