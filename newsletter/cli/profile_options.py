"""The fields of a profile as options of a command, and a profile in a line of English."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from newsletter.languages import LANGUAGES
from newsletter.models import Cadence, Style

if TYPE_CHECKING:
    from newsletter.models import Profile, Subscriber

_F = TypeVar("_F", bound=Callable[..., Any])

#: In the order of help; each is named as its field of a profile, but for `--topic`.
_OPTIONS = (
    click.option("--name", help="The name in the To line."),
    click.option("--topic", "topics", multiple=True, help="The name of a catalogue topic, or a query; repeatable."),
    click.option(
        "--cadence",
        type=click.Choice([one.value for one in Cadence]),
        help="How often a digest is due. Default: daily.",
    ),
    click.option("--hour", type=int, help="Local hour from which a digest is due, 0 to 23. Default: 8."),
    click.option("--weekday", help="Day of weekly digests, as in friday. Default: monday."),
    click.option("--month-day", type=int, help="Day of monthly digests, 1 to 28. Default: 1."),
    click.option("--time-zone", help="Time zone of the hour, as in Europe/Berlin. Default: UTC."),
    click.option(
        "--style",
        type=click.Choice([one.value for one in Style]),
        help="Layout; plain is text only. Default: cards.",
    ),
    click.option("--language", type=click.Choice(LANGUAGES), help="Language of headings and links. Default: en."),
    click.option("--max-papers", type=int, help="Maximum number of papers in a digest. Default: 20."),
    click.option("--max-per-section", type=int, help="Maximum number of papers per topic. Default: 8."),
    click.option("--trending", type=int, help='Number of papers off topic under "Also trending". Default: 0.'),
    click.option("--follow", multiple=True, help="An author or organisation whose papers rank higher; repeatable."),
    click.option(
        "--serendipity/--no-serendipity", default=None, help="Include one popular paper off topic. Default: yes."
    ),
    click.option("--even-if-empty/--only-if-news", default=None, help="Send a digest without new papers. Default: no."),
    click.option("--updates/--no-updates", default=None, help="Include new versions of papers. Default: no."),
)


def profile_options(command: _F) -> _F:
    """Add an option for every field of a profile, and one for the name."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were typed, by the names of profile fields."""
    return {field: value for field, value in options.items() if value not in (None, ())}


def schedule(profile: Profile) -> str:
    """Return when digests are due, as in "weekly on friday, from 16:00 America/New_York"."""
    from newsletter.subscribers.profiles import WEEKDAYS

    days = {Cadence.WEEKLY: f" on {WEEKDAYS[profile.weekday]}", Cadence.MONTHLY: f" on day {profile.month_day}"}
    return f"{profile.cadence.value}{days.get(profile.cadence, '')}, from {profile.hour:02}:00 {profile.time_zone}"


def topic_names(profile: Profile) -> str:
    """Return the names of a profile's topics, or "(trending)" for a profile without topics."""
    return ", ".join(topic.name for topic in profile.topics) or "(trending)"


def print_change(change: str, subscriber: Subscriber) -> None:
    """Print what was done to a subscriber, and their schedule and topics."""
    click.echo(f"{change} {subscriber.email}: {schedule(subscriber.profile)}; {topic_names(subscriber.profile)}")
