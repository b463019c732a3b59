"""`newsletter subscribers tag …`: the operator's tags of subscribers."""

from __future__ import annotations

from collections.abc import Sequence

import click

from newsletter.cli.context import Opened, pass_opened
from newsletter.cli.output import json_option, print_json
from newsletter.cli.tables import print_table
from newsletter.text import counted

_words = click.argument("words", nargs=-1, required=True, metavar="EMAIL... TAG...")


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter subscribers tag  all tags, and how many have each
  newsletter subscribers tag add ada@example.org lab
  newsletter subscribers tag add lab ada@example.org grace@example.org
  newsletter subscribers tag remove ada@example.org lab
  newsletter subscribers list --tag lab""",
)
@json_option
@click.pass_context
def tag(ctx: click.Context, as_json: bool) -> None:
    """Tag subscribers, to address them as a group.

    Tags are yours: subscribers do not see them on their pages. They are in exports, and in what `erase` deletes.
    """
    if ctx.invoked_subcommand is not None:
        return
    with ctx.ensure_object(Opened).store() as store:
        counts = store.tags.counts()
    if as_json:
        print_json(counts)
    elif counts:
        print_table(("tag", "subscribers"), list(counts.items()))
    else:
        click.echo("No tags yet. Next: newsletter subscribers tag add EMAIL TAG")


@tag.command(epilog="\b\nExample:\n  newsletter subscribers tag add ada@example.org grace@example.org lab")
@_words
@pass_opened
def add(opened: Opened, words: tuple[str, ...]) -> None:
    """Give subscribers tags.

    Each of the addresses gets all of the tags; they may stand in any order.
    """
    from newsletter.subscribers.tags import add_tags

    emails, tags = _split(words)
    with opened.store() as store:
        number = add_tags(store, emails, tags)
    click.echo(f"{counted(number, 'tag')} added")


@tag.command(epilog="\b\nExample:\n  newsletter subscribers tag remove ada@example.org lab")
@_words
@pass_opened
def remove(opened: Opened, words: tuple[str, ...]) -> None:
    """Take tags from subscribers."""
    from newsletter.subscribers.tags import remove_tags

    emails, tags = _split(words)
    with opened.store() as store:
        number = remove_tags(store, emails, tags)
    click.echo(f"{counted(number, 'tag')} removed")


def _split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the addresses and the tags among some words; a tag has no "@".

    Raises:
        click.UsageError: There are none of one of them.
    """
    emails = [word for word in words if "@" in word]
    tags = [word for word in words if "@" not in word]
    if not emails or not tags:
        raise click.UsageError("name at least one address and one tag")
    return emails, tags
