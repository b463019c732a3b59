"""`newsletter send` and `run`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.bounces import print_processed_mail
from newsletter.cli.context import Opened, pass_opened, read_moment
from newsletter.cli.output import finish, json_option, print_json, print_problems
from newsletter.cli.progress import make_ports
from newsletter.cli.pull import print_pull_problems, show_reports
from newsletter.cli.report import print_delivery_problems, print_shutdown, show_outcomes
from newsletter.cli.retention import prune_once_a_day
from newsletter.cli.summarize import print_summary_problems
from newsletter.operations.shutdown import handle_signals

if TYPE_CHECKING:
    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.run import RunReport

_note = click.option(
    "--note", "note_file", type=click.File(encoding="utf-8"), help="Markdown to open the edition with; - for stdin."
)


@click.command(
    epilog="""\b
Examples:
  newsletter send --dry-run
  newsletter send
  newsletter send --to ada@example.org --note hello.md
\b
Each subscriber gets an edition once, however often this runs; it continues what a crash interrupted.
Ctrl-C finishes the messages in flight and leaves the others for the next run.
Exit code 1 if a delivery failed or is deferred."""
)
@click.option("--to", "only", multiple=True, metavar="EMAIL", help="Send to this subscriber only; repeatable.")
@click.option("--dry-run", is_flag=True, help="Only show what would be sent.")
@_note
@json_option
@pass_opened
def send(opened: Opened, only: tuple[str, ...], dry_run: bool, note_file: IO[str] | None, as_json: bool) -> None:
    """Send subscribers the edition that is due."""
    from newsletter.pipeline.notes import read_note
    from newsletter.pipeline.run import deliver_due

    note = read_note(note_file, note_file.name) if note_file else ""
    with handle_signals() as shutdown:
        report = deliver_due(opened.config, make_ports(opened, shutdown), only=only, dry_run=dry_run, note=note)
    if as_json:
        print_json(report.outcomes)
    else:
        show_outcomes(opened.config, report)
    print_delivery_problems(report)
    print_shutdown(report, shutdown)
    finish(clean=report.is_clean, code=shutdown.exit_code)


@click.command(
    epilog="""\b
Examples:
  newsletter run
  newsletter run --json
  newsletter run --metrics-file /var/lib/prometheus/node-exporter/newsletter.prom
  newsletter run --at 2026-05-11T07:00 --dry-run     what would go to whom then
  5 * * * *  cd /srv/papers && newsletter run     # in a crontab: each subscriber is served at their hour"""
)
@click.option("--dry-run", is_flag=True, help="Only show what would go to whom; nothing is pulled.")
@click.option("--at", metavar="TIME", help="With --dry-run: at this time, as in 2026-05-11T07:00 (schedule.time_zone).")
@_note
@click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write Prometheus metrics into this file afterwards. Default: operator.metrics_file.",
)
@json_option
@pass_opened
def run(
    opened: Opened,
    dry_run: bool,
    at: str | None,
    note_file: IO[str] | None,
    metrics_file: Path | None,
    as_json: bool,
) -> None:
    """Process bounces, pull from every source, and send what is due. A failing source does not stop the delivery."""
    from newsletter.operations.after_run import followed_run
    from newsletter.pipeline.notes import read_note
    from newsletter.pipeline.run import run as run_once

    if at is not None and not dry_run:
        raise click.UsageError("--at needs --dry-run: mail is sent now or not at all.")
    note = read_note(note_file, note_file.name) if note_file else ""
    if dry_run:
        _rehearse(opened, read_moment(opened, at) if at else None, note, as_json=as_json)
        return
    config = opened.config
    if metrics_file is not None:
        config = replace(config, operator=replace(config.operator, metrics_file=metrics_file))
    with handle_signals() as shutdown:
        ports = make_ports(opened, shutdown)
        followed = followed_run(config, ports, "run", lambda: run_once(config, ports, note=note))
        prune_once_a_day(opened, shutdown)
    report = followed.report
    if as_json:
        outcomes = report.deliveries.outcomes if report.deliveries else ()
        print_json({"pulls": report.pulls, "subscribers": outcomes})
    print_run(opened, report, shutdown, tables=not as_json)
    print_problems(followed.problems)
    finish(clean=report.is_clean, code=shutdown.exit_code)


def _rehearse(opened: Opened, at: datetime | None, note: str, *, as_json: bool) -> None:
    """Show what would go to whom at a time, with the papers that the store has now."""
    from newsletter.pipeline.run import deliver_due

    ports = make_ports(opened)
    moment = (at or ports.clock()).astimezone(UTC)
    report = deliver_due(opened.config, replace(ports, clock=lambda: moment), dry_run=True, note=note, waits=True)
    if as_json:
        print_json({"at": moment, "subscribers": report.outcomes})
    else:
        click.echo(f"dry run: at {moment:%Y-%m-%d %H:%M} UTC, with the papers in the store now")
        show_outcomes(opened.config, report)
    print_delivery_problems(report)


def print_run(opened: Opened, report: RunReport, shutdown: Shutdown, *, tables: bool = True) -> None:
    """Print what a run did on stdout, and its problems on stderr."""
    if report.mail is not None:
        print_processed_mail(report.mail)
    if tables and report.pulls:
        show_reports(report.pulls)
    print_pull_problems(report.pulls)
    if report.deliveries is not None:
        if tables:
            show_outcomes(opened.config, report.deliveries)
        print_delivery_problems(report.deliveries)
        print_shutdown(report.deliveries, shutdown)
    print_summary_problems(report.summaries)
    for failure in report.errors:
        waiting = "confirmation emails are waiting: " if failure.step == "notices" else ""
        print_problems([f"{waiting}{failure.error}"])
