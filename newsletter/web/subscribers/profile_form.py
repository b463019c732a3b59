"""Profiles ⇄ the fields of a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale

from newsletter.languages import LANGUAGES
from newsletter.models import Cadence, Profile, Style, Topic
from newsletter.subscribers.profiles import NUMBER_FIELDS, TEXT_FIELDS, WEEKDAYS, profile_fields
from newsletter.topics.topic import topic_line
from newsletter.web.http.forms import Form


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """A topic of the catalogue that may be picked."""

    name: str
    query: str
    #: How many papers of the last week it would have brought.
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """What a form shows."""

    topics: tuple[TopicChoice, ...]
    #: The reader's own topics, one a line.
    queries: str
    #: What is chosen of the rest, by the names of `Profile`.
    chosen: Mapping[str, str]
    #: What may be chosen, as (value, label).
    choices: Mapping[str, tuple[tuple[str, str], ...]]


def read_profile_form(form: Form) -> dict[str, Any]:
    """Return what a form asks for, as a profile's file has it; what it does not name is left as it is."""
    texts = {name: form.one(name) for name in (*TEXT_FIELDS, *NUMBER_FIELDS)}
    preferences = profile_fields(texts | {"topics": form.one("queries")})
    if "topic" in form.fields or "queries" in form.fields:
        preferences["topics"] = [*form.all("topic"), *preferences.get("topics", [])]
    return preferences


def fields_of(profile: Profile, counts: Mapping[Topic, int]) -> Fields:
    """Return the fields of a form that shows a profile; `counts` has every topic of the catalogue."""
    return Fields(
        topics=tuple(TopicChoice(one.name, one.query, count, one in profile.topics) for one, count in counts.items()),
        queries="\n".join(topic_line(topic) for topic in profile.topics if topic not in counts),
        chosen={name: str(getattr(profile, name)) for name in (*TEXT_FIELDS, *NUMBER_FIELDS)}
        | {"weekday": WEEKDAYS[profile.weekday]},
        choices=_choices(),
    )


def fields_of_form(form: Form, counts: Mapping[Topic, int]) -> Fields:
    """Return the fields as they were filled in, wrong ones included, so that nobody has to type them twice."""
    shown = fields_of(Profile(), counts)
    picked = set(form.all("topic"))
    return Fields(
        topics=tuple(TopicChoice(one.name, one.query, one.count, one.name in picked) for one in shown.topics),
        queries=form.one("queries"),
        chosen={name: form.one(name) or value for name, value in shown.chosen.items()},
        choices=shown.choices,
    )


@cache
def _choices() -> dict[str, tuple[tuple[str, str], ...]]:
    cadences = {
        Cadence.DAILY: "Every day",
        Cadence.WEEKDAYS: "Monday to Friday",
        Cadence.WEEKLY: "Once a week",
        Cadence.MONTHLY: "Once a month",
    }
    styles = {
        Style.CARDS: "Cards, with abstracts",
        Style.COMPACT: "Titles and one line each",
        Style.PLAIN: "Plain text",
    }
    return {
        "cadence": tuple((one.value, label) for one, label in cadences.items()),
        "weekday": tuple((day, day.capitalize()) for day in WEEKDAYS),
        "month_day": _numbered(range(1, 29), "{}"),
        "hour": _numbered(range(24), "{:02}:00"),
        "time_zone": tuple((zone, zone.replace("_", " ")) for zone in sorted(available_timezones())),
        "style": tuple((one.value, label) for one, label in styles.items()),
        "language": tuple((code, str(Locale(code).get_display_name()).capitalize()) for code in LANGUAGES),
    }


def _numbered(numbers: Iterable[int], form: str) -> tuple[tuple[str, str], ...]:
    return tuple((str(number), form.format(number)) for number in numbers)
