"""`newsletter explain`."""

from __future__ import annotations

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json, print_table
from newsletter.errors import NewsletterError


@click.command(
    epilog="""\b
Examples:
  newsletter explain 2605.01234 --for ada@example.org
  newsletter explain 10.1000/182 --for ada@example.org --json"""
)
@click.argument("paper", metavar="ID")
@click.option("--for", "email", required=True, metavar="EMAIL", help="The reader to explain it to.")
@json_option
@pass_opened
def explain(opened: Opened, paper: str, email: str, as_json: bool) -> None:
    """Explain why a paper (its arXiv id or DOI) is where it is in a reader's next digest, or why it is not there."""
    from newsletter.pipeline.explain import explain as explained
    from newsletter.sources.identifiers import arxiv_id, doi
    from newsletter.subscriptions import find

    with opened.store() as store:
        subscriber = find(store, email)
        arxiv, named = arxiv_id(paper), doi(paper)
        known = store.papers.find(f"arxiv:{arxiv}" if arxiv else f"doi:{named}")
        if known is None:
            raise NewsletterError(f"no paper is known as {paper!r}", hint="newsletter papers WORDS finds its id")
        told = explained(store, known, subscriber, now())
    if as_json:
        print_json(told)
        return
    click.echo(f"{told.paper.title}\n{told.standing}\n")
    rows = [(what, f"{value:.2f}") for what, value in told.parts]
    print_table(("part of the score", "adds"), [*rows, ("together", f"{told.total:.2f}")])
    if told.topics:
        print_table(("topic", "what the paper holds of it"), told.topics)
