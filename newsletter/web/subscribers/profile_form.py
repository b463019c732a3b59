"""Profiles as the fields of an HTML form, and a posted form as preferences, with what is wrong beside each field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale

from newsletter.errors import ProfileError, QueryError
from newsletter.limits import FOLLOWED, FOLLOWED_NAME, TOPICS
from newsletter.models import Profile, Topic
from newsletter.models.languages import LANGUAGE_NAMES
from newsletter.models.profile import PROFILE_FIELDS, Group, ProfileField
from newsletter.models.value_types import (
    WEEKDAYS,
    Boolean,
    Choice,
    Integer,
    LanguageCode,
    Names,
    Numbers,
    TimeZone,
    Weekday,
)
from newsletter.rendering.language import Language, language
from newsletter.subscribers.profiles import make_profile, profile_fields, profile_texts
from newsletter.web.http.forms import Form
from newsletter.web.subscribers.query_problems import query_problem
from newsletter.web.subscribers.topic_rows import TopicChoice, TopicRow, has_topics, rows_of, rows_of_form

#: A whole number of at most so many values is selected from a list, not typed.
_MAX_OPTIONS = 31
#: Fields that the form of somebody who was mailed before leaves out, with the reason.
ONLY_AT_SIGNUP = {"first_at_once": "it says nothing about any but the first digest"}
ENGLISH = language("en")
_SHOWN = {name: one for name, one in PROFILE_FIELDS.items() if one.group is not Group.TOPICS}


class Control(StrEnum):
    """What a field is filled in with."""

    SELECT = "select"
    CHECKBOX = "checkbox"
    NUMBER = "number"
    LINES = "lines"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Fields:
    """The values that the form's template shows."""

    #: The chosen topics in their order.
    rows: tuple[TopicRow, ...]
    #: The topics of the catalogue that are none of the rows.
    topics: tuple[TopicChoice, ...]
    #: The value of each other field, by its name in `Profile`.
    selected: Mapping[str, str]
    #: The options of each select element, as (value, label).
    options: Mapping[str, tuple[tuple[str, str], ...]]
    #: What is wrong, by the name of a field; of all topics together by "topics".
    errors: Mapping[str, str] = field(default_factory=dict)
    #: What is wrong with a topic, by the place of its row.
    row_errors: Mapping[int, str] = field(default_factory=dict)
    #: Fields that are not shown.
    left_out: Mapping[str, str] = field(default_factory=dict)

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
            group.value: [one for one in _SHOWN.values() if one.group is group and one.name not in self.left_out]
            for group in Group
            if group is not Group.TOPICS
        }

    @property
    def mistakes(self) -> list[tuple[str, str, str]]:
        """What is wrong with the fields: the id of each, its label (a message), and the text."""
        return [(name, _SHOWN[name].label if name in _SHOWN else "", text) for name, text in self.errors.items()]

    @property
    def topic_mistakes(self) -> list[tuple[str, str, str]]:
        """What is wrong with topics: the id of each one's row, its name, and the text."""
        named = {place: row.name or row.query for place, row in enumerate(self.rows)}
        return [(f"row-{place + 1}", named[place], text) for place, text in self.row_errors.items()]

    @staticmethod
    def control(one: ProfileField) -> Control:
        """Return what a field is filled in with."""
        if isinstance(one.type, Boolean):
            return Control.CHECKBOX
        if one.name in _options(ENGLISH):
            return Control.SELECT
        if one.type.is_list:
            return Control.LINES
        return Control.NUMBER if isinstance(one.type, Integer) else Control.TEXT


@dataclass(frozen=True, slots=True)
class ReadForm:
    """The preferences of a form, as in a profile's file, and what is wrong with the others; see `Fields`."""

    #: Only valid ones; a field that the form lacks is not in them.
    preferences: Mapping[str, Any]
    errors: Mapping[str, str]
    row_errors: Mapping[int, str]

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.errors or self.row_errors)


def read_profile_form(form: Form, counts: Mapping[Topic, int], spoken: Language) -> ReadForm:
    """Return the preferences of a form; `counts` has all topics of the catalogue. Errors are in this language."""
    texts = {name: form.one(name) for name in _SHOWN}
    preferences, errors = dict[str, Any](), dict[str, str]()
    given = profile_fields(texts) | {
        name: one.type.read("") for name, one in _SHOWN.items() if name in form.fields and _may_be_blank(one, texts)
    }
    for name, value in given.items():
        try:
            make_profile({name: value}, {})
            preferences[name] = value
        except ProfileError:
            errors[name] = _what_is_wrong(_SHOWN[name], spoken)
    row_errors: dict[int, str] = {}
    if has_topics(form):
        rows = shown_rows(form, counts)
        row_errors = _wrong_rows(rows, counts, spoken)
        wanted = [row.plain for place, row in enumerate(rows) if not row.is_blank and place not in row_errors]
        if len(wanted) > TOPICS:
            errors["topics"] = spoken.ngettext(
                "Please choose at most %(number)s topic.", "Please choose at most %(number)s topics.", TOPICS
            )
        preferences["topics"] = wanted[:TOPICS]
    return ReadForm(preferences, errors, row_errors)


def _may_be_blank(one: ProfileField, texts: Mapping[str, str]) -> bool:
    """Whether a field was left blank, and a blank is a value of it, or a mistake; elsewhere it changes nothing."""
    return not texts[one.name] and (one.type.is_list or Fields.control(one) is Control.NUMBER)


