"""`newsletter subscribers …`"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from newsletter.cli.aliases import add_alias
from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems
from newsletter.cli.subscribers_bulk import erase, export_file, import_file
from newsletter.cli.tables import print_table
from newsletter.languages import LANGUAGES
from newsletter.models import Cadence, Style

if TYPE_CHECKING:
    from newsletter.models import Profile, Subscriber

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter subscribers add ada@example.org --topic "in-context learning" --topic "LLM agents"
  newsletter subscribers edit ada@example.org --cadence weekly --weekday friday
  newsletter subscribers sync
  newsletter subscribers unsubscribe ada@example.org""",
)
@json_option
@click.pass_context
def subscribers(ctx: click.Context, as_json: bool) -> None:
    """List the subscribers. One profile per file in subscribers/, or added here."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Opened), as_json=as_json)


@subscribers.command("list", epilog="\b\nExample:\n  newsletter subscribers list --json")
@json_option
@pass_opened
def list_subscribers(opened: Opened, as_json: bool) -> None:
    """List the subscribers."""
    _list(opened, as_json=as_json)


def _list(opened: Opened, *, as_json: bool) -> None:
    with opened.store() as store:
        everybody = store.subscribers.all()
    if as_json:
        print_json(everybody)
        return
    if everybody:
        rows = [(s.email, s.status.value, in_words(s.profile), _topics(s.profile), s.origin) for s in everybody]
        print_table(("address", "status", "when", "topics", "from"), rows)
    else:
        click.echo('No subscribers yet. Next: newsletter subscribers add YOU@example.org --topic "…"')


def _preferences(command: _F) -> _F:
    """Add an option for every field of a profile."""
    options = (
        click.option("--name", help="How they are called in the To line."),
        click.option(
            "--topic", "topics", multiple=True, help="A topic of the catalogue, or words of one's own; repeatable."
        ),
        click.option("--cadence", type=click.Choice([c.value for c in Cadence]), help="Default: daily."),
        click.option("--hour", type=int, help="Local hour from which mail is due, 0 to 23. Default: 8."),
        click.option("--weekday", help="For weekly mail, as in friday. Default: monday."),
        click.option("--month-day", type=int, help="For monthly mail, 1 to 28. Default: 1."),
        click.option("--time-zone", help="As in Europe/Berlin. Default: UTC."),
        click.option(
            "--style", type=click.Choice([s.value for s in Style]), help="Default: cards; plain is text alone."
        ),
        click.option("--language", type=click.Choice(LANGUAGES), help="Of the mail's own words. Default: en."),
        click.option("--max-papers", type=int, help="In the whole mail. Default: 20."),
        click.option("--max-per-section", type=int, help="Under each topic. Default: 8."),
        click.option("--trending", type=int, help='Papers of no topic under "Also trending". Default: 0.'),
        click.option("--follow", multiple=True, help="An author or organisation whose papers come first; repeatable."),
        click.option(
            "--serendipity/--no-serendipity",
            default=None,
            help="Keep a place for a paper outside of the topics that many like. Default: yes.",
        ),
        click.option("--even-if-empty/--only-if-news", default=None, help="Write when there is nothing, too."),
        click.option("--updates/--no-updates", default=None, help="Send new versions of papers, too. Default: no."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@subscribers.command(
    epilog="""\b
Examples:
  newsletter subscribers add ada@example.org --topic "in-context learning"
  newsletter subscribers add lab@example.org --cadence weekly --weekday friday --time-zone Europe/Paris
\b
Without a topic they get the trending papers, whatever they are about."""
)
@click.argument("email")
@_preferences
@click.option("--resubscribe", "--they-asked", is_flag=True, help="They left or bounced, and asked to come back.")
@pass_opened
def add(opened: Opened, /, email: str, name: str | None, resubscribe: bool, **preferences: Any) -> None:
    """Make a new subscriber."""
    from newsletter.subscribers.subscriptions import subscribe

    with opened.store() as store:
        _tell("added", subscribe(store, email, name or "", _given(preferences), now(), resubscribe=resubscribe))


@subscribers.command(
    epilog="""\b
