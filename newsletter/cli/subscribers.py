"""`newsletter subscribers …`: list, add, edit and show; the other commands are in the modules beside."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.aliases import RenamedOption, add_alias
from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, json_text, print_json, print_json_lines, print_list
from newsletter.cli.profile_options import given, print_change, profile_options, schedule, topic_names
from newsletter.cli.subscribers_bulk import export_file, import_file, sync_files
from newsletter.cli.subscribers_status import erase, pause, resume, unsubscribe
from newsletter.cli.subscribers_tags import tag
from newsletter.cli.tables import print_table

if TYPE_CHECKING:
    from newsletter.models import Subscriber

_NOBODY = 'No subscribers yet. Next: newsletter subscribers add YOU@example.org --topic "…"'


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter subscribers add ada@example.org --topic "in-context learning" \\
      --topic "LLM agents"
  newsletter subscribers edit ada@example.org --cadence weekly \\
      --weekday friday
  newsletter subscribers tag add ada@example.org lab
  newsletter subscribers sync
  newsletter subscribers unsubscribe ada@example.org""",
)
@json_option
@click.pass_context
def subscribers(ctx: click.Context, as_json: bool) -> None:
    """List the subscribers, or add and change them.

    Subscribers come from these commands, from a file each in subscribers/ (`sync`), from a CSV file (`import`), and
    from the sign-up page.
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Opened), as_json=as_json)


@subscribers.command(
    "list",
    epilog="""\b
Examples:
  newsletter subscribers list --json
  newsletter subscribers list --tag lab
  newsletter subscribers list --limit 50 --after ada@example.org""",
)
@click.option("--tag", "tags", multiple=True, help="Only who has this tag; repeatable: who has all of them.")
@click.option("--limit", type=click.IntRange(min=1), help="Maximum number of subscribers; default: all of them.")
@click.option("--after", default="", metavar="ADDRESS", help="Only those whose addresses come after this one.")
@json_option
@pass_opened
def list_subscribers(opened: Opened, tags: tuple[str, ...], limit: int | None, after: str, as_json: bool) -> None:
    """List the subscribers, in the order of their addresses."""
    _list(opened, tags, limit, after, as_json=as_json)


def _list(
    opened: Opened, tags: tuple[str, ...] = (), limit: int | None = None, after: str = "", *, as_json: bool
) -> None:
    from newsletter.models.addresses import email_key
    from newsletter.store.subscriber_search import Search
    from newsletter.subscribers.tags import read_tag

    wanted = list(dict.fromkeys(map(read_tag, tags)))
    with opened.store() as store:
        people = store.subscriber_search.walk(Search(tag=wanted[0] if wanted else ""), email_key(after))
        tagged = ((one, store.tags.of(one.id)) for one in people)
        found = ((one, own) for one, own in tagged if {*wanted} <= {*own})
        if as_json:
            _print_json(islice(found, limit))
            return
        listed = list(islice(found, limit))
        is_more = next(found, None) is not None
    has_tags = any(own for _, own in listed)
    print_list(
        listed,
        ("address", "status", "schedule", "topics", *(["tags"] if has_tags else []), "origin"),
        lambda row: (
            row[0].email,
            row[0].status.value,
            schedule(row[0].profile),
            topic_names(row[0].profile),
            *([", ".join(row[1])] if has_tags else []),
            row[0].origin,
        ),
        as_json=False,
        empty=f"Nobody has the tag {' and '.join(tags)}."
        if tags
        else f"Nobody comes after {after}."
        if after
        else _NOBODY,
        optional=("origin", "tags", "schedule"),
    )
    if is_more:
        click.echo(f"there are more: --after {listed[-1][0].email}", err=True)


def _print_json(found: Iterable[tuple[Subscriber, tuple[str, ...]]]) -> None:
    """Print subscribers with their tags as JSON, one after the other, since there may be a million."""
    from newsletter.subscribers.subscriptions import subscriber_values

    texts = (json_text(subscriber_values(one) | {"tags": tags}) for one, tags in found)
    print_json_lines(text.replace("\n", "\n  ") for text in texts)
    click.echo()


@subscribers.command(
    epilog="""\b
