"""`newsletter papers`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json
from newsletter.cli.tables import print_table
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from newsletter.models import Mention, Paper
    from newsletter.store import Store


#: Days.
_PERIODS = {"day": 1, "week": 7, "month": 30}


@click.command(
    epilog="""\b
Examples:
  newsletter papers
  newsletter papers in-context learning
  # one paper, and the sources that listed it
  newsletter papers 2605.01234
  # the most upvoted of the last seven days
  newsletter papers --trending week
  # those with the most upvotes and comments per day
  newsletter papers --trending month --velocity
  newsletter papers --limit 5 --json

  newsletter papers 'title:agents -survey'

WORDS are a query, as topics are: papers with the phrase, or with its words near each other, or all in their title are
listed, the best match first; if there are none, those with most of the words. The
grammar: newsletter topics test --help."""
)
@click.argument("words", nargs=-1)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Maximum number of papers.")
@click.option("--trending", type=click.Choice(list(_PERIODS)), help="The most upvoted of the last day, week or month.")
@click.option("--velocity", is_flag=True, help="With --trending: sort by upvotes and comments per day.")
@json_option
@pass_opened
def papers(
    opened: Opened, words: tuple[str, ...], limit: int, trending: str | None, velocity: bool, as_json: bool
) -> None:
    """List the newest papers, search them, or show one by its id."""
    if (velocity and not trending) or (trending and words):
        raise click.UsageError("--velocity needs --trending, and --trending takes no WORDS")
    with opened.store() as store:
        paper = _named(store, words)
        mentions = store.papers.mentions(paper.id) if paper else []
        if trending:
            since = now().date() - timedelta(days=_PERIODS[trending] - 1)
            found = store.papers.trending(since, now().date(), limit, by_velocity=velocity)
        elif words:
            found = [] if paper else _search(store, " ".join(words), limit)
        else:
            found = store.papers.newest(limit)
        count = store.papers.count()
    if paper is not None:
        _show_paper(paper, mentions, as_json=as_json)
        return
    if as_json:
        print_json(found)
        return
    if not found:
        if trending and count:
            raise NewsletterError(f"no upvoted papers in the last {trending}", hint="newsletter pull")
        raise NewsletterError(
            f"no match: none of {count} papers matches {' '.join(words)!r}"
            if count
            else "the store holds no papers yet",
            hint="newsletter papers lists the newest" if count else "newsletter pull",
        )
    rows = [(paper.published or paper.listed, paper.arxiv_id or "", paper.upvotes, paper.title) for paper in found]
    print_table(("date", "arXiv", "upvotes", "title"), rows, optional=("upvotes", "date"))
    click.echo(f"{len(found)} of {count} papers")


def _search(store: Store, query: str, limit: int) -> list[Paper]:
    from newsletter.pipeline.archive_search import search_archive
    from newsletter.pipeline.archive_space import ArchiveSpace

    results = search_archive(store, query, limit=limit, space=ArchiveSpace())
    return [hit.paper for hit in results.found.hits or results.others]


def _named(store: Store, words: Sequence[str]) -> Paper | None:
    """Return the paper whose arXiv id or DOI is the only word, or None."""
    return store.papers.named(words[0]) if len(words) == 1 else None


def _show_paper(paper: Paper, mentions: Sequence[Mention], *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(paper) | {"mentions": mentions})
        return
    shown = asdict(paper) | {"authors": ", ".join(paper.authors), "text": f"from {paper.text_source}"}
    left_out = {"id", "key", "sources", "text_source", "text_version"}
    rows = [
        (name.replace("_", " "), ", ".join(value) if isinstance(value, tuple) else value)
        for name, value in shown.items()
        if name not in left_out and value not in (None, "", (), False)
    ]
    print_table(("field", "value"), rows)
    click.echo()
    print_table(
        ("source", "first listed", "place"),
        [(one.source, f"{one.mentioned_at:%Y-%m-%d %H:%M} UTC", one.place) for one in mentions],
        optional=("place",),
    )
