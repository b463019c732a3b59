"""Convert profiles to the fields of an HTML form, and a posted form to preferences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale

from newsletter.languages import LANGUAGES
from newsletter.models import Cadence, Profile, Style, Topic
from newsletter.subscribers.profiles import WEEKDAYS, profile_fields, profile_texts
from newsletter.topics.topic import topic_line
from newsletter.web.http.forms import Form


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """A checkbox: one topic of the catalogue."""

    name: str
    query: str
    #: Number of papers of the last week that match.
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Fields:
    """The values that the form's template shows."""

    topics: tuple[TopicChoice, ...]
    #: The subscriber's own topics, one per line.
    queries: str
    #: The selected value of each other field, by its name in `Profile`.
    selected: Mapping[str, str]
    #: The options of each select element, as (value, label).
    options: Mapping[str, tuple[tuple[str, str], ...]]


def read_profile_form(form: Form) -> dict[str, Any]:
    """Return the preferences of a form, as in a profile's file; a field that the form lacks is not in them."""
    texts = {name: form.one(name) for name in _options()}
    preferences = profile_fields(texts | {"topics": form.one("queries")})
    if "topic" in form.fields or "queries" in form.fields:
        preferences["topics"] = [*form.all("topic"), *preferences.get("topics", [])]
    return preferences


def fields_of(profile: Profile, counts: Mapping[Topic, int]) -> Fields:
    """Return the fields that show a profile; `counts` has all topics of the catalogue."""
    return Fields(
        topics=tuple(TopicChoice(one.name, one.query, count, one in profile.topics) for one, count in counts.items()),
        queries="\n".join(topic_line(topic) for topic in profile.topics if topic not in counts),
        selected={name: text for name, text in profile_texts(profile).items() if name in _options()},
        options=_options(),
    )


def fields_of_form(form: Form, counts: Mapping[Topic, int]) -> Fields:
    """Return the fields as they were filled in, invalid values included, so that nobody has to type them twice."""
    defaults = fields_of(Profile(), counts)
    ticked = set(form.all("topic"))
    return Fields(
        topics=tuple(TopicChoice(one.name, one.query, one.count, one.name in ticked) for one in defaults.topics),
        queries=form.one("queries"),
        selected={name: form.one(name) or value for name, value in defaults.selected.items()},
        options=defaults.options,
    )


@cache
def _options() -> dict[str, tuple[tuple[str, str], ...]]:
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


def _numbered(numbers: Iterable[int], label: str) -> tuple[tuple[str, str], ...]:
    return tuple((str(number), label.format(number)) for number in numbers)
