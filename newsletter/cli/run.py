"""`newsletter send` and `run`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.bounces import print_processed_mail
from newsletter.cli.context import Opened, now, pass_opened, read_moment
from newsletter.cli.exit_codes import ExitCode
from newsletter.cli.outcome_file import OutcomeFile
from newsletter.cli.output import finish, json_option, print_json_lines, print_problems
from newsletter.cli.progress import make_ports
from newsletter.cli.pull import show_reports
from newsletter.cli.report import exit_code_of, print_delivery_problems, print_shutdown, show_outcomes
from newsletter.cli.retention import prune_once_a_day
from newsletter.cli.run_report import (
    is_anything_deferred,
    print_json_with_outcomes,
    print_run_json,
    print_run_problems,
    summary_line,
)
from newsletter.operations.shutdown import handle_signals

if TYPE_CHECKING:
    from newsletter.config.model import Config
    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.ports import Ports
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

Each subscriber gets an edition once, however often this runs; it continues what a crash interrupted.
Ctrl-C finishes the messages in flight and leaves the others for the next run.
Exit code 1 if a delivery failed, 75 if some are only deferred, or if another process is sending for this site."""
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
    with OutcomeFile() as outcomes:
        with handle_signals() as shutdown:
            ports = make_ports(opened, shutdown, outcomes.add)
            everyone = dry_run or as_json
            report = deliver_due(opened.config, ports, only=only, dry_run=dry_run, note=note, everyone=everyone)
        if as_json:
            print_json_lines(outcomes.lines())
            click.echo()
        else:
            show_outcomes(opened.config, report, outcomes.outcomes())
        print_delivery_problems(report, outcomes.outcomes())
    print_shutdown(report, shutdown)
    finish(clean=report.is_clean, code=exit_code_of(report, shutdown))


@click.command(
    epilog="""\b
Examples:
  # one line; what is wrong is on stderr
  newsletter run
  # what became of every source and every subscriber
  newsletter run -v
  # the same, for other programs
  newsletter run --json
  newsletter run \\
      --metrics-file /var/lib/prometheus/node-exporter/newsletter.prom
  # what would go to whom then
  newsletter run --at 2026-05-11T07:00 --dry-run
  # stay for deferred messages that are to be retried within half an hour
  newsletter run --wait 30
  # in a crontab: mails you only what is wrong
  */5 * * * *  newsletter --site /srv/papers run -q

It may come at any time and as often as you like: each subscriber is served at their hour, a deferred message at its
next attempt, and no source is asked twice within ten minutes.
Exit code 0 if all is well, 1 if something failed, 75 if messages are deferred or another process is sending."""
)
@click.option("--dry-run", is_flag=True, help="Only show what would go to whom; nothing is pulled.")
@click.option("--at", metavar="TIME", help="With --dry-run: at this time, as in 2026-05-11T07:00 (schedule.time_zone).")
@_note
@click.option("-v", "--verbose", is_flag=True, help="Show what became of every source and every subscriber.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing if all is well.")
@click.option(
    "--wait", "wait_minutes", type=click.IntRange(0, 1440), default=0, metavar="MINUTES",
    help="Stay for so long to retry deferred messages, each at its time.",
)  # fmt: skip
@click.option(
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write Prometheus metrics into this file afterwards. Default: operator.metrics_file.",
)
@json_option
@pass_opened
def run(  # noqa: PLR0917 - click passes them by name
    opened: Opened, dry_run: bool, at: str | None, note_file: IO[str] | None, verbose: bool, quiet: bool,
    wait_minutes: int, metrics_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Process bounces, pull from every source, and send what is due. A failing source does not stop the delivery."""
    from newsletter.operations.after_run import followed_run
    from newsletter.pipeline.notes import read_note
    from newsletter.pipeline.retries import next_attempt

    if at is not None and not dry_run:
        raise click.UsageError("--at needs --dry-run: mail is sent now or not at all.")
    if verbose and quiet:
        raise click.UsageError("-v and -q exclude each other")
    note = read_note(note_file, note_file.name) if note_file else ""
    if dry_run:
        _rehearse(opened, read_moment(opened, at) if at else None, note, as_json=as_json)
        return
    config = opened.config
    if metrics_file is not None:
        config = replace(config, operator=replace(config.operator, metrics_file=metrics_file))
    with OutcomeFile() as outcomes:
        with handle_signals() as shutdown:
            ports = make_ports(opened, shutdown, outcomes.add, is_quiet=not verbose)
            followed = followed_run(
                config,
                ports,
                "run",
                lambda: _run_and_retry(config, ports, shutdown, note, wait_minutes, everyone=verbose or as_json),
            )
            prune_once_a_day(opened, shutdown)
            report = followed.report
            retry_at = next_attempt(ports) if is_anything_deferred(report) else None
        code = exit_code_of(report, shutdown) or (ExitCode.FAILED if report.errors else ExitCode.OK)
        if as_json:
            print_run_json(report, outcomes, retry_at, code)
        elif verbose:
            _print_run(opened, report, shutdown, outcomes)
        elif code or not quiet:
            click.echo(summary_line(report, now(), retry_at))
        if not verbose:
            print_run_problems(report, shutdown, outcomes.outcomes())
        print_problems(followed.problems)
    finish(clean=report.is_clean, code=code)


def _run_and_retry(
    config: Config, ports: Ports, shutdown: Shutdown, note: str, wait_minutes: int, *, everyone: bool
) -> RunReport:
    """Do everything that is due, and retry what is deferred within so many minutes."""
    from newsletter.pipeline.retries import retry_until
    from newsletter.pipeline.run import run as run_once

    deadline = now() + timedelta(minutes=wait_minutes)
    report = run_once(config, ports, note=note, everyone=everyone)
    if report.deliveries is None or not wait_minutes:
        return report
    return replace(report, deliveries=retry_until(config, ports, report.deliveries, deadline, shutdown.wait))


def _rehearse(opened: Opened, at: datetime | None, note: str, *, as_json: bool) -> None:
    """Show what would go to whom at a time, with the papers that the store has now."""
    from newsletter.pipeline.run import deliver_due

    with OutcomeFile() as outcomes:
        ports = make_ports(opened, report=outcomes.add)
        moment = (at or ports.clock()).astimezone(UTC)
        at_moment = replace(ports, clock=lambda: moment)
        report = deliver_due(opened.config, at_moment, dry_run=True, note=note, waits=True, everyone=True)
        if as_json:
            print_json_with_outcomes({"at": moment}, outcomes)
        else:
            click.echo(f"dry run: at {moment:%Y-%m-%d %H:%M} UTC, with the papers in the store now")
            show_outcomes(opened.config, report, outcomes.outcomes())
        print_delivery_problems(report, outcomes.outcomes())


def _print_run(opened: Opened, report: RunReport, shutdown: Shutdown, outcomes: OutcomeFile) -> None:
    """Print all that a run did on stdout, and its problems on stderr."""
    if report.mail is not None:
        print_processed_mail(report.mail)
    if report.pulls:
        show_reports(report.pulls)
    if report.deliveries is not None:
        show_outcomes(opened.config, report.deliveries, outcomes.outcomes())
    print_run_problems(report, shutdown, outcomes.outcomes(), is_verbose=True)
