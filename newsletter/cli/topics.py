"""`newsletter topics …`"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json
from newsletter.cli.tables import print_table, visible
from newsletter.errors import NewsletterError
from newsletter.files.site import docs_path

if TYPE_CHECKING:
    from newsletter.models import Item, Topic


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter topics
  newsletter topics add "Unlearning" -k unlearning -k "machine unlearning" \\
      -x survey
  newsletter topics test "in-context learning" -k ICL --days 30
  newsletter topics remove "Unlearning" """,
)
@json_option
@click.pass_context
def topics(ctx: click.Context, as_json: bool) -> None:
    """List the catalogue of topics that profiles refer to by name."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Opened), as_json=as_json)


def _list(opened: Opened, *, as_json: bool) -> None:
    with opened.store() as store:
        catalogue, subscribers = store.topics.catalogue(), store.topics.subscribers()
    if as_json:
        print_json(catalogue)
        return
    if not catalogue:
        raise NewsletterError("the catalogue is empty", hint="newsletter topics add NAME -k WORD, or: newsletter init")
    rows = [(topic.name, subscribers.get(topic.name, 0), topic.about or topic.query) for topic in catalogue]
    print_table(("topic", "subscribers", "about"), rows)


_keyword = click.option(
    "-k", "--keyword", "keywords", multiple=True, help="A word or phrase to match; default: the name."
)
_exclude = click.option("-x", "--exclude", "excluded", multiple=True, help="A word or phrase to exclude.")


@topics.command(
    epilog="""\b
Examples:
  newsletter topics add "Unlearning" -k "machine unlearning" -x survey
  newsletter topics add "Tool use" \\
      'title:(agent* "tool use") OR "function calling" -survey'"""
)
@click.argument("name")
@click.argument("query", default="")
@_keyword
@_exclude
@pass_opened
def add(opened: Opened, name: str, query: str, keywords: tuple[str, ...], excluded: tuple[str, ...]) -> None:
    """Add a topic to the catalogue, or change one.

    A topic is a QUERY, or keywords. A change applies to all subscribers of the topic.
    """
    from newsletter.topics.topic import make_topic

    topic = make_topic(name, keywords, excluded, query=query)
    with opened.store() as store, store.transaction():
        is_new = store.topics.put(topic)
    click.echo(f"{'added' if is_new else 'changed'} {topic.name}: {topic.query}")


@topics.command(epilog='\b\nExample:\n  newsletter topics remove "Unlearning"')
@click.argument("name")
@pass_opened
def remove(opened: Opened, name: str) -> None:
    """Remove a topic from the catalogue; its subscribers keep it."""
    with opened.store() as store, store.transaction():
        if not store.topics.remove(name):
            raise NewsletterError(f"no such topic: {name!r}", hint="see: newsletter topics")
    click.echo(f"removed {name}")


@topics.command(
    epilog=f"""\b
Examples:
  newsletter topics test "LLM agents"
  newsletter topics test '"in-context learning" OR ICL -survey' --days 30
  newsletter topics test 'author:"Ada Example" cat:cs.CL'

A query has words, "phrases", -not, OR, (…), prefix*, title: keyword: abstract: author: org: cat: source:, and weight^2.
Words side by side are near each other, quotes mean exactly. An acronym in capitals (RAG) matches capitals only. The
grammar: {docs_path("topics.md")}."""
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
    """Show which papers match a topic of the catalogue, or a QUERY."""
    from newsletter.pipeline.topic_matches import acronyms_of, check_query, find_matches
    from newsletter.pipeline.topic_warnings import warning_text
    from newsletter.rendering.language import language
    from newsletter.topics.query import format_query
    from newsletter.topics.topic import make_topic

    with opened.store() as store:
        known = None if keywords or excluded else store.topics.find(query)
        topic = known or make_topic(query, keywords, excluded)
        found = find_matches(store, topic, days, now(), opened.config.weights)
        acronyms = [] if as_json else acronyms_of(store, topic, found)  # which reads the archive
    if as_json:
        print_json(list(found.items))
        return
    if found.items:
        _show(topic, found.items)
    click.echo(
        f"{found.matched} of the {len(found.matcher.index)} papers seen in the last {days} days match {topic.query}"
    )
    for offer in acronyms:
        also = f"{offer.papers} papers define {format_query(offer.term)} as {offer}"
        click.echo(f"also: {also}; to find both, add OR {offer}", err=True)
    check = check_query(topic, found, days)
    if check.also:
        click.echo(f"also: {', '.join(check.also)}")
    for warning in check.warnings:
        click.echo(f"warning: {warning_text(warning, language('en'))}", err=True)


def _show(topic: Topic, items: Sequence[Item]) -> None:
    """Print a row for each paper; on a terminal, the matching words are bold."""
    from rich.text import Text

    from newsletter.rendering.labels import reason_label
    from newsletter.rendering.language import language
    from newsletter.topics.evaluation import terms_held
    from newsletter.topics.highlight import highlight
    from newsletter.topics.query import parse

    node = parse(topic.query)
    rows = []
    for item in items:
        title = Text()
        for piece, is_hit in highlight(item.paper.title, terms_held(node, item.paper), is_title=True):
            title.append(visible(piece), style="bold" if is_hit else "")
        match = "; ".join(reason_label(reason, item.paper, language("en")) for reason in item.reasons)
        rows.append((f"{item.score:.1f}", match, title))
    print_table(("score", "match", "title"), rows, optional=("match",))
