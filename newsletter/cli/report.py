"""What a delivery report looks like on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsletter.cli.output import print_problems
from newsletter.cli.tables import print_table
from newsletter.text import counted

if TYPE_CHECKING:
    from newsletter.config.model import Config
    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.outcomes import DeliveryReport


def show_outcomes(config: Config, report: DeliveryReport) -> None:
    """Print a line per subscriber, then the totals."""
    from newsletter.pipeline.outcomes import OutcomeStatus

    if not report.counts and not report.waiting:
        click.echo('No subscribers yet. Next: newsletter subscribers add YOU@example.org --topic "…"')
        return
    rows = [(o.email, o.status, o.edition, o.papers or None, o.detail) for o in report.outcomes]
    if rows:
        print_table(("subscriber", "outcome", "edition", "papers", "detail"), rows, optional=("papers", "edition"))
    more = report.counts.total() - len(rows)
    if more > 0:
        click.echo(f"and {counted(more, 'more subscriber')}")
    totals = ", ".join(f"{number} {status}" for status, number in report.counts.items())
    to = f"by {config.smtp}" if config.smtp else f"into the Maildir {config.outbox}"
    click.echo(f"{totals}; {to}" if report.counts[OutcomeStatus.SENT] else totals)


def print_delivery_problems(report: DeliveryReport) -> None:
    """Print deliveries that failed, are deferred or in doubt on stderr."""
    from newsletter.pipeline.outcomes import PROBLEMS

    if report.error is not None:
        print_problems([str(report.error)])
    problems = [f"{o.email}: {o.status}: {o.detail}" for o in report.outcomes if o.status in PROBLEMS]
    print_problems(problems, "more deliveries that failed or are deferred")
    if report.in_doubt:
        print_problems([f"{counted(report.in_doubt, 'message')} in doubt: see newsletter deliveries failures --held"])


def print_shutdown(report: DeliveryReport, shutdown: Shutdown) -> None:
    """Print how many messages a shutdown left, if it left any."""
    if shutdown() and report.waiting:
        waiting = counted(report.waiting, "message")
        print_problems([f"shutdown: {waiting} waiting; newsletter send continues with them"])
