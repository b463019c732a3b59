"""`newsletter topics …`"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json
from newsletter.cli.tables import print_table, visible
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from newsletter.models import Item, Topic


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
        catalogue, subscribers = store.topics.catalogue(), store.topics.subscribers()
    if as_json:
        print_json(catalogue)
        return
    if not catalogue:
        raise NewsletterError("the catalogue is empty", hint="newsletter topics add NAME -k WORD, or newsletter init")
    rows = [(topic.name, subscribers.get(topic.name, 0), topic.query) for topic in catalogue]
    print_table(("topic", "subscribers", "query"), rows)


_keyword = click.option("-k", "--keyword", "keywords", multiple=True, help="A word or phrase; default: the name.")
_exclude = click.option("-x", "--exclude", "excluded", multiple=True, help="Leave out papers that hold this.")


@topics.command(
    epilog="""\b
Examples:
  newsletter topics add "Unlearning" -k "machine unlearning" -x survey
  newsletter topics add "Tool use" 'title:(agent* "tool use") OR "function calling" -survey'"""
)
@click.argument("name")
@click.argument("query", default="")
@_keyword
@_exclude
@pass_opened
def add(opened: Opened, name: str, query: str, keywords: tuple[str, ...], excluded: tuple[str, ...]) -> None:
    """Add a topic to the catalogue, or change it for all its readers: a QUERY, or words and phrases."""
    from newsletter.topics.topic import make_topic

    topic = make_topic(name, keywords, excluded, query=query)
    with opened.store() as store, store.transaction():
        is_new = store.topics.put(topic)
    click.echo(f"{'added' if is_new else 'changed'} {topic.name}: {topic.query}")


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
  newsletter topics test '"in-context learning" OR ICL -survey' --days 30
  newsletter topics test 'author:"Ada Example" cat:cs.CL'
\b
Words, "phrases", -not, OR, (…), begin*, title: abstract: author: org: cat: source:, worth^2. Capitals are looked for in
capitals (RAG). docs/topics.md has the grammar."""
)
@click.argument("query")
@_keyword
@_exclude
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True, help="How far back to look.")
@json_option
@pass_opened
def test(
    opened: Opened, query: str, keywords: tuple[str, ...], excluded: tuple[str, ...], days: int, as_json: bool
) -> None:
    """Show what a topic would have brought, before anyone subscribes: one of the catalogue's, or a QUERY."""
    from newsletter.models import Profile
    from newsletter.pipeline.compose import read_matcher
    from newsletter.ranking.grouping import group
    from newsletter.topics.topic import make_topic

    with opened.store() as store:
        known = None if keywords or excluded else store.topics.find(query)
        topic = known or make_topic(query, keywords, excluded)
        matcher = read_matcher(store, now() - timedelta(days=days), opened.config.weights)
        profile = Profile(topics=(topic,), max_papers=100, max_per_section=100)
        sections = group(matcher, profile, frozenset(), now().date())
    items = [item for section in sections for item in section.items]
    if as_json:
        print_json(items)
        return
    if items:
        _show(topic, items)
    matched = sum(section.matched for section in sections)
    click.echo(f"{matched} of the {len(matcher.index)} papers seen in the last {days} days match {topic.query}")


def _show(topic: Topic, items: Sequence[Item]) -> None:
    """Print a line for each paper, with what was looked for in bold on a terminal."""
    from rich.text import Text

    from newsletter.rendering.labels import reason_label
    from newsletter.rendering.language import language
    from newsletter.topics.highlight import highlight
    from newsletter.topics.query import parse, wanted_terms

    terms = list(wanted_terms(parse(topic.query)))
    rows = []
    for item in items:
        title = Text()
        for piece, is_hit in highlight(item.paper.title, terms):
            title.append(visible(piece), style="bold" if is_hit else "")
        rows.append(
            (
                f"{item.score:.1f}",
                "; ".join(reason_label(reason, item.paper, language("en")) for reason in item.reasons),
                title,
            )
        )
    print_table(("score", "why", "title"), rows)
