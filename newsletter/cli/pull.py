"""`newsletter pull`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems, progress
from newsletter.cli.progress import make_ports
from newsletter.cli.tables import print_table
from newsletter.errors import NewsletterError
from newsletter.text import counted

if TYPE_CHECKING:
    from newsletter.models import PullReport
    from newsletter.sources import Source, Span

day_type = click.DateTime(["%Y-%m-%d"])


@click.command(
    epilog="""\b
Examples:
  # the configured sources
  newsletter pull
  # one day
  newsletter pull huggingface --date 2026-05-08
  # what these categories announced since the last pull
  newsletter pull arxiv cs.CL cs.LG
  newsletter pull arxiv 'ti:"unlearning"' --since 2026-05-01 --dry-run
  # a feed, or a page that links to one
  newsletter pull feed https://example.org/blog
  # JSON, JSON lines, CSV, BibTeX or RIS
  newsletter pull file library.bib
  # a folder of recorded responses
  newsletter pull huggingface days/
  # a copied Daily Papers page, from standard input
  wl-paste | newsletter pull page -

`newsletter sources --help` lists every kind of source.
Pulling the same twice changes nothing. Exit code 1 if anything was refused or failed."""
)
@click.argument("kind", required=False)
@click.argument("what", nargs=-1, metavar="[FOLLOW|FILE|DIR|URL]...")
@click.option(
    "--date", "day", type=day_type, help="The day to pull, or (for files) the day of entries that state none."
)
@click.option("--since", type=day_type, help="Pull this day and all later ones; default: since the last pull.")
@click.option(
    "-s", "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of the source; repeatable."
)
@click.option("--dry-run", is_flag=True, help="Fetch and parse, but store nothing.")
@json_option
@pass_opened
def pull(
    opened: Opened, kind: str | None, what: tuple[str, ...], day: datetime | None, since: datetime | None,
    settings: tuple[str, ...], dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Pull papers into the store, from the network or from files."""
    from newsletter.pipeline.pull_due import configured_sources, pull_configured, pull_sources
    from newsletter.pipeline.run import learn_models

    config, ports, span = opened.config, make_ports(opened), _span(day, since)
    if kind is None and span is None:
        reports = pull_configured(config, ports, rehearse=dry_run)
    elif kind is None:
        reports = pull_sources(config, ports, configured_sources(config), span, rehearse=dry_run)
    else:
        sources, places = _requested(opened, kind, what, settings)
        if places:
            reports = [_pull_places(opened, sources[0], places, day.date() if day else None, rehearse=dry_run)]
        else:
            reports = pull_sources(config, ports, sources, span, rehearse=dry_run)
    if not dry_run:
        learn_models(config, ports)
    if as_json:
        print_json(reports)
    else:
        show_reports(reports)
        if dry_run:
            click.echo("dry run: nothing was stored")
    print_pull_problems(reports)
    finish(clean=all(report.is_clean for report in reports))


def _span(day: datetime | None, since: datetime | None) -> Span | None:
    """Return the requested days, or None for those since the last pull."""
    from newsletter.sources import Span

    if day and since:
        raise click.UsageError("--date and --since exclude each other")
    if since and since.date() > now().date():
        raise click.UsageError("--since is in the future")
    if since:
        return Span(since.date(), now().date())
    return Span(day.date(), day.date()) if day else None


def _requested(
    opened: Opened, kind: str, what: Sequence[str], settings: Sequence[str]
) -> tuple[list[Source], list[str]]:
    """Return the sources that the arguments name, and the files or addresses to read in their format instead."""
    from newsletter.sources import all_sources, find_source
    from newsletter.sources.documents import is_address
    from newsletter.sources.settings import make_source

    if kind not in all_sources() and (is_address(kind) or Path(kind).exists()):
        meant = "feed" if is_address(kind) else "file"
        raise NewsletterError(f"{kind}: expected a kind of source", hint=f"newsletter pull {meant} {kind}")
    source = find_source(kind)
    places = [word for word in what if _is_place(word, source)]
    follow = [word for word in what if word not in places]
    if places and follow:
        raise NewsletterError(
            f"{follow[0]}: no such file", hint=f"{places[0]} is a file: name either files, or what to follow"
        )
    table: dict[str, object] = dict(_setting(one) for one in settings)
    if follow:
        table["follow"] = follow
    if not table and not places:
        configured = [one for one in opened.config.sources if one.name == kind]
        if configured:
            return configured, []
    return [make_source(source, table)], places


def _is_place(word: str, source: type[Source]) -> bool:
    """Whether an argument names a file or an address to read, rather than something to follow."""
    from newsletter.sources.documents import is_address

    if not source.follows or word == "-" or Path(word).exists():
        return True
    if is_address(word):
        return "ADDRESS" not in source.follows
    return word.endswith(("/", *source.suffixes)) or word.startswith(("./", "../", "/", "~"))


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--set {text}: expected NAME=VALUE, for example --set announce=new,cross")
    return name.strip(), value.split(",") if "," in value else value


def _pull_places(
    opened: Opened, source: Source, places: Sequence[str], day: date | None, *, rehearse: bool = False
) -> PullReport:
    """Pull files, folders, addresses or standard input in the format of one source."""
    from newsletter.pipeline.pull import pull_files
    from newsletter.sources import HttpClient

    with (
        opened.store() as store,
        HttpClient(opened.config.sender.reply_to) as client,
        progress(f"pulling {source.name}") as watch,
    ):
        return pull_files(store, source, places, day, now(), client, watch, rehearse=rehearse)


def show_reports(reports: Iterable[PullReport]) -> None:
    """Print a table with a line per source."""
    rows = [
        (r.source, r.fetched, r.new, r.updated, len(r.refusals), f"{r.seconds:.1f} s", _with_ignored(r))
        for r in reports
    ]
    print_table(
        ("source", "fetched", "new", "updated", "refused", "time", "result"),
        rows,
        optional=("time", "updated", "refused"),
    )


def print_pull_problems(reports: Sequence[PullReport]) -> None:
    """Print errors and refused entries on stderr."""
    for report in reports:
        if report.error:
            print_problems([report.error])
        print_problems([f"refused {refusal}" for refusal in report.refusals], "more refused")
        if report.left_out:
            print_problems([f"{report.source}: {counted(report.left_out, 'item')} left out: whole volumes, not papers"])
        if report.cut:
            print_problems([f"{report.source}: {counted(report.cut, 'paper')} with longer text than the limits: cut"])


def _with_ignored(report: PullReport) -> str:
    ignored = f"; {counted(report.ignored, 'other message')} ignored" if report.ignored else ""
    return _result_text(report) + ignored


def _result_text(report: PullReport) -> str:
    if report.error:
        return "failed: see below"
    if report.not_before:
        return f"pulled recently: not due before {report.not_before:%H:%M} UTC"
    if not report.fetched:
        return _result_without_papers(report)
    if not report.new:
        return "nothing new"
    return "some refused: see below" if report.refusals else "ok"


def _result_without_papers(report: PullReport) -> str:
    if report.refusals:
        return "refused: see below"
    if report.left_out:
        return "no papers: see below"
    return "unchanged since the last pull" if report.unchanged else "nothing listed (there are no lists on weekends)"
