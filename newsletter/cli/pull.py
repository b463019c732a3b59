"""`newsletter pull`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems, print_table, progress
from newsletter.errors import ConfigError, NewsletterError

if TYPE_CHECKING:
    from newsletter.models import PullReport
    from newsletter.sources import Source, Span

day_type = click.DateTime(["%Y-%m-%d"])


@click.command(
    epilog="""\b
Examples:
  newsletter pull                                  everything newsletter.toml names
  newsletter pull huggingface --date 2026-05-08    one day
  newsletter pull arxiv cs.CL cs.LG                what these categories announced since the last pull
  newsletter pull arxiv 'ti:"unlearning"' --since 2026-05-01 --dry-run
  newsletter pull feed https://example.org/blog    a feed, or a page that names one
  newsletter pull file library.bib                 JSON, JSON lines, CSV, BibTeX or RIS
  newsletter pull huggingface days/                a folder of recorded answers
  wl-paste | newsletter pull page -                a copied Daily Papers page, from standard input
\b
`newsletter sources --help` shows every kind of source.
Pulling the same twice changes nothing. Exit code 1 if anything was refused or failed."""
)
@click.argument("kind", required=False)
@click.argument("what", nargs=-1, metavar="[FOLLOW|FILE|DIR|URL]...")
@click.option("--date", "day", type=day_type, help="The day to ask for, or (for files) the day they stand for.")
@click.option("--since", type=day_type, help="Ask for this day and all since; default: since the last pull.")
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
    span = _span(day, since)
    if kind is None:
        reports = (
            pull_sources(opened, _configured(opened), span, rehearse=dry_run)
            if span
            else pull_configured(opened, rehearse=dry_run)
        )
    else:
        sources, places = _asked_for(opened, kind, what, settings)
        if places:
            reports = [pull_places(opened, sources[0], places, day.date() if day else None, rehearse=dry_run)]
        else:
            reports = pull_sources(opened, sources, span, rehearse=dry_run)
    if as_json:
        print_json(reports)
    else:
        show_reports(reports)
        if dry_run:
            click.echo("a dry run: nothing was stored")
    print_pull_problems(reports)
    finish(clean=all(report.is_clean for report in reports))


def _span(day: datetime | None, since: datetime | None) -> Span | None:
    """Return the days asked for, or None for those since the last pull."""
    from newsletter.sources import Span

    if day and since:
        raise click.UsageError("--date and --since exclude each other")
    if since and since.date() > now().date():
        raise click.UsageError("--since is in the future")
    if since:
        return Span(since.date(), now().date())
    return Span(day.date(), day.date()) if day else None


def _configured(opened: Opened) -> Sequence[Source]:
    if not opened.config.sources:
        raise ConfigError(
            f"{opened.site.config}: no [[sources]]",
            hint="name one there, or pull a file: newsletter pull page saved.txt",
        )
    return opened.config.sources


def _asked_for(
    opened: Opened, kind: str, what: Sequence[str], settings: Sequence[str]
) -> tuple[list[Source], list[str]]:
    """Return the sources that a command line means, and the files or addresses to read in their place."""
    from newsletter.sources import find_source
    from newsletter.sources.settings import make_source

    source = find_source(kind)
    places = [word for word in what if _is_place(word, source)]
    follow = [word for word in what if word not in places]
    if places and follow:
        raise NewsletterError(
            f"{follow[0]}: no such file, and {places[0]} is one", hint="name files, or what to follow: not both"
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
    """Tell whether a word names a file or an address to read, and not something to follow."""
    from newsletter.sources.documents import is_address

    if not source.follows or word == "-" or Path(word).exists():
        return True
    if is_address(word):
        return "ADDRESS" not in source.follows
    return word.endswith(("/", *source.suffixes)) or word.startswith(("./", "../", "/", "~"))


def _setting(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--set {text}: NAME=VALUE is expected, as in --set announce=new,cross")
    return name.strip(), value.split(",") if "," in value else value


def pull_sources(
    opened: Opened, sources: Sequence[Source], span: Span | None = None, *, rehearse: bool = False
) -> list[PullReport]:
    """Ask each source for the days of `span`, or for those since it was last asked with success."""
    from newsletter.pipeline.pull import pull_days, span_to_pull
    from newsletter.sources import HttpClient
    from newsletter.sources.settings import label_of

    reports = []
    with opened.store() as store, HttpClient(opened.config.sender.reply_to) as client:
        for source in sources:
            days = span or span_to_pull(store.pulls.last_success(label_of(source)), now().date())
            with progress(f"pulling {label_of(source)}") as watch:
                reports.append(pull_days(store, source, days, now(), client, watch, rehearse=rehearse))
    return reports


def pull_configured(opened: Opened, *, rehearse: bool = False) -> list[PullReport]:
    """Ask everything that newsletter.toml names, but what answered a short while ago and changes seldom.

    Raises:
        ConfigError: It names nothing.
    """
    from newsletter.models import PullReport
    from newsletter.pipeline.pull import not_before
    from newsletter.pipeline.taste import learn_taste_models
    from newsletter.sources.settings import label_of

    sources = _configured(opened)
    with opened.store() as store:
        resting = {source: not_before(store, source, now()) for source in sources}
    asked = iter(pull_sources(opened, [source for source in sources if resting[source] is None], rehearse=rehearse))
    reports = [
        next(asked) if until is None else PullReport(label_of(source), not_before=until)
        for source, until in resting.items()
    ]
    if not rehearse:
        with opened.store() as store:
            learn_taste_models(store, now())
    return reports


def pull_places(
    opened: Opened, source: Source, places: Sequence[str], day: date | None, *, rehearse: bool = False
) -> PullReport:
    """Read files, folders, addresses or standard input in the way of one source."""
    from newsletter.pipeline.pull import pull_files
    from newsletter.sources import HttpClient

    with (
        opened.store() as store,
        HttpClient(opened.config.sender.reply_to) as client,
        progress(f"pulling {source.name}") as watch,
    ):
        return pull_files(store, source, places, day, now(), client, watch, rehearse=rehearse)


def show_reports(reports: Iterable[PullReport]) -> None:
    """Print a table of what the pulls did, a line per source."""
    rows = [
        (r.source, r.fetched, r.new, r.updated, len(r.refusals), f"{r.seconds:.1f} s", _in_words(r)) for r in reports
    ]
    print_table(("source", "fetched", "new", "updated", "refused", "time", "what happened"), rows)


def print_pull_problems(reports: Sequence[PullReport]) -> None:
    """Print what was refused or failed on stderr."""
    for report in reports:
        if report.error:
            print_problems([report.error])
        print_problems([f"refused {refusal}" for refusal in report.refusals], "more refused")


def _in_words(report: PullReport) -> str:
    if report.error:
        return "failed: see below"
    if report.not_before:
        return f"answered a while ago: not asked before {report.not_before:%H:%M} UTC"
    if not report.fetched:
        if report.refusals:
            return "refused: see below"
        return "unchanged since the last pull" if report.unchanged else "nothing listed (weekends have no list)"
    if not report.new:
        return "nothing new: all were known"
    return "some refused: see below" if report.refusals else "ok"