Examples:
  newsletter subscribers add ada@example.org --topic "in-context learning"
  newsletter subscribers add lab@example.org --cadence weekly \\
      --weekday friday --time-zone Europe/Paris

Without a topic, they get the trending papers on any subject."""
)
@click.argument("email")
@profile_options
@click.option(
    "--resubscribe",
    "--they-asked",
    cls=RenamedOption,
    is_flag=True,
    help="They unsubscribed or bounced, and asked to come back.",
)
@click.option("--tag", "tags", multiple=True, help="A tag of yours; repeatable.")
@pass_opened
def add(
    opened: Opened, /, email: str, name: str | None, resubscribe: bool, tags: tuple[str, ...], **preferences: Any
) -> None:
    """Add a subscriber."""
    from newsletter.subscribers.subscriptions import subscribe
    from newsletter.subscribers.tags import add_tags, read_tag

    tags = tuple(map(read_tag, tags))
    with opened.store() as store, store.transaction():
        print_change("added", subscribe(store, email, name or "", given(preferences), now(), resubscribe=resubscribe))
        add_tags(store, [email], tags)


@subscribers.command(
    epilog="""\b
Examples:
  newsletter subscribers edit ada@example.org --hour 6 --trending 5
  newsletter subscribers edit ada@example.org --address ada@lab.example.org"""
)
@click.argument("email")
@click.option("--address", help="Their new email address.")
@profile_options
@pass_opened
def edit(opened: Opened, /, email: str, address: str | None, name: str | None, **preferences: Any) -> None:
    """Change a subscriber's preferences or address.

    Preferences that are not given stay as they are.
    """
    from newsletter.subscribers.subscriptions import change_address, change_preferences

    if address is None and name is None and not given(preferences):
        raise click.UsageError("nothing to change: give --address, --name, or a preference, as --hour 6")
    with opened.store() as store, store.transaction():
        changed = change_preferences(store, email, name, given(preferences), now())
        if address:
            changed = change_address(store, changed, address)
    print_change("changed", changed)


@subscribers.command(
    epilog="""\b
Examples:
  newsletter subscribers show ada@example.org
  newsletter subscribers show ada@example.org --toml > subscribers/ada.toml"""
)
@click.argument("email")
@click.option("--toml", "as_toml", is_flag=True, help="Print a profile file, for subscribers/ of this or another site.")
@json_option
@pass_opened
def show(opened: Opened, email: str, as_toml: bool, as_json: bool) -> None:
    """Show a subscriber's profile, next email and deliveries."""
    from newsletter.pipeline.next_mail import next_mail, next_mail_text
    from newsletter.subscribers.profiles import profile_file
    from newsletter.subscribers.subscriptions import find, subscriber_values

    with opened.store() as store:
        subscriber = find(store, email)
        deliveries = store.deliveries.of_subscriber(subscriber.id)
        coming = next_mail(store, subscriber, now())
        tags = store.tags.of(subscriber.id)
    if as_toml:
        click.echo(profile_file(subscriber.email, subscriber.name, subscriber.profile), nl=False)
        return
    if as_json:
        shown = subscriber_values(subscriber) | {"tags": tags}
        print_json({"subscriber": shown, "next_email": coming, "deliveries": deliveries})
        return
    profile = subscriber.profile
    click.echo(f"{subscriber.email}  {subscriber.name}")
    click.echo(f"{subscriber.status.value} since {subscriber.status_at.date()}, from {subscriber.origin}")
    click.echo(f"{schedule(profile)}, {profile.style.value}, {profile.language}, up to {profile.max_papers} papers")
    click.echo(f"next email: {next_mail_text(coming)}")
    if tags:
        click.echo(f"tags: {', '.join(tags)}")
    for topic in profile.topics:
        click.echo(f"  {topic.name}: {topic.query}")
    if deliveries:
        rows = [(d.edition_key, d.status.value, f"{d.updated_at:%Y-%m-%d %H:%M} UTC", d.detail) for d in deliveries]
        print_table(("edition", "status", "when", "detail"), rows, optional=("when",))


for _command in (pause, resume, unsubscribe, erase, sync_files, import_file, export_file, tag):
    subscribers.add_command(_command)
add_alias(subscribers, unsubscribe, "leave")
add_alias(subscribers, erase, "forget")