def shown_rows(form: Form, counts: Mapping[Topic, int]) -> list[TopicRow]:
    """Return the rows of a form without blank ones."""
    return [row for row in rows_of_form(form, counts) if not row.is_blank]


def _wrong_rows(rows: list[TopicRow], counts: Mapping[Topic, int], spoken: Language) -> dict[int, str]:
    """Return what is wrong with topics, by the place of their rows."""
    catalogue = {topic.name.casefold(): topic for topic in counts}
    wrong: dict[int, str] = {}
    named: dict[str, Topic] = {}
    for place, row in enumerate(rows):
        try:
            (topic,) = make_profile({"topics": [row.plain]}, catalogue).topics
        except ProfileError as error:
            wrong[place] = _topic_problem(error, spoken)
            continue
        if named.setdefault(topic.name.casefold(), topic) != topic:
            wrong[place] = spoken.gettext("Another topic has this name. Please choose a different one.")
    return wrong


def _topic_problem(error: ProfileError, spoken: Language) -> str:
    if isinstance(error.__cause__, QueryError):
        return query_problem(error.__cause__, spoken)
    return spoken.gettext("This topic is too long, or has no letters or digits.")


def _what_is_wrong(one: ProfileField, spoken: Language) -> str:
    """Return what is expected of a field, to whoever filled it in."""
    match one.type:
        case Integer(first, last):
            return spoken.gettext(
                "Please enter a whole number from %(first)s to %(last)s.",
                first=spoken.number(first), last=spoken.number(last),
            )  # fmt: skip
        case TimeZone():
            return spoken.gettext("This time zone is unknown. Please choose one from the list.")
        case Names():
            return spoken.gettext(
                "Please enter at most %(names)s names, each with letters and of at most %(length)s characters.",
                names=spoken.number(FOLLOWED), length=spoken.number(FOLLOWED_NAME),
            )  # fmt: skip
        case Numbers():
            return spoken.gettext("Please enter one known weight per line, such as “freshness = 2”, from 0 to 1000.")
        case _:
            return spoken.gettext("Please choose one of the options.")


def fields_of(
    profile: Profile, counts: Mapping[Topic, int], spoken: Language, left_out: Mapping[str, str] | None = None
) -> Fields:
    """Return the fields that show a profile; `counts` has all topics of the catalogue."""
    return _fields(rows_of(profile.topics, counts), profile_texts(profile), counts, spoken, left_out)


def fields_of_form(
    form: Form,
    rows: list[TopicRow],
    profile: Profile,
    counts: Mapping[Topic, int],
    spoken: Language,
    *,
    read: ReadForm | None = None,
    left_out: Mapping[str, str] | None = None,
) -> Fields:
    """Return the fields as they were filled in, invalid values included, so that nobody has to type them twice.

    Fields that the form lacks are as in the profile. With `read`, the errors are shown.
    """
    texts = {name: form.one(name) if name in form.fields else text for name, text in profile_texts(profile).items()}
    return _fields(rows, texts, counts, spoken, left_out, read)


def _fields(
    rows: list[TopicRow],
    texts: Mapping[str, str],
    counts: Mapping[Topic, int],
    spoken: Language,
    left_out: Mapping[str, str] | None,
    read: ReadForm | None = None,
) -> Fields:
    rows = [row for row in rows if row.is_kept]
    chosen = {row.choice.topic for row in rows if row.choice is not None}
    return Fields(
        rows=(*rows, *([] if rows and rows[-1].is_blank else [TopicRow()])),
        topics=tuple(TopicChoice(one, count) for one, count in counts.items() if one not in chosen),
        selected={name: text for name, text in texts.items() if name in _SHOWN},
        options=_options(spoken),
        errors=read.errors if read else {},
        row_errors=read.row_errors if read else {},
        left_out=left_out or {},
    )


@cache
def _options(spoken: Language) -> dict[str, tuple[tuple[str, str], ...]]:
    found = {name: _options_of(one, spoken) for name, one in _SHOWN.items()}
    return {name: options for name, options in found.items() if options}


def _options_of(one: ProfileField, spoken: Language) -> tuple[tuple[str, str], ...]:  # noqa: PLR0911 - one per type
    """Return the options of a field, or none if it is to be typed; a checkbox has one for ticked and one for not."""
    match one.type:
        case Boolean():
            return ("true", spoken.gettext("Yes")), ("false", spoken.gettext("No"))
        case Weekday():
            return tuple((day, _weekday(number, spoken)) for number, day in enumerate(WEEKDAYS))
        case TimeZone():
            return tuple((zone, zone.replace("_", " ")) for zone in sorted(available_timezones()))
        case LanguageCode(choices):
            return tuple((code, LANGUAGE_NAMES[code]) for code in choices)
        case Choice(choices, labels):
            shown = [spoken.gettext(label) for label in labels] or choices
            return tuple((str(value), label) for value, label in zip(choices, shown, strict=True))
        case Integer(first, last, form) if last - first < _MAX_OPTIONS:
            return tuple((str(number), form.format(number)) for number in range(first, last + 1))
        case _:
            return ()


def _weekday(number: int, spoken: Language) -> str:
    return str(Locale.parse(spoken.tag, sep="-").days["stand-alone"]["wide"][number])
