"""`newsletter send`, `run` and `serve`."""

from __future__ import annotations

from typing import IO

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import complain, finish, json_option, print_json
from newsletter.cli.pull import complain_of, pull_configured, show_reports
from newsletter.cli.returns import read_mailboxes
from newsletter.cli.sending import complain_of_outcomes, complain_of_stop, deliver_all, show_outcomes
from newsletter.cli.summaries import complain_of_summaries, make_summaries
from newsletter.errors import NewsletterError
from newsletter.stopping import stoppable

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
    with stoppable() as stop:
        report = deliver_all(opened, stop, only=only, dry_run=dry_run, note=note_file.read() if note_file else "")
    if as_json:
        print_json(report.outcomes)
    else:
        show_outcomes(opened, report)
    complain_of_outcomes(report)
    complain_of_stop(report, stop)
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
    with stoppable() as stop:
        report = deliver_all(opened, stop, note=note_file.read() if note_file else "")
    if as_json:
        print_json({"pulls": reports, "readers": report.outcomes})
    else:
        show_reports(reports)
        show_outcomes(opened, report)
    complain_of(reports)
    complain_of_outcomes(report)
    complain_of_stop(report, stop)
    if not stop():
        complain_of_summaries(make_summaries(opened))
    finish(clean=report.is_clean and all(pulled.is_clean for pulled in reports), code=stop.exit_code)


@click.command(epilog="\b\nExamples:\n  newsletter serve\n  newsletter --site /srv/papers serve")
@pass_opened
def serve(opened: Opened) -> None:
    """Do what `run` does whenever the configured crontab line comes, until Ctrl-C."""
    from newsletter.scheduler import next_run
    from newsletter.scheduler import serve as serve_forever

    def announce() -> None:
        click.echo(f"next run at {next_run(opened.config.cron, now()):%Y-%m-%d %H:%M} UTC")

    def once() -> None:
        click.echo(f"run at {now():%Y-%m-%d %H:%M} UTC")
        try:
            read_mailboxes(opened)
            reports = pull_configured(opened)
            show_reports(reports)
            complain_of(reports)
            report = deliver_all(opened, stop)
            show_outcomes(opened, report)
            complain_of_outcomes(report)
            complain_of_stop(report, stop)
            if not stop():
                complain_of_summaries(make_summaries(opened))
        except NewsletterError as error:
            complain([str(error)])
        if not stop():
            announce()

    with stoppable() as stop:
        announce()
        serve_forever(opened.config.cron, once, stop)
