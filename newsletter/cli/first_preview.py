"""The first digest of a new site: of the day's papers, or of samples where they cannot be had in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now
from newsletter.cli.output import print_problems
from newsletter.cli.progress import make_ports
from newsletter.cli.pull import show_reports

if TYPE_CHECKING:
    from newsletter.models import PullReport, Subscriber

#: Seconds for the sources; the digest itself takes a few more.
TIMEOUT_S = 30.0
_LINES = 60


def show_first_preview(opened: Opened, email: str | None) -> None:
    """Pull from the sources, for half a minute at most, and print the beginning of a subscriber's first digest.

    Where no paper came, it is made of the samples that travel with the program, and says so.
    """
    from newsletter.cli.preview import compose_preview, render_preview
    from newsletter.subscribers.subscriptions import subscriber_to_preview

    click.echo(f"\nThe first preview, from today's papers ({TIMEOUT_S:.0f} seconds at most):\n")
    reports = _pull(opened)
    if reports:
        show_reports(reports)
    with opened.store() as store:
        subscriber: Subscriber = subscriber_to_preview(store, email, (), now())
        digest = compose_preview(opened, store, subscriber)
        text = render_preview(opened, store, digest, subscriber).text
    lines = text.splitlines()
    click.echo()
    click.echo("\n".join(lines[:_LINES]))
    if len(lines) > _LINES:
        click.echo(f"\n… {len(lines) - _LINES} more lines: newsletter preview {email or ''} --text".replace("  ", " "))


def _pull(opened: Opened) -> list[PullReport]:
    from newsletter.pipeline.pull_due import pull_within

    try:
        reports = pull_within(TIMEOUT_S, opened.config, make_ports(opened))
    except TimeoutError as error:
        print_problems([f"the sources took too long: {error}; what they sent so far is shown"])
        return []
    print_problems([report.error for report in reports if report.error])
    return reports
