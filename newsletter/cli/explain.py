"""`newsletter explain`."""

from __future__ import annotations

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json, print_table


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
    from newsletter.subscribers.feedback import find_paper
    from newsletter.subscribers.subscriptions import find

    with opened.store() as store:
        subscriber = find(store, email)
        told = explained(store, find_paper(store, paper), subscriber, now(), opened.config.weights)
    if as_json:
        print_json(told)
        return
    click.echo(f"{told.paper.title}\n{told.placement}\n")
    rows = [(what, f"{value:.2f}") for what, value in told.parts]
    print_table(("part of the score", "adds"), [*rows, ("together", f"{told.total:.2f}")])
    if told.topics:
        print_table(("topic", "what the paper holds of it"), told.topics)
