"""`newsletter retention` and `vacuum`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from newsletter.operations.retention import PruneReport


@click.command(
    epilog="""\b
Examples:
  # what is too old, by the settings of [retention]
  newsletter retention --dry-run
  newsletter retention
  newsletter retention --json

`run` and `serve` do this once a day, for a minute at most. Who was sent which paper stays, so that nobody is sent one
twice; suppressions stay; papers stay with their titles, authors and links. `newsletter vacuum` frees the disk space."""
)
@click.option("--dry-run", is_flag=True, help="Only count what would be deleted.")
@json_option
@pass_opened
def retention(opened: Opened, dry_run: bool, as_json: bool) -> None:
    """Delete what is too old, by the settings of [retention]."""
    from newsletter.operations.retention import preview_prune, prune
    from newsletter.operations.shutdown import handle_signals

    with opened.store() as store:
        if dry_run:
            report = preview_prune(store, opened.config, now())
        else:
            with handle_signals() as shutdown:
                report = prune(store, opened.config, now(), is_over=shutdown)
    if as_json:
        print_json(report)
    else:
        click.echo(f"{'would delete' if dry_run else 'deleted'}: {described(report)}")
    finish(clean=report.is_complete)


@click.command(
    epilog="""\b
Example:
  newsletter vacuum

Nobody can write meanwhile, which is some twenty seconds per gigabyte, and it needs as much free space as the database
occupies. Space of deleted rows is used again without it."""
)
@json_option
@pass_opened
def vacuum(opened: Opened, as_json: bool) -> None:
    """Give the disk back what deleted rows occupied."""
    with opened.store() as store:
        before = store.size_b()
        store.vacuum()
        store.empty_log()
        after = store.size_b()
    if as_json:
        print_json({"bytes_before": before, "bytes_after": after})
    else:
        click.echo(f"{before / 1e6:,.1f} MB before, {after / 1e6:,.1f} MB now")


def described(report: PruneReport) -> str:
    """Return in words how much was deleted."""
    parts = (
        (report.digests, "digests' contents"),
        (report.deliveries, "deliveries"),
        (report.events, "records of pulls, bounces and confirmations"),
        (report.papers, "papers' abstracts"),
        (report.recovery_days, "days of the recovery log"),
    )
    found = ", ".join(f"{number:,} {words}" for number, words in parts if number) or "nothing"
    return found if report.is_complete else f"{found}; the rest the next time"


def prune_once_a_day(opened: Opened, is_over: Callable[[], bool]) -> None:
    """Do the step of a run: delete what is too old, unless that was done today, and report what was."""
    from newsletter.operations.retention import prune_daily

    with opened.store() as store:
        report = prune_daily(store, opened.config, now(), is_over=is_over)
    if report is not None and report.has_deleted:
        click.echo(f"retention: deleted {described(report)}", err=True)
