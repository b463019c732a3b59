"""`newsletter send`, `run` and `serve`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.bounces import print_processed_mail
from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.exit_codes import ExitCode
from newsletter.cli.outcome_file import OutcomeFile
from newsletter.cli.output import finish, json_option, print_json_lines, print_problems
from newsletter.cli.progress import make_ports
from newsletter.cli.pull import show_reports
from newsletter.cli.report import exit_code_of, print_delivery_problems, print_shutdown, show_outcomes
from newsletter.cli.run_report import is_anything_deferred, print_run_json, print_run_problems, summary_line
from newsletter.operations.shutdown import handle_signals

if TYPE_CHECKING:
    from newsletter.operations.metrics import Metrics
    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.ports import Ports
    from newsletter.pipeline.run import RunReport

_PORT = click.IntRange(0, 65535)
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
Exit code 1 if a delivery failed, 75 if some are only deferred, or if another process is sending for this site."""
)
@click.option("--to", "only", multiple=True, metavar="EMAIL", help="Send to this subscriber only; repeatable.")
@click.option("--dry-run", is_flag=True, help="Only show what would be sent.")
@_note
@json_option
@pass_opened
def send(opened: Opened, only: tuple[str, ...], dry_run: bool, note_file: IO[str] | None, as_json: bool) -> None:
    """Send subscribers the edition that is due."""
    from newsletter.pipeline.deliver import SendingElsewhere
    from newsletter.pipeline.notes import read_note
    from newsletter.pipeline.run import deliver_due

    note = read_note(note_file, note_file.name) if note_file else ""
    with OutcomeFile() as outcomes:
        try:
            with handle_signals() as shutdown:
                ports = make_ports(opened, shutdown, outcomes.add)
                report = deliver_due(opened.config, ports, only=only, dry_run=dry_run, note=note)
        except SendingElsewhere as error:
            print_problems([str(error)])
            finish(clean=False, code=ExitCode.TEMPORARY)
            return
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
  newsletter run                 one line; what is wrong is on stderr
  newsletter run -v              what became of every source and every subscriber
  newsletter run --json          the same, for other programs
  newsletter run --wait 30       stay for deferred messages that are to be retried within half an hour
  */5 * * * *  newsletter --site /srv/papers run -q     # in a crontab: mails you only what is wrong
\b
It may come at any time and as often as you like: each subscriber is served at their hour, a deferred message at its
next attempt, and no source is asked twice within ten minutes.
Exit code 0 if all is well, 1 if something failed, 75 if messages are deferred or another process is sending."""
)
@_note
@click.option("-v", "--verbose", is_flag=True, help="Show what became of every source and every subscriber.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing if all is well.")
@click.option(
    "--wait", "wait_minutes", type=click.IntRange(0, 1440), default=0, metavar="MINUTES",
    help="Stay for so long to retry deferred messages, each at its time.",
)  # fmt: skip
@json_option
@pass_opened
def run(
    opened: Opened, note_file: IO[str] | None, verbose: bool, quiet: bool, wait_minutes: int, as_json: bool
) -> None:
    """Process bounces, pull from every source, and send what is due. A failing source does not stop the delivery."""
    from newsletter.pipeline.notes import read_note

    if verbose and quiet:
        raise click.UsageError("-v and -q exclude each other")
    note = read_note(note_file, note_file.name) if note_file else ""
    with OutcomeFile() as outcomes:
        with handle_signals() as shutdown:
            ports = make_ports(opened, shutdown, outcomes.add, is_quiet=not verbose)
            report, retry_at = _run_and_retry(opened, ports, shutdown, note, wait_minutes)
        code = exit_code_of(report, shutdown) or (ExitCode.FAILED if report.errors else ExitCode.OK)
        if as_json:
            print_run_json(report, outcomes, retry_at, code)
        elif verbose:
            _print_run(opened, report, shutdown, outcomes)
        elif code or not quiet:
            click.echo(summary_line(report, now(), retry_at))
        if not verbose:
            print_run_problems(report, shutdown, outcomes)
    finish(clean=report.is_clean, code=code)


def _run_and_retry(
    opened: Opened, ports: Ports, shutdown: Shutdown, note: str, wait_minutes: int
) -> tuple[RunReport, datetime | None]:
    """Do everything that is due, and retry what is deferred within so many minutes; return when the next retry is."""
    from newsletter.pipeline.retries import next_attempt, retry_until
    from newsletter.pipeline.run import run as run_once

    deadline = now() + timedelta(minutes=wait_minutes)
    report = run_once(opened.config, ports, note=note)
    if report.deliveries is None:
        return report, None
    if wait_minutes:
        deliveries = retry_until(opened.config, ports, report.deliveries, deadline, shutdown.wait)
        report = replace(report, deliveries=deliveries)
    return report, next_attempt(ports) if is_anything_deferred(report) else None


@click.command(
    epilog="""\b
