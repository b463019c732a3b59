"""What a subscriber may choose: the fields of a profile, each declared once.

From a declaration follow the validation, profile files, options of commands, the form, the JSON API and its OpenAPI
description, the columns of CSV and of the database, and the export of a person's data. To add a field: declare it here,
add its column in a migration, and use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, TypeVar

from newsletter.models.languages import LANGUAGES
from newsletter.models.value_types import (
    Boolean,
    Choice,
    Integer,
    LanguageCode,
    Names,
    Numbers,
    Text,
    TimeZone,
    Topics,
    Weekday,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Topic:
    """A query with a name."""

    name: str
    #: In the language of `newsletter.topics.query`.
    query: str
    #: What it is, in one line, and its area, in the catalogue only. Two topics are equal without these.
    about: str = field(default="", compare=False)
    area: str = field(default="", compare=False)


class Cadence(StrEnum):
    """How often a subscriber gets an edition."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Style(StrEnum):
    """How a digest looks."""

    #: One card for each paper, with its abstract.
    CARDS = "cards"
    #: Titles with one line each.
    COMPACT = "compact"
    #: Plain text, without HTML.
    PLAIN = "plain"


class Group(StrEnum):
    """The part of the form that a field is in; the value is its heading."""

    TOPICS = "Topics"
    WHEN = "When"
    APPEARANCE = "Appearance"
    MORE = "More"


@dataclass(frozen=True, slots=True)
class ProfileField:
    """The declaration of one field."""

    name: str
    default: Any
    type: Text
    #: One sentence, without the range and the default.
    help: str
    label: str
    group: Group
    #: Beneath the field of a form.
    hint: str
    #: The option of commands, with the one that turns it off.
    option: str
    #: A valid plain value other than the default.
    example: Any


def preference(
    default: T,
    type: Text,  # noqa: A002 - the usual name, as in argparse
    help: str,  # noqa: A002 - the same
    *,
    example: Any,
    label: str,
    group: Group = Group.MORE,
    hint: str = "",
    option: str = "",
) -> T:
    """Declare a field of a profile, as the default of a dataclass field; see `ProfileField`."""
    metadata = {
        "type": type, "help": help, "label": label, "group": group, "hint": hint, "option": option, "example": example,
    }  # fmt: skip
    declared: T = field(default=default, metadata=metadata)
    return declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The preferences of a subscriber. Without topics, a digest has the trending papers on any subject."""

    topics: tuple[Topic, ...] = preference(
        (),
        Topics(),
        "The name of a catalogue topic, a query, or both, as in NAME = QUERY.",
        label="Topics",
        group=Group.TOPICS,
        option="--topic",
        example=["large language models"],
    )
    cadence: Cadence = preference(
        Cadence.DAILY,
        Choice(tuple(Cadence), ("Every day", "Monday to Friday", "Once a week", "Once a month")),
        "How often a digest is due.",
        label="How often",
        group=Group.WHEN,
        example="weekly",
    )
    hour: int = preference(
        8,
        Integer(0, 23, "{:02}:00"),
        "Local hour from which a digest is due.",
        label="From",
        group=Group.WHEN,
        example=17,
    )
    wait_hours: int = preference(
        3,
        Integer(0, 23),
        "Hours to wait for papers from that hour on; then a digest without any waits for its next day.",
        label="Wait for papers up to",
        group=Group.WHEN,
        hint="hours, at most until the day ends",
        example=6,
    )
    weekday: int = preference(
        0,
        Weekday(),
        "Day of weekly digests, as in friday.",
        label="On",
        group=Group.WHEN,
        hint="for weekly emails",
        example="friday",
    )
    month_day: int = preference(
        1,
        Integer(1, 28),
        "Day of monthly digests.",
        label="Day",
        group=Group.WHEN,
        hint="for monthly emails",
        example=15,
    )
    time_zone: str = preference(
        "UTC",
        TimeZone(),
        "Time zone of the hour, as in Europe/Berlin.",
        label="Time zone",
        group=Group.WHEN,
        example="Europe/Berlin",
    )
    style: Style = preference(
        Style.CARDS,
        Choice(tuple(Style), ("Cards, with abstracts", "Titles and one line each", "Plain text")),
        "Layout; plain is text only.",
        label="Style",
        group=Group.APPEARANCE,
        example="compact",
    )
    cards: int = preference(
        4,
        Integer(0, 100),
        "Number of papers shown as full cards, the best ones; the others are rows.",
        label="Full cards",
        group=Group.APPEARANCE,
        hint="in the style with cards",
        example=3,
    )
    language: str = preference(
        "en",
        LanguageCode(LANGUAGES),
        "Language of headings and links.",
        label="Language",
        group=Group.APPEARANCE,
        example="de",
    )
    max_papers: int = preference(
        20, Integer(1, 100), "Maximum number of papers in a digest.", label="Papers at most", example=5
    )
    max_per_section: int = preference(
        8, Integer(1, 100), "Maximum number of papers per topic.", label="Papers per topic at most", example=3
    )
    follow: tuple[str, ...] = preference(
        (),
        Names(),
        "An author or organization whose papers rank higher, and are included even off topic.",
        label="Authors and organizations to follow",
        hint="one per line",
        example=["Ada Example"],
    )
    trending: int = preference(
        0,
        Integer(0, 50),
        'Number of papers off topic under "Also trending".',
        label="Trending papers outside of your topics",
        example=5,
    )
    serendipity: bool = preference(
        True,
        Boolean(),
        "Include one paper off topic, of a neighbouring field.",
        label="One paper off topic, of a neighbouring field",
        example=False,
    )
    near: bool = preference(
        True,
        Boolean(),
        "Include up to two papers per topic that have none of its words, but are close to it.",
        label="Papers close to a topic without its words",
        example=False,
    )
    updates: bool = preference(
        False,
        Boolean(),
        "Include new versions of papers, even of those that were sent before.",
        label="New versions of papers",
        example=True,
    )
    even_if_empty: bool = preference(
        False,
        Boolean(),
        "Send a digest without new papers.",
        label="An email even if no paper is new",
        option="--even-if-empty/--only-if-news",
        example=True,
    )
    #: Pairs of a field of `weights.Weights` and its value.
    ranking: tuple[tuple[str, float], ...] = preference(
        (),
        Numbers(),
        "A weight that overrides the site's, as in freshness=2.",
        label="Weights of the ranking",
        hint="one per line, as in freshness = 2",
        example={"freshness": 2.0},
    )


#: The declarations of all fields, by name.
PROFILE_FIELDS: Mapping[str, ProfileField] = {
    one.name: ProfileField(name=one.name, default=one.default, **one.metadata) for one in fields(Profile)
}
#: The fields that hold several values, one per line of a cell.
LIST_FIELDS = tuple(name for name, one in PROFILE_FIELDS.items() if one.type.is_list)
#: The fields that decide when mail is due.
SCHEDULE_FIELDS = ("cadence", "hour", "wait_hours", "weekday", "month_day", "time_zone")
