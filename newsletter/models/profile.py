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

from newsletter.models.languages import LANGUAGES, translatable
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
from newsletter.models.weights import FORMER_NAMES

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

    TOPICS = translatable("Topics")
    WHEN = translatable("When")
    PAPERS = translatable("Which papers, and how many")
    APPEARANCE = translatable("Appearance")
    MORE = translatable("Fine-tuning")


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
        label=translatable("Topics"),
        group=Group.TOPICS,
        option="--topic",
        example=["large language models"],
    )
    cadence: Cadence = preference(
        Cadence.DAILY,
        Choice(
            tuple(Cadence),
            (
                translatable("Every day"),
                translatable("Monday to Friday"),
                translatable("Once a week"),
                translatable("Once a month"),
            ),
        ),
        "How often a digest is due.",
        label=translatable("How often"),
        group=Group.WHEN,
        example="weekly",
    )
    hour: int = preference(
        8,
        Integer(0, 23, "{:02}:00"),
        "Local hour from which a digest is due.",
        label=translatable("Time of day"),
        group=Group.WHEN,
        hint=translatable("Emails are sent from this hour on."),
        example=17,
    )
    wait_hours: int = preference(
        3,
        Integer(0, 23),
        "Hours to wait for papers from that hour on; then a digest without any waits for its next day.",
        label=translatable("Hours to wait for papers"),
        group=Group.MORE,
        hint=translatable("If nothing is new at that hour, the email waits, at most until the day ends."),
        example=6,
    )
    weekday: int = preference(
        0,
        Weekday(),
        "Day of weekly digests, as in friday.",
        label=translatable("Day of the week"),
        group=Group.WHEN,
        hint=translatable("For weekly emails."),
        example="friday",
    )
    month_day: int = preference(
        1,
        Integer(1, 28),
        "Day of monthly digests.",
        label=translatable("Day of the month"),
        group=Group.WHEN,
        hint=translatable("For monthly emails."),
        example=15,
    )
    time_zone: str = preference(
        "UTC",
        TimeZone(),
        "Time zone of the hour, as in Europe/Berlin.",
        label=translatable("Time zone"),
        group=Group.WHEN,
        example="Europe/Berlin",
    )
    first_at_once: bool = preference(
        False,
        Boolean(),
        "Send the first digest as soon as the subscription is confirmed, before the hour.",
        label=translatable("Send me my first digest at once"),
        group=Group.WHEN,
        hint=translatable("Otherwise it comes at the time of day that you chose."),
        example=True,
    )
    style: Style = preference(
        Style.CARDS,
        Choice(
            tuple(Style),
            (
                translatable("Cards, then rows"),
                translatable("Rows: title, finding, authors"),
                translatable("Plain text"),
            ),
        ),
        "Layout; plain is text only.",
        label=translatable("Style"),
        group=Group.APPEARANCE,
        example="compact",
    )
    cards: int = preference(
        4,
        Integer(0, 100),
        "Number of papers shown as full cards, the best ones; the others are rows.",
        label=translatable("Papers as full cards"),
        group=Group.APPEARANCE,
        hint=translatable("The best ones, in the style with cards. The others are rows."),
        example=3,
    )
    language: str = preference(
        "en",
        LanguageCode(LANGUAGES),
        "Language of headings and links.",
        label=translatable("Language of emails"),
        group=Group.APPEARANCE,
        example="de",
    )
    max_papers: int = preference(
        20,
        Integer(1, 100),
        "Maximum number of papers in a digest.",
        label=translatable("Papers in an email, at most"),
        group=Group.PAPERS,
        example=5,
    )
    max_per_section: int = preference(
        8,
        Integer(1, 100),
        "Maximum number of papers per topic.",
        label=translatable("Papers per topic, at most"),
        group=Group.PAPERS,
        example=3,
    )
    follow: tuple[str, ...] = preference(
        (),
        Names(),
        "An author or organization whose papers rank higher, and are included even off topic.",
        label=translatable("Authors and organizations to follow"),
        hint=translatable("One per line. Their papers rank higher, and come even off topic."),
        group=Group.PAPERS,
        example=["Ada Example"],
    )
    trending: int = preference(
        0,
        Integer(0, 50),
        'Number of papers off topic under "Also trending".',
        label=translatable("Trending papers off topic"),
        hint=translatable("They come last, under “Also trending”."),
        group=Group.PAPERS,
        example=5,
    )
    serendipity: bool = preference(
        True,
        Boolean(),
        "Include one paper off topic, of a neighbouring field.",
        label=translatable("One paper of a neighbouring field, under “Outside your topics”"),
        group=Group.PAPERS,
        example=False,
    )
    near: bool = preference(
        True,
        Boolean(),
        "Include up to two papers per topic that have none of its words, but are close to it.",
        label=translatable("Papers that are close to a topic, though they lack its words"),
        group=Group.PAPERS,
        example=False,
    )
    updates: bool = preference(
        False,
        Boolean(),
        "Include new versions of papers, even of those that were sent before.",
        label=translatable("New versions of papers, even of those I was sent"),
        group=Group.PAPERS,
        example=True,
    )
    even_if_empty: bool = preference(
        False,
        Boolean(),
        "Send a digest without new papers.",
        label=translatable("An email even if nothing is new"),
        option="--even-if-empty/--only-if-news",
        group=Group.PAPERS,
        example=True,
    )
    #: Pairs of a field of `weights.Weights` and its value.
    ranking: tuple[tuple[str, float], ...] = preference(
        (),
        Numbers(renamed=FORMER_NAMES),
        "A weight that overrides the site's, as in freshness=2.",
        label=translatable("Weights of the ranking"),
        hint=translatable("One per line, such as “freshness = 2”."),
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
