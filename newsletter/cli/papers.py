"""`newsletter pull` and `newsletter papers`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import complain, finish, json_option, print_json, print_table, progress
from newsletter.errors import ConfigError, NewsletterError
from newsletter.sources import SOURCES

if TYPE_CHECKING:
    from newsletter.models import PullReport

day_type = click.DateTime(["%Y-%m-%d"])


_KNOWN = "\n".join(f"  {name:<13} {source.summary}" for name, source in SOURCES.items())


@click.command(
    epilog=f"""\b
Sources:
{_KNOWN}
\b
Examples:
  newsletter pull                                  everything newsletter.toml names
  newsletter pull huggingface --date 2026-05-08    one day
  newsletter pull huggingface days/                a folder of recorded days
  newsletter pull page saved.txt                   a saved page
  wl-paste | newsletter pull page -                a copied page, from standard input
\b
Pulling the same twice changes nothing. HF_ENDPOINT names a mirror of Hugging Face.
Exit code 1 if anything was refused or failed."""
)
@click.argument("source", required=False)
@click.argument("places", nargs=-1, metavar="[FILE|DIR|URL]...")
@click.option("--date", "day", type=day_type, help="The day to ask for, or (for a page) the day it was saved.")
@json_option
@pass_opened
def pull(opened: Opened, source: str | None, places: tuple[str, ...], day: datetime | None, as_json: bool) -> None:
    """Pull papers into the store, from the network or from files."""
    reports = pull_all(opened, [source] if source else None, places, day.date() if day else None)
    if as_json:
        print_json(reports)
    else:
        show_reports(reports)
    complain_of(reports)
    finish(clean=all(report.is_clean for report in reports))


def pull_all(
    opened: Opened, kinds: Sequence[str] | None = None, places: Sequence[str] = (), day: date | None = None
) -> list[PullReport]:
    """Pull each of `kinds` (those of newsletter.toml, if None): the places named, else what is new.

    Raises:
        NewsletterError: A kind is unknown, or a place is not there; nothing was stored.
    """
    from newsletter.pipeline.pull import pull_days, pull_files, span_to_pull
    from newsletter.sources import Span, find_source
    from newsletter.sources.http import open_client

    sources = [find_source(kind) for kind in (opened.config.sources if kinds is None else kinds)]
    if not sources:
        raise ConfigError(
            f"{opened.site.config}: no [[sources]]",
            hint="name one there, or pull a file: newsletter pull page saved.txt",
        )
    reports = []
    with opened.store() as store, open_client(opened.config.sender.reply_to) as http:
        for source in sources:
            with progress(f"pulling {source.name}") as watch:
                if places:
                    reports.append(pull_files(store, source, places, day, now(), http, watch))
                else:
                    span = Span(day, day) if day else span_to_pull(store.pulls.last_success(source.name), now().date())
                    reports.append(pull_days(store, source, span, now(), http, watch))
    return reports


def show_reports(reports: Iterable[PullReport]) -> None:
    """Print a table of what the pulls did, a line per source."""
    rows = [(r.source, r.fetched, r.new, r.updated, len(r.refusals), _in_words(r)) for r in reports]
    print_table(("source", "fetched", "new", "updated", "refused", "what happened"), rows)


def complain_of(reports: Sequence[PullReport]) -> None:
    """Print what was refused or failed on stderr."""
    for report in reports:
        if report.error:
            complain([report.error])
        complain([f"refused {refusal}" for refusal in report.refusals], "more refused")


def _in_words(report: PullReport) -> str:
    if report.error:
        return "failed: see below"
    if not report.fetched:
        return "refused: see below" if report.refusals else "nothing listed (weekends have no list)"
    if not report.new:
        return "nothing new: all were known"
    return "some refused: see below" if report.refusals else "ok"


@click.command(
    epilog="""\b
Examples:
  newsletter papers
  newsletter papers in-context learning
  newsletter papers --limit 5 --json"""
)
@click.argument("words", nargs=-1)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many to show.")
@json_option
@pass_opened
def papers(opened: Opened, words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List the newest papers, or those that hold all WORDS, best match first."""
    with opened.store() as store:
        found = store.papers.search(" ".join(words), limit) if words else store.papers.newest(limit)
        count = store.papers.count()
    if as_json:
        print_json(found)
        return
    if not found:
        raise NewsletterError(
            f"none of {count} papers holds {' '.join(words)!r}" if count else "the store holds no papers yet",
            hint=None if count else "newsletter pull",
        )
    rows = [(paper.published or paper.listed, paper.arxiv_id or "", paper.upvotes, paper.title) for paper in found]
    print_table(("date", "arXiv", "upvotes", "title"), rows)
    click.echo(f"{len(found)} of {count} papers")
