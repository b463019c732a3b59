"""`newsletter topics …`"""

from __future__ import annotations

from datetime import timedelta

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json, print_table
from newsletter.errors import NewsletterError


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter topics
  newsletter topics add "Unlearning" -k unlearning -k "machine unlearning" -x survey
  newsletter topics test "in-context learning" -k ICL --days 30
  newsletter topics remove "Unlearning" """,
)
@json_option
@click.pass_context
def topics(ctx: click.Context, as_json: bool) -> None:
    """List the catalogue's topics: named filters that profiles refer to."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Opened), as_json=as_json)


def _list(opened: Opened, *, as_json: bool) -> None:
    with opened.store() as store:
        catalogue, readers = store.topics.catalogue(), store.topics.readers()
    if as_json:
        print_json(catalogue)
        return
    if not catalogue:
        raise NewsletterError("the catalogue is empty", hint="newsletter topics add NAME -k WORD, or newsletter init")
    rows = [(t.name, readers.get(t.name, 0), ", ".join(t.keywords), ", ".join(t.excluded)) for t in catalogue]
    print_table(("topic", "readers", "keywords", "not"), rows)


_keyword = click.option("-k", "--keyword", "keywords", multiple=True, help="A word or phrase; default: the name.")
_exclude = click.option("-x", "--exclude", "excluded", multiple=True, help="Leave out papers that hold this.")


@topics.command(epilog='\b\nExample:\n  newsletter topics add "Unlearning" -k "machine unlearning" -x survey')
@click.argument("name")
@_keyword
@_exclude
@pass_opened
def add(opened: Opened, name: str, keywords: tuple[str, ...], excluded: tuple[str, ...]) -> None:
    """Add a topic to the catalogue, or change it for all its readers."""
    from newsletter.profiles import make_topic

    topic = make_topic(name, keywords or (name,), excluded)
    with opened.store() as store, store.transaction():
        is_new = store.topics.put(topic)
    click.echo(f"{'added' if is_new else 'changed'} {topic.name}: {', '.join(topic.keywords)}")


@topics.command(epilog='\b\nExample:\n  newsletter topics remove "Unlearning"')
@click.argument("name")
@pass_opened
def remove(opened: Opened, name: str) -> None:
    """Take a topic out of the catalogue; who reads it keeps it."""
    with opened.store() as store, store.transaction():
        if not store.topics.remove(name):
            raise NewsletterError(f"no topic is called {name!r}", hint="see: newsletter topics")
    click.echo(f"removed {name}")


@topics.command(
    epilog="""\b
Examples:
  newsletter topics test "LLM agents"
  newsletter topics test unlearning -x survey --days 30"""
)
@click.argument("name")
@_keyword
@_exclude
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True, help="How far back to look.")
@json_option
@pass_opened
def test(
    opened: Opened, name: str, keywords: tuple[str, ...], excluded: tuple[str, ...], days: int, as_json: bool
) -> None:
    """Show what a topic would have brought, before anyone subscribes: one of the catalogue's, or words."""
    from newsletter.models import Profile
    from newsletter.profiles import make_topic
    from newsletter.ranking.grouping import group
    from newsletter.ranking.index import PaperIndex

    with opened.store() as store:
        known = None if keywords or excluded else store.topics.find(name)
        topic = known or make_topic(name, keywords or (name,), excluded)
        papers = store.papers.new_since(now() - timedelta(days=days))
    profile = Profile(topics=(topic,), max_papers=100, max_per_section=100)
    sections = group(PaperIndex(papers), profile, frozenset(), now().date())
    items = [item for section in sections for item in section.items]
    if as_json:
        print_json(items)
        return
    if items:
        rows = [(f"{item.score:.1f}", "; ".join(map(str, item.reasons)), item.paper.title) for item in items]
        print_table(("score", "why", "title"), rows)
    matched = sum(section.matched for section in sections)
    click.echo(f"{matched} of the {len(papers)} papers seen in the last {days} days match {topic.name}")
