"""What a delivery report looks like on a terminal."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

from newsletter.cli.exit_codes import ExitCode
from newsletter.cli.output import MAX_PROBLEMS, print_problems
from newsletter.cli.tables import print_table
from newsletter.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from newsletter.config.model import Config
    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.outcomes import DeliveryReport, Outcome
    from newsletter.pipeline.run import RunReport

#: The columns of a longer table are aligned anew after so many rows, so that it need not be in memory.
_ROWS = 1000


def show_outcomes(config: Config, report: DeliveryReport, outcomes: Iterable[Outcome] | None = None) -> None:
    """Print a line per subscriber, then the totals. `outcomes` are all of them; without, those of the report."""
    from newsletter.pipeline.outcomes import OutcomeStatus

    if not report.counts and not report.waiting:
        click.echo('No subscribers yet. Next: newsletter subscribers add YOU@example.org --topic "…"')
        return
    found = iter(report.outcomes if outcomes is None else outcomes)
    shown = 0
    while rows := [(o.email, o.status, o.edition, o.papers or None, o.detail) for o in islice(found, _ROWS)]:
        print_table(("subscriber", "outcome", "edition", "papers", "detail"), rows, optional=("papers", "edition"))
        shown += len(rows)
    if (more := report.counts.total() - shown) > 0:
        click.echo(f"and {counted(more, 'more subscriber')}")
    to = f"by {config.smtp}" if config.smtp else f"into the Maildir {config.outbox}"
    click.echo(f"{report.totals()}; {to}" if report.counts[OutcomeStatus.SENT] else report.totals())


def print_delivery_problems(
    report: DeliveryReport, outcomes: Iterable[Outcome] | None = None, *, is_verbose: bool = False
) -> None:
    """Print deliveries that failed, are deferred or in doubt on stderr: up to twenty, or all if `is_verbose`."""
    from newsletter.pipeline.outcomes import PROBLEMS, OutcomeStatus

    if report.error is not None:
        print_problems([str(report.error)])
    lines = _problem_lines(report.outcomes if outcomes is None else outcomes)
    for line in lines if is_verbose else islice(lines, MAX_PROBLEMS):
        print_problems([line])
    more = 0 if is_verbose else max(sum(report.counts[one] for one in PROBLEMS), 0) - MAX_PROBLEMS
    if more > 0:
        listed = "newsletter deliveries failures, or --deferred"
        print_problems([f"and {more} more deliveries that failed or are deferred: {listed}"])
    if held := report.counts[OutcomeStatus.HELD]:
        text = f"{counted(held, 'message')} in doubt held for you to decide"
        print_problems([f"{text}: newsletter deliveries failures --held, then newsletter deliveries retry --held"])
    elif report.in_doubt:
        text = f"{counted(report.in_doubt, 'message')} in doubt; resent under the same Message-ID"
        print_problems([f"{text}: see newsletter deliveries failures --in-doubt"])


def _problem_lines(outcomes: Iterable[Outcome]) -> Iterator[str]:
    from newsletter.pipeline.outcomes import PROBLEMS

    return (f"{o.email}: {o.status}: {o.detail}" for o in outcomes if o.status in PROBLEMS)


def print_shutdown(report: DeliveryReport, shutdown: Shutdown) -> None:
    """Print how many messages a shutdown left, if it left any."""
    if shutdown() and report.waiting:
        waiting = counted(report.waiting, "message")
        print_problems([f"shutdown: {waiting} waiting; newsletter send continues with them"])


def exit_code_of(report: DeliveryReport | RunReport, shutdown: Shutdown) -> int:
    """Return what a command ends with after a run or a delivery."""
    if shutdown.exit_code:
        return shutdown.exit_code
    if report.is_clean:
        return ExitCode.OK
    return ExitCode.TEMPORARY if report.is_temporary else ExitCode.FAILED
