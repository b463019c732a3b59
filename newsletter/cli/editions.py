"""`newsletter send`, `run` and `serve`."""

from __future__ import annotations

from collections import Counter
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import complain, finish, json_option, print_json, print_table, progress
from newsletter.cli.pull import complain_of, pull_configured, show_reports
from newsletter.cli.summaries import complain_of_summaries, make_summaries
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.pipeline.deliver import DeliveryReport

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
Exit code 1 if anything failed or has to wait."""
)
@click.option("--to", "only", multiple=True, metavar="EMAIL", help="Only this subscriber; repeatable.")
@click.option("--dry-run", is_flag=True, help="Only tell who would get what.")
@_note
@json_option
@pass_opened
def send(opened: Opened, only: tuple[str, ...], dry_run: bool, note_file: IO[str] | None, as_json: bool) -> None:
    """Send everybody the edition that is due and that they have not had."""
    report = deliver_all(opened, only=only, dry_run=dry_run, note=note_file.read() if note_file else "")
    if as_json:
        print_json(report.outcomes)
    else:
        show_outcomes(opened, report)
    complain_of_outcomes(report)
    finish(clean=report.is_clean)


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
    reports = pull_configured(opened)
    report = deliver_all(opened, note=note_file.read() if note_file else "")
    if as_json:
        print_json({"pulls": reports, "readers": report.outcomes})
    else:
        show_reports(reports)
        show_outcomes(opened, report)
    complain_of(reports)
    complain_of_outcomes(report)
    complain_of_summaries(make_summaries(opened))
    finish(clean=report.is_clean and all(pulled.is_clean for pulled in reports))


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
            reports = pull_configured(opened)
            show_reports(reports)
            complain_of(reports)
            report = deliver_all(opened)
            show_outcomes(opened, report)
            complain_of_outcomes(report)
            complain_of_summaries(make_summaries(opened))
        except NewsletterError as error:
            complain([str(error)])
        announce()

    announce()
    serve_forever(opened.config.cron, once)


def deliver_all(opened: Opened, *, only: Sequence[str] = (), dry_run: bool = False, note: str = "") -> DeliveryReport:
    """Send to everybody, or to `only` those, over the site's transport.

    Raises:
        NewsletterError: An address is nobody's, or another process is sending.
    """
    from newsletter.pipeline.deliver import deliver
    from newsletter.subscriptions import find

    transport = None if dry_run else opened.transport()
    try:
        with opened.store() as store, progress("sending") as watch:
            wanted = {find(store, email).email for email in only} if only else None
            return deliver(
                store,
                transport,
                opened.config,
                opened.environment(),
                now,
                note=note,
                only=wanted,
                watch=lambda outcome: watch(f"{outcome.email}: {outcome.status}"),
            )
    finally:
        if transport is not None:
            transport.close()


def show_outcomes(opened: Opened, report: DeliveryReport) -> None:
    """Print a line per reader: what happened, and why."""
    if not report.outcomes:
        click.echo('No subscribers yet. Next: newsletter subscribers add YOU@example.org --topic "…"')
        return
    rows = [(o.email, o.status, o.edition, o.papers or None, o.detail) for o in report.outcomes]
    print_table(("reader", "outcome", "edition", "papers", "what happened"), rows)
    counts = Counter(outcome.status for outcome in report.outcomes)
    to = f"by {opened.config.smtp}" if opened.config.smtp else f"into the Maildir {opened.config.outbox}"
    click.echo(
        ", ".join(f"{number} {status}" for status, number in counts.items()) + (f"; {to}" if counts["sent"] else "")
    )


def complain_of_outcomes(report: DeliveryReport) -> None:
    """Print what failed or waits on stderr."""
    if report.error is not None:
        complain([str(report.error)])
    bad = [o for o in report.outcomes if o.status in ("failed", "deferred")]
    complain([f"{o.email}: {o.status}: {o.detail}" for o in bad], "more readers without mail")
