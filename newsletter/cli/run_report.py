"""What a run looks like: in the one line of a cron job, as JSON, and its problems on stderr."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.bounces import print_unreadable_mail
from newsletter.cli.output import json_text, print_json_lines, print_problems
from newsletter.cli.pull import print_pull_problems
from newsletter.cli.report import print_delivery_problems, print_shutdown
from newsletter.cli.summarize import print_summary_problems
from newsletter.text import counted

if TYPE_CHECKING:
    from datetime import datetime

    from newsletter.cli.outcome_file import OutcomeFile
    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.outcomes import Outcome
    from newsletter.pipeline.run import RunReport


def summary_line(report: RunReport, now: datetime, retry_at: datetime | None) -> str:
    """Return what a run did, in one line.

    Args:
        report: What it did.
        now: When it ended.
        retry_at: When the first deferred message is to be tried again, if there is one.
    """
    parts = []
    if pulled := [one for one in report.pulls if one.not_before is None]:
        failed, new = sum(one.error is not None for one in pulled), sum(one.new for one in pulled)
        of = f"{len(pulled) - failed} of " if failed else ""
        parts.append(f"{of}{counted(len(pulled), 'source')} pulled, {counted(new, 'new paper')}")
    if report.mail is not None and report.mail.messages:
        suppressed = len(report.mail.reports.suppressed)
        more = f", {suppressed} suppressed" if suppressed else ""
        parts.append(f"{counted(report.mail.messages, 'message')} read from mailboxes{more}")
    if report.is_elsewhere:
        parts.append("another process is sending for this site")
    elif report.deliveries is not None:
        parts.append(report.deliveries.totals() or "no subscribers")
    if report.notices:
        parts.append(f"{counted(report.notices, 'confirmation email')} sent")
    if retry_at is not None and retry_at > now:
        parts.append(f"next retry at {retry_at:%H:%M} UTC")
    return f"{now:%Y-%m-%d %H:%M} UTC: {'; '.join(parts) or 'stopped'}"


def is_anything_deferred(report: RunReport) -> bool:
    """Whether messages are to be retried later."""
    from newsletter.pipeline.outcomes import OutcomeStatus

    return report.deliveries is not None and report.deliveries.counts[OutcomeStatus.DEFERRED] > 0


def print_run_json(report: RunReport, outcomes: OutcomeFile, retry_at: datetime | None, code: int) -> None:
    """Print a run as one JSON document; the outcomes, of which there may be many, come last."""
    deliveries = report.deliveries
    head = {
        "exit_code": code,
        "errors": [{"step": one.step, "error": str(one.error)} for one in report.errors]
        + ([{"step": "deliver", "error": str(deliveries.error)}] if deliveries and deliveries.error else []),
        "pulls": report.pulls,
        "counts": deliveries.counts if deliveries else {},
        "waiting": deliveries.waiting if deliveries else 0,
        "in_doubt": deliveries.in_doubt if deliveries else 0,
        "next_attempt_at": retry_at,
    }
    print_json_with_outcomes(head, outcomes)


def print_json_with_outcomes(head: Mapping[str, Any], outcomes: OutcomeFile) -> None:
    """Print a JSON document whose last key has the outcomes, of which there may be many."""
    click.echo(json_text(head).removesuffix("\n}") + ',\n  "subscribers": ', nl=False)
    print_json_lines(outcomes.lines(), indent="  ")
    click.echo("\n}")


def print_run_problems(
    report: RunReport, shutdown: Shutdown, outcomes: Iterable[Outcome] | None = None, *, is_verbose: bool = False
) -> None:
    """Print what went wrong on stderr. `outcomes` are all of them; without, those of the report."""
    if report.mail is not None:
        print_unreadable_mail(report.mail)
    print_pull_problems(report.pulls)
    if report.deliveries is not None:
        print_delivery_problems(report.deliveries, outcomes, is_verbose=is_verbose)
        print_shutdown(report.deliveries, shutdown)
    print_summary_problems(report.summaries)
    for failure in report.errors:
        waiting = "confirmation emails are waiting: " if failure.step == "notices" else ""
        if not (report.is_elsewhere and failure.step == "deliver"):  # nothing is wrong: the summary says it
            print_problems([f"{waiting}{failure.error}"])
