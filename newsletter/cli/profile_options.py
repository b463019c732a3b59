"""The fields of a profile as options of a command, and a profile in a line of English."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from newsletter.models import Cadence
from newsletter.models.profile import PROFILE_FIELDS, ProfileField
from newsletter.models.value_types import WEEKDAYS, Boolean, Choice, Integer, Numbers

if TYPE_CHECKING:
    from newsletter.models import Profile, Subscriber

_F = TypeVar("_F", bound=Callable[..., Any])


def profile_options(command: _F) -> _F:
    """Add an option for every field of a profile, and one for the name."""
    for field in reversed([*PROFILE_FIELDS.values()]):
        command = _option(field)(command)
    return click.option("--name", help="The name in the To line.")(command)


def _option(field: ProfileField) -> Callable[[_F], _F]:
    """Return the option of a field; whole numbers have their range in its help, and are checked like all others."""
    name = field.name.replace("_", "-")
    option = field.option or (f"--{name}/--no-{name}" if isinstance(field.type, Boolean) else f"--{name}")
    help_text = field.help
    if isinstance(field.type, Integer):
        help_text = f"{help_text.rstrip('.')}, {field.type.first} to {field.type.last}."
    if field.type.is_list:
        metavar = "NAME=NUMBER" if isinstance(field.type, Numbers) else None
        help_text = f"{help_text.rstrip('.')}; repeatable."
        return click.option(option, field.name, multiple=True, metavar=metavar, help=help_text)
    help_text += f" Default: {default_text(field)}."
    if isinstance(field.type, Boolean):
        return click.option(option, field.name, default=None, help=help_text)
    kind = click.Choice([*map(str, field.type.choices)]) if isinstance(field.type, Choice) else None
    return click.option(option, field.name, type=int if isinstance(field.type, Integer) else kind, help=help_text)


def default_text(field: ProfileField) -> str:
    """Return the default of a field, as people type it."""
    text = field.type.write(field.default)
    return {"true": "yes", "false": "no"}.get(text, text)


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were typed, by the names of profile fields, as their plain values."""
    typed = {field: value for field, value in options.items() if value not in (None, ())}
    if "topics" in typed:
        from newsletter.topics.topic import read_topic_line

        typed["topics"] = [*map(read_topic_line, typed["topics"])]
    if "ranking" in typed:
        typed["ranking"] = PROFILE_FIELDS["ranking"].type.read("\n".join(typed["ranking"]))
    return typed


def schedule(profile: Profile) -> str:
    """Return when digests are due, as in "weekly on friday, from 16:00 America/New_York"."""
    days = {Cadence.WEEKLY: f" on {WEEKDAYS[profile.weekday]}", Cadence.MONTHLY: f" on day {profile.month_day}"}
    return f"{profile.cadence.value}{days.get(profile.cadence, '')}, from {profile.hour:02}:00 {profile.time_zone}"


def topic_names(profile: Profile) -> str:
    """Return the names of a profile's topics, or "(trending)" for a profile without topics."""
    return ", ".join(topic.name for topic in profile.topics) or "(trending)"


def print_change(change: str, subscriber: Subscriber) -> None:
    """Print what was done to a subscriber, and their schedule and topics."""
    click.echo(f"{change} {subscriber.email}: {schedule(subscriber.profile)}; {topic_names(subscriber.profile)}")
