"""`newsletter send`, `run` and `serve`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.bounces import read_mailboxes
from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems
from newsletter.cli.progress import deliver_all, print_delivery_problems, print_shutdown, send_notices, show_outcomes
from newsletter.cli.pull import print_pull_problems, pull_configured, show_reports
from newsletter.cli.summarize import make_summaries, print_summary_problems
from newsletter.errors import NewsletterError
from newsletter.operations.shutdown import handle_signals

if TYPE_CHECKING:
    from newsletter.operations.metrics import Metrics
    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.deliver import DeliveryReport

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
Every edition goes to every reader once, however often this runs; what a crash interrupted is taken up.
Ctrl-C finishes what is on the wire and leaves the rest for the next time.
Exit code 1 if anything failed or has to wait."""
)
@click.option("--to", "only", multiple=True, metavar="EMAIL", help="Only this subscriber; repeatable.")
@click.option("--dry-run", is_flag=True, help="Only tell who would get what.")
@_note
@json_option
@pass_opened
def send(opened: Opened, only: tuple[str, ...], dry_run: bool, note_file: IO[str] | None, as_json: bool) -> None:
    """Send everybody the edition that is due and that they have not had."""
    with handle_signals() as stop:
        report = deliver_all(opened, stop, only=only, dry_run=dry_run, note=note_file.read() if note_file else "")
    if as_json:
        print_json(report.outcomes)
    else:
        show_outcomes(opened, report)
    print_delivery_problems(report)
    print_shutdown(report, stop)
    finish(clean=report.is_clean, code=stop.exit_code)


@click.command(
    epilog="""\b
Examples:
  newsletter run
  newsletter run --json
  5 * * * *  cd /srv/papers && newsletter run     # in a crontab: everybody gets theirs at their hour"""
)
@_note
@json_option
@pass_opened
def run(opened: Opened, note_file: IO[str] | None, as_json: bool) -> None:
    """Pull from every source, then send what is due. A source that fails does not keep mail from going out."""
    read_mailboxes(opened)
    reports = pull_configured(opened)
    with handle_signals() as stop:
        report = deliver_all(opened, stop, note=note_file.read() if note_file else "")
    if as_json:
        print_json({"pulls": reports, "subscribers": report.outcomes})
    else:
        show_reports(reports)
        show_outcomes(opened, report)
    print_pull_problems(reports)
    print_delivery_problems(report)
    print_shutdown(report, stop)
    send_notices(opened)
    if not stop():
        print_summary_problems(make_summaries(opened))
    finish(clean=report.is_clean and all(pulled.is_clean for pulled in reports), code=stop.exit_code)


@click.command(
    epilog="""\b
Examples:
  newsletter serve
  newsletter serve --web 8000                the site's pages and hooks, at http://127.0.0.1:8000
  newsletter serve --metrics 9101            for Prometheus, at http://127.0.0.1:9101/metrics
  newsletter --site /srv/papers serve
\b
Put a web server that speaks https before --web, and its address into site.url. Or let an ASGI host of yours serve
it, beside `serve`: uvicorn --factory newsletter.web.app:make_site_app"""
)
@click.option("--web", "web_port", type=_PORT, help="Answer readers and mail providers at this port; 0: a free one.")
@click.option("--web-host", default="127.0.0.1", show_default=True, help="The address to answer them at.")
@click.option("--metrics", "metrics_port", type=_PORT, help="Answer Prometheus at this port; 0: a free one.")
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="The address to answer it at.")
@pass_opened
def serve(
    opened: Opened, web_port: int | None, web_host: str, metrics_port: int | None, metrics_host: str
) -> None:  # fmt: skip
    """Do what `run` does whenever the configured crontab line comes, until Ctrl-C."""
    from newsletter.operations.scheduler import serve as serve_forever
    from newsletter.pipeline.schedule import next_run

    metrics = _metrics(opened, metrics_host, metrics_port) if metrics_port is not None else None

    def announce() -> None:
        comes_at = next_run(opened.config.cron, now())
        click.echo(f"next run at {comes_at:%Y-%m-%d %H:%M} UTC")
        if metrics is not None:
            metrics.will_run(comes_at)

    def once() -> None:
        click.echo(f"run at {now():%Y-%m-%d %H:%M} UTC")
        began, report = time.monotonic(), None
        try:
            report = _run_once(opened, stop)
        except NewsletterError as error:
            print_problems([str(error)])
        if metrics is not None:
            metrics.ran(report, began)
        if not stop():
            announce()

    with handle_signals() as stop, _web(opened, web_host, web_port):
        announce()
        serve_forever(opened.config.cron, once, stop)


@contextmanager
def _web(opened: Opened, host: str, port: int | None) -> Iterator[None]:
    if port is None:
        yield
        return
    from newsletter.web.app import make_app
    from newsletter.web.http.server import serving

    with serving(make_app(opened.config, now), host, port) as bound:
        click.echo(f"pages at http://{host}:{bound}/")
        yield


def _metrics(opened: Opened, host: str, port: int) -> Metrics:
    from newsletter.operations.metrics import Metrics

    metrics = Metrics(opened.store, now)
    click.echo(f"metrics at http://{host}:{metrics.serve(host, port)}/metrics")
    return metrics


def _run_once(opened: Opened, stop: Shutdown) -> DeliveryReport:
    read_mailboxes(opened)
    reports = pull_configured(opened)
    show_reports(reports)
    print_pull_problems(reports)
    report = deliver_all(opened, stop)
    show_outcomes(opened, report)
    print_delivery_problems(report)
    print_shutdown(report, stop)
    send_notices(opened)
    if not stop():
        print_summary_problems(make_summaries(opened))
    return report
