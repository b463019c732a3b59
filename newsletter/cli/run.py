"""`newsletter send`, `run` and `serve`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.bounces import print_processed_mail
from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems
from newsletter.cli.progress import make_ports
from newsletter.cli.pull import print_pull_problems, show_reports
from newsletter.cli.report import print_delivery_problems, print_shutdown, show_outcomes
from newsletter.cli.retention import prune_once_a_day
from newsletter.cli.summarize import print_summary_problems
from newsletter.operations.shutdown import handle_signals

if TYPE_CHECKING:
    from newsletter.operations.metrics import Metrics
    from newsletter.operations.shutdown import Shutdown
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
  5 * * * *  cd /srv/papers && newsletter run     # in a crontab: each subscriber is served at their hour"""
)
@_note
@json_option
@pass_opened
def run(opened: Opened, note_file: IO[str] | None, as_json: bool) -> None:
    """Process bounces, pull from every source, and send what is due. A failing source does not stop the delivery."""
    from newsletter.pipeline.notes import read_note
    from newsletter.pipeline.run import run as run_once

    note = read_note(note_file, note_file.name) if note_file else ""
    with handle_signals() as shutdown:
        report = run_once(opened.config, make_ports(opened, shutdown), note=note)
        prune_once_a_day(opened, shutdown)
    if as_json:
        outcomes = report.deliveries.outcomes if report.deliveries else ()
        print_json({"pulls": report.pulls, "subscribers": outcomes})
    _print_run(opened, report, shutdown, tables=not as_json)
    finish(clean=report.is_clean, code=shutdown.exit_code)


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
        report = run_once(opened.config, make_ports(opened, shutdown))
        _print_run(opened, report, shutdown)
        prune_once_a_day(opened, shutdown)
        if metrics is not None:
            metrics.ran(report.deliveries, began)
        if not shutdown():
            announce()

    with handle_signals() as shutdown, _web(opened, web_host, web_port, shutdown):
        announce()
        serve_forever(opened.config.cron, once, shutdown)


def _print_run(opened: Opened, report: RunReport, shutdown: Shutdown, *, tables: bool = True) -> None:
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
