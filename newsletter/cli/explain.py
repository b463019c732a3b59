"""`newsletter explain`."""

from __future__ import annotations

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json
from newsletter.cli.tables import print_table


@click.command(
    epilog="""\b
Examples:
  newsletter explain 2605.01234 --for ada@example.org
  newsletter explain 10.1000/182 --for ada@example.org --json"""
)
@click.argument("paper", metavar="ID")
@click.option("--for", "email", required=True, metavar="EMAIL", help="The subscriber to explain it to.")
@json_option
@pass_opened
def explain(opened: Opened, paper: str, email: str, as_json: bool) -> None:
    """Explain a paper's rank in a subscriber's next digest.

    The paper is named by its arXiv id or DOI. A paper that is not in the digest is explained, too.
    """
    from newsletter.pipeline.explain import explain as break_down
    from newsletter.pipeline.explanation_text import part_text, placement_text, topic_text
    from newsletter.subscribers.feedback import find_paper
    from newsletter.subscribers.subscriptions import find

    with opened.store() as store:
        subscriber = find(store, email)
        breakdown = break_down(store, find_paper(store, paper), subscriber, now(), opened.config.weights)
    if as_json:
        print_json(breakdown)
        return
    click.echo(f"{breakdown.paper.title}\n{placement_text(breakdown)}\n")
    rows = [(one.part, part_text(one.part, breakdown.facts), f"{one.value:.2f}") for one in breakdown.parts]
    print_table(("part", "why", "score"), [*rows, ("total", "", f"{breakdown.total:.2f}")])
    if breakdown.topics:
        print_table(("topic", "terms found"), [(one.topic, topic_text(one) or "none") for one in breakdown.topics])