Examples:
  newsletter subscribers edit ada@example.org --hour 6 --trending 5
  newsletter subscribers edit ada@example.org --address ada@lab.example.org"""
)
@click.argument("email")
@click.option("--address", help="Where they are mailed from now on.")
@_preferences
@pass_opened
def edit(opened: Opened, /, email: str, address: str | None, name: str | None, **preferences: Any) -> None:
    """Change what a subscriber wishes for; what is not named stays."""
    from newsletter.subscribers.subscriptions import change_address, change_preferences

    with opened.store() as store, store.transaction():
        changed = change_preferences(store, email, name, _given(preferences))
        if address:
            changed = change_address(store, changed, address)
    _tell("changed", changed)


@subscribers.command(epilog="\b\nExample:\n  newsletter subscribers show ada@example.org")
@click.argument("email")
@json_option
@pass_opened
def show(opened: Opened, email: str, as_json: bool) -> None:
    """Show one subscriber, and what they were sent."""
    from newsletter.subscribers.subscriptions import find

    with opened.store() as store:
        subscriber = find(store, email)
        deliveries = store.deliveries.of_subscriber(subscriber.id)
    if as_json:
        print_json({"subscriber": subscriber, "deliveries": deliveries})
        return
    profile = subscriber.profile
    click.echo(f"{subscriber.email}  {subscriber.name}")
    click.echo(f"{subscriber.status.value} since {subscriber.status_at.date()}, from {subscriber.origin}")
    click.echo(f"{in_words(profile)}, {profile.style.value}, {profile.language}, up to {profile.max_papers} papers")
    for topic in profile.topics:
        click.echo(f"  {topic.name}: {topic.query}")
    if deliveries:
        rows = [(d.edition_key, d.status.value, f"{d.updated_at:%Y-%m-%d %H:%M} UTC", d.detail) for d in deliveries]
        print_table(("edition", "status", "when", "detail"), rows)


@subscribers.command(
    epilog="""\b
Examples:
  newsletter subscribers pause ada@example.org
  newsletter subscribers pause ada@example.org --until 2026-12-31"""
)
@click.argument("email")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day from which they are mailed again.")
@pass_opened
def pause(opened: Opened, email: str, until: datetime | None) -> None:
    """Stop mailing a subscriber until they are resumed, or until a day."""
    from newsletter.subscribers.subscriptions import pause as pause_subscriber

    with opened.store() as store:
        _tell("paused", pause_subscriber(store, email, now(), until.date() if until else None))


@subscribers.command(epilog="\b\nExample:\n  newsletter subscribers resume ada@example.org")
@click.argument("email")
@click.option("--resubscribe", "--they-asked", is_flag=True, help="They left, and asked to come back.")
@pass_opened
def resume(opened: Opened, email: str, resubscribe: bool) -> None:
    """Mail a subscriber again."""
    from newsletter.subscribers.subscriptions import resume as resume_subscriber

    with opened.store() as store:
        _tell("resumed", resume_subscriber(store, email, now(), resubscribe=resubscribe))


@subscribers.command(
    epilog="""\b
Examples:
  newsletter subscribers unsubscribe ada@example.org
  newsletter subscribers unsubscribe 12.Yk3v…      the token in the subject of a mail that asks to leave"""
)
@click.argument("who", metavar="EMAIL|TOKEN")
@pass_opened
def unsubscribe(opened: Opened, who: str) -> None:
    """End a subscription, at once; no file and no import brings it back."""
    from newsletter.subscribers.subscriptions import unsubscribe as unsubscribe_for_good

    with opened.store() as store:
        _tell("unsubscribed", unsubscribe_for_good(store, who, now()))


@subscribers.command(epilog="\b\nExamples:\n  newsletter subscribers sync --dry-run\n  newsletter subscribers sync")
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@json_option
@pass_opened
def sync(opened: Opened, dry_run: bool, as_json: bool) -> None:
    """Load the profiles in subscribers/*.toml. A bad file is reported; the others go in."""
    from newsletter.subscribers.sync import sync as sync_files

    with opened.store() as store:
        report = sync_files(store, opened.site.subscribers, now(), dry_run=dry_run)
    if as_json:
        print_json(report)
    else:
        if report.changes:
            print_table(("file", "address", "would be" if dry_run else "outcome"), report.changes)
        changed = sum(outcome not in ("same", "unsubscribed") for _, _, outcome in report.changes)
        click.echo(f"{len(report.changes)} profiles, {changed} {'to change' if dry_run else 'changed'}")
    print_problems([f"refused {refusal}" for refusal in report.refusals], "more refused")
    finish(clean=not report.refusals)


for _command in (import_file, export_file, erase):
    subscribers.add_command(_command)
add_alias(subscribers, unsubscribe, "leave")
add_alias(subscribers, erase, "forget")


def in_words(profile: Profile) -> str:
    """Return "weekly on friday, from 16:00 America/New_York"."""
    from newsletter.subscribers.profiles import WEEKDAYS

    days = {Cadence.WEEKLY: f" on {WEEKDAYS[profile.weekday]}", Cadence.MONTHLY: f" on day {profile.month_day}"}
    return f"{profile.cadence.value}{days.get(profile.cadence, '')}, from {profile.hour:02}:00 {profile.time_zone}"


def _topics(profile: Profile) -> str:
    return ", ".join(topic.name for topic in profile.topics) or "(trending)"


def _given(preferences: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in preferences.items() if value not in (None, ())}


def _tell(done: str, subscriber: Subscriber) -> None:
    click.echo(f"{done} {subscriber.email}: {in_words(subscriber.profile)}; {_topics(subscriber.profile)}")