Examples:
  newsletter serve
  newsletter serve --web 8000                pages and webhooks at http://127.0.0.1:8000
  newsletter serve --metrics 9101            Prometheus metrics at http://127.0.0.1:9101/metrics
  newsletter --site /srv/papers serve
\b
Put a reverse proxy with HTTPS in front of --web, and its URL into site.url. Or run an ASGI server beside `serve`:
uvicorn --factory newsletter.web.app:make_site_app"""
)
@click.option("--web", "web_port", type=_PORT, help="Serve the site's pages and webhooks at this port; 0: a free one.")
@click.option("--web-host", default="127.0.0.1", show_default=True, help="Address to serve them at.")
@click.option("--metrics", "metrics_port", type=_PORT, help="Serve Prometheus metrics at this port; 0: a free one.")
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="Address to serve them at.")
@pass_opened
def serve(
    opened: Opened, web_port: int | None, web_host: str, metrics_port: int | None, metrics_host: str
) -> None:  # fmt: skip
    """Do what `run` does on the configured schedule, until Ctrl-C."""
    from newsletter.config.cron import next_run
    from newsletter.operations.scheduler import serve as serve_forever
    from newsletter.pipeline.run import run as run_once

    metrics = _metrics(opened, metrics_host, metrics_port) if metrics_port is not None else None

    def announce() -> None:
        next_at = next_run(opened.config.cron, now())
        click.echo(f"next run at {next_at:%Y-%m-%d %H:%M} UTC")
        if metrics is not None:
            metrics.will_run(next_at)

    def once() -> None:
        click.echo(f"run at {now():%Y-%m-%d %H:%M} UTC")
        began = time.monotonic()
        with OutcomeFile() as outcomes:
            report = run_once(opened.config, make_ports(opened, shutdown, outcomes.add))
            _print_run(opened, report, shutdown, outcomes)
        if metrics is not None:
            metrics.ran(report.deliveries, began)
        if not shutdown():
            announce()

    with handle_signals() as shutdown, _web(opened, web_host, web_port, shutdown):
        announce()
        serve_forever(opened.config.cron, once, shutdown)


def _print_run(opened: Opened, report: RunReport, shutdown: Shutdown, outcomes: OutcomeFile) -> None:
    """Print all that a run did on stdout, and its problems on stderr."""
    if report.mail is not None:
        print_processed_mail(report.mail)
    if report.pulls:
        show_reports(report.pulls)
    if report.deliveries is not None:
        show_outcomes(opened.config, report.deliveries, outcomes.outcomes())
    print_run_problems(report, shutdown, outcomes, is_verbose=True)


@contextmanager
def _web(opened: Opened, host: str, port: int | None, shutdown: Shutdown) -> Iterator[None]:
    if port is None:
        yield
        return
    from newsletter.web.app import make_app
    from newsletter.web.http.server import serving

    with serving(make_app(opened.config, now, is_shutting_down=shutdown), host, port) as bound:
        click.echo(f"pages at http://{host}:{bound}/")
        yield


def _metrics(opened: Opened, host: str, port: int) -> Metrics:
    from newsletter.operations.metrics import Metrics

    metrics = Metrics(opened.store, now)
    click.echo(f"metrics at http://{host}:{metrics.serve(host, port)}/metrics")
    return metrics
