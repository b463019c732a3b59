"""`newsletter explain`."""

from __future__ import annotations

from datetime import datetime

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json
from newsletter.cli.tables import print_table


@click.command(
    epilog="""\b
Examples:
  newsletter explain 2605.01234 --for ada@example.org
  newsletter explain 10.1000/182 --for ada@example.org --json
  newsletter explain --for ada@example.org
  newsletter explain --for ada@example.org --day 2026-05-03"""
)
@click.argument("paper", metavar="[ID]", required=False)
@click.option("--for", "email", required=True, metavar="EMAIL", help="The subscriber to explain it to.")
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help="Without ID: the day that had an email or none; default today."
)
@json_option
@pass_opened
def explain(opened: Opened, paper: str | None, email: str, day: datetime | None, as_json: bool) -> None:
    """Explain a paper's rank in the next digest, or why none comes.

    The paper is named by its arXiv id or DOI. A paper that is not in the digest is explained, too. Without a paper, it
    tells when the next email comes, and why there is none on a day.
    """
    if paper is None:
        _explain_day(opened, email, day, as_json=as_json)
        return
    if day is not None:
        raise click.UsageError("--day is for days, not for papers: leave ID out")
    from newsletter.pipeline.explain import explain as break_down
    from newsletter.pipeline.explanation_text import ENGLISH, part_text, placement_text, topic_text
    from newsletter.subscribers.feedback import find_paper
    from newsletter.subscribers.subscriptions import find

    with opened.store() as store:
        subscriber = find(store, email)
        breakdown = break_down(store, find_paper(store, paper), subscriber, now(), opened.config.weights)
    if as_json:
        print_json(breakdown)
        return
    click.echo(f"{breakdown.paper.title}\n{placement_text(breakdown)}\n")
    rows = [(one.part, part_text(one.part, breakdown.facts, ENGLISH), f"{one.value:.2f}") for one in breakdown.parts]
    print_table(("part", "why", "score"), [*rows, ("total", "", f"{breakdown.total:.2f}")])
    if breakdown.topics:
        terms = [(one.topic, topic_text(one, ENGLISH) or "none") for one in breakdown.topics]
        print_table(("topic", "terms found"), terms)


def _explain_day(opened: Opened, email: str, day: datetime | None, *, as_json: bool) -> None:
    """Print when the next email comes, and why there is none on a day."""
    from newsletter.pipeline.next_mail import next_mail, next_mail_text, why_nothing_text
    from newsletter.pipeline.schedule import local_day
    from newsletter.subscribers.subscriptions import find

    with opened.store() as store:
        subscriber = find(store, email)
        asked = day.date() if day is not None else local_day(subscriber.profile, now())
        coming, why = next_mail(store, subscriber, now()), why_nothing_text(store, subscriber, asked, now())
    if as_json:
        print_json({"day": asked, "explanation": why, "next_email": coming})
        return
    click.echo(f"{why}\nnext email: {next_mail_text(coming)}")
