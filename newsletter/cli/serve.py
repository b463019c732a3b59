"""`newsletter serve`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from newsletter.cli.bounces import print_processed_mail
from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import print_problems
from newsletter.cli.progress import make_ports
from newsletter.cli.run_report import print_run_problems
from newsletter.cli.tables import visible
from newsletter.errors import NewsletterError
from newsletter.operations.shutdown import handle_signals

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from newsletter.config.model import Config, LogLevel
    from newsletter.operations.metrics import Metrics
    from newsletter.operations.scheduler import JobRun
    from newsletter.operations.shutdown import Shutdown
    from newsletter.pipeline.ports import Ports
    from newsletter.web.http.replaceable import ReplaceableApp

_PORT = click.IntRange(0, 65535)
#: A job that begins so much later than it was due says so.
_LATE = timedelta(minutes=1)


@click.command(
    epilog="""\b
Examples:
  newsletter serve
  # pages and webhooks at http://127.0.0.1:8000
  newsletter serve --web 8000
  # Prometheus metrics at http://127.0.0.1:9101/metrics
  newsletter serve --metrics 9101
  newsletter --site /srv/papers serve

When each job runs: newsletter schedule. Settings are read again when newsletter.toml changes, and on SIGHUP.
Put a reverse proxy with HTTPS in front of --web, and its URL into site.url. Or run an ASGI server beside `serve`:

\b
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
    """Pull each source and mail each subscriber when it is time."""
    from newsletter.config.load import load_config
    from newsletter.operations.jobs import make_jobs
    from newsletter.operations.reload import SettingsWatch, reload_on_hangup
    from newsletter.operations.scheduler import Scheduler

    metrics = _metrics(opened, metrics_host, metrics_port) if metrics_port is not None else None

    def reload() -> None:
        config = load_config(opened.site)
        # The pages may refuse the settings, too, so they are made before anything is replaced.
        app = make_pages(config, shutdown, is_stalled) if pages is not None else None
        opened.config = config
        print_problems([f"{opened.site.config}: {line}" for line in config.obsolete])
        if scheduler is not None:
            scheduler.replace_jobs(make_jobs(config, ports))
        if pages is not None and app is not None:
            pages.replace(app)

    def is_stalled() -> bool:
        return scheduler is not None and scheduler.is_stalled()

    scheduler: Scheduler | None = None
    with handle_signals() as shutdown, _web(opened, web_host, web_port, shutdown, is_stalled) as pages:
        ports = make_ports(opened, shutdown)
        scheduler = Scheduler(
            make_jobs(opened.config, ports),
            opened.store,
            opened.site.store,
            now,
            report=lambda run: _report(opened, ports, run, shutdown),
            say=lambda line: _say(opened, line),
            announce=_announcing(metrics),
        )
        watch = SettingsWatch(opened.site.config, reload, lambda line: _say(opened, line))
        with reload_on_hangup(watch):
            scheduler.serve(shutdown, watch.look)


def _announcing(metrics: Metrics | None) -> Callable[[datetime], None]:
    """Return what is called with the time of the next job: the first is printed, each is one of the metrics."""
    printed: list[datetime] = []

    def announce(moment: datetime) -> None:
        if metrics is not None:
            metrics.will_run(moment)
        if not printed:
            click.echo(f"next run at {moment:%Y-%m-%d %H:%M} UTC")
            printed.append(moment)

    return announce


def _report(opened: Opened, ports: Ports, run: JobRun, shutdown: Shutdown) -> None:
    """Record what a job did; print it in a line, and its problems on stderr; write it into the event log."""
    from newsletter.config.model import LogLevel
    from newsletter.store.jobs import JobOutcome

    print_problems(_follow(opened, ports, run))
    if not run.result.is_news:
        return
    report = run.result.report
    late = run.began_at - run.due_at
    was_due = f" (was due at {run.due_at:%Y-%m-%d %H:%M})" if late > _LATE else ""
    if run.outcome is JobOutcome.OK:
        click.echo(f"{run.began_at:%Y-%m-%d %H:%M:%S} UTC {run.job.name}{was_due}: {visible(run.result.detail)}")
    elif report is None:
        print_problems([f"{run.job.name}{was_due}: {run.result.detail}"])
    if report is not None:
        if report.mail is not None:
            print_processed_mail(report.mail)
        print_run_problems(report, shutdown)
    level = LogLevel.INFO if run.outcome is JobOutcome.OK else LogLevel.WARNING
    _log(
        opened, "job", level, name=run.job.name, status=run.outcome.value, detail=run.result.detail, seconds=run.seconds
    )


def _say(opened: Opened, line: str) -> None:
    """Tell the operator something, on stderr and in the event log."""
    print_problems([line])
    from newsletter.config.model import LogLevel

    _log(opened, "scheduler", LogLevel.WARNING, detail=line)


def _follow(opened: Opened, ports: Ports, run: JobRun) -> list[str]:
    """Record what a job did, and notify whoever should know; return what could not be done."""
    from newsletter.operations.after_run import followed_job
    from newsletter.operations.jobs import step_of
    from newsletter.pipeline.run import RunReport, StepError
    from newsletter.store.jobs import JobOutcome

    step, report = step_of(run.job.name), run.result.report
    if report is None and step is not None and run.outcome is JobOutcome.FAILED:
        report = RunReport(errors=(StepError(step, NewsletterError(run.result.detail)),))
    return followed_job(opened.config, ports, step, report, run.began_at) if step and report else []


def _log(opened: Opened, event: str, level: LogLevel, **fields: str | float) -> None:
    from newsletter.operations.event_log import open_event_log

    try:
        event_log = open_event_log(opened.config)
    except NewsletterError as error:
        print_problems([str(error)])
        return
    if event_log is not None:
        event_log.write(
            event, level, **{name: round(one, 3) if isinstance(one, float) else one for name, one in fields.items()}
        )
        event_log.close()


def make_pages(config: Config, shutdown: Shutdown, is_stalled: Callable[[], bool]) -> Starlette:
    """Return the site's pages; `is_stalled` returns whether the scheduler is stalled, for their health check.

    Raises:
        ConfigError: The settings lack the address of the pages.
    """
    from newsletter.web.app import make_app

    return make_app(config, now, is_shutting_down=shutdown, is_stalled=is_stalled)


@contextmanager
def _web(
    opened: Opened, host: str, port: int | None, shutdown: Shutdown, is_stalled: Callable[[], bool]
) -> Iterator[ReplaceableApp | None]:
    if port is None:
        yield None
        return
    from newsletter.web.http.replaceable import ReplaceableApp
    from newsletter.web.http.server import serving

    pages = ReplaceableApp(make_pages(opened.config, shutdown, is_stalled))
    with serving(pages, host, port) as bound:
        click.echo(f"pages at http://{host}:{bound}/")
        try:
            yield pages
        finally:
            pages.close()


def _metrics(opened: Opened, host: str, port: int) -> Metrics:
    from newsletter.operations.metrics import Metrics

    metrics = Metrics(opened.config, opened.store, now)
    click.echo(f"metrics at http://{host}:{metrics.serve(host, port)}/metrics")
    return metrics
