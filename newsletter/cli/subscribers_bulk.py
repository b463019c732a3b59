"""`newsletter subscribers import`, `export` and `sync`: many subscribers at once."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import PrivateFile, finish, json_option, print_json, print_problems
from newsletter.cli.tables import print_table
from newsletter.errors import ConfigError, NewsletterError
from newsletter.files.private_files import make_private

if TYPE_CHECKING:
    from newsletter.models import Refusal
    from newsletter.subscribers.import_export import ImportOptions, ImportReport

_MAX_REFUSALS_SHOWN = 20
_LOG_INTERVAL_S = 60.0


class _ImportCommand(click.Command):
    """Reads `--start on DAY`, a value of two words, as one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = next((n for n, pair in enumerate(pairwise(args)) if pair == ("--start", "on")), None)
        if at is not None and at + 2 < len(args):
            args = [*args[: at + 1], f"on {args[at + 2]}", *args[at + 3 :]]
        return super().parse_args(ctx, args)


@click.command(
    "import",
    cls=_ImportCommand,
    epilog="""\b
Examples:
  newsletter subscribers import people.csv --dry-run
  newsletter subscribers import people.csv --refused refused.csv
  newsletter subscribers import addresses.txt --topic "LLM agents" \\
      --cadence weekly
  newsletter subscribers import members.csv --map email=Kontakt \\
      --map name=Person
  newsletter subscribers import people.csv --start confirm
  newsletter subscribers import people.csv --start on 2026-12-31 \\
      --per-day 500

The first line names the columns: email, and any of name, topics (one per line) and the other fields that export
writes. The exports of Mailchimp, listmonk, Substack, Buttondown, Ghost, Keila and Mailman are read as they are; other
columns are ignored. A file of addresses alone needs no such line. Existing subscribers are not changed, unless with
--update. Suppressed addresses (unsubscribed, bounced or complained), here or by the file, are not mailed.

--start says when new people begin: now, on a day (until then they are paused), or once they confirm by email. With
--per-day, so many begin on the first day, and on each day after it, which warms up a new sender's reputation.
Exit code 1 if a row was refused.""",
)
@click.argument("file", type=click.File("rb"))
@click.option("--topic", "topics", multiple=True, help="For rows without topics; repeatable.")
@click.option("--cadence", help="For rows without a cadence.")
@click.option("--map", "columns", multiple=True, metavar="NAME=COLUMN", help="Read NAME from COLUMN; repeatable.")
@click.option("--start", default="now", show_default=True, metavar="WHEN", help="now, confirm, or on DAY.")
@click.option("--per-day", type=int, metavar="N", help="How many new people begin each day.")
@click.option("--update", is_flag=True, help="Change name and preferences of existing subscribers as the rows say.")
@click.option("--tag", "tags", multiple=True, help="Tag everybody in the file; repeatable.")
@click.option("--dry-run", is_flag=True, help="Check all rows, show what is different, and change nothing.")
@click.option("--refused", type=click.Path(dir_okay=False, path_type=Path), help="A CSV file for the refused rows.")
@json_option
@pass_opened
def import_file(  # noqa: PLR0917 - click passes them by name
    opened: Opened, file: IO[bytes], topics: tuple[str, ...], cadence: str | None, start: str, per_day: int | None,
    update: bool, dry_run: bool, refused: Path | None, columns: tuple[str, ...], tags: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Add subscribers from a CSV FILE; - is stdin."""
    from newsletter.subscribers.csv_rows import open_text
    from newsletter.subscribers.import_export import FieldChange, ImportOptions, import_people
    from newsletter.subscribers.import_start import read_start
    from newsletter.subscribers.profiles import make_profile
    from newsletter.subscribers.subscriptions import catalogue
    from newsletter.subscribers.tags import read_tag

    shown: list[str] = []
    changes: list[FieldChange] = []
    options = ImportOptions(
        mapping=mapping_of(columns), start=read_start(start, per_day, now().date()), update=update,
        tags=tuple(map(read_tag, tags)), dry_run=dry_run,
    )  # fmt: skip
    preferences = {name: value for name, value in (("topics", topics), ("cadence", cadence)) if value}
    with ExitStack() as stack:
        write = stack.enter_context(_refusals_written(refused))
        show = stack.enter_context(_progress())
        lines = stack.enter_context(open_text(file))
        store = stack.enter_context(opened.store())

        def refuse(refusal: Refusal) -> None:
            if len(shown) < _MAX_REFUSALS_SHOWN:
                shown.append(f"refused {refusal}")
            write(refusal)

        report = import_people(
            store, lines, getattr(file, "name", "-"), now(), make_profile(preferences, catalogue(store)),
            options=options, refuse=refuse, show=changes.append if dry_run else None, count=show,
        )  # fmt: skip
    if as_json:
        print_json({**asdict(report), "changes": changes} if dry_run else report)
    else:
        for change in changes:
            click.echo(change)
        _print_counts(report, options, differing=len({change.email for change in changes if change.field != "status"}))
    print_problems(report.warnings)
    more = report.refused - len(shown)
    print_problems(shown)
    if more > 0:
        print_problems([f"and {more} more refused"])
    finish(clean=not report.refused)


def _print_counts(report: ImportReport, options: ImportOptions, *, differing: int) -> None:
    done = "would be added" if options.dry_run else "added"
    click.echo(
        f"{report.added} {done}, {report.known} already exist, {report.suppressed} suppressed, {report.refused} refused"
    )
    if report.asked:
        click.echo(f"{report.asked} {'would be' if options.dry_run else 'are'} asked to confirm, by the next run")
    if report.last_start is not None:
        first = options.start.day or now().date()
        days = str(first) if first == report.last_start else f"from {first} to {report.last_start}"
        click.echo(f"they begin {'on ' if first == report.last_start else ''}{days}")
    if options.update:
        click.echo(f"{report.changed} existing {'would be' if options.dry_run else 'were'} changed")
    elif differing:
        click.echo(f"{differing} existing differ, and stay as they are without --update")


@click.command(
    "export",
    epilog="""\b
Examples:
  newsletter subscribers export > people.csv
  newsletter subscribers export people.csv""",
)
@click.argument("file", type=PrivateFile(), default="-")
@pass_opened
def export_file(opened: Opened, file: IO[str]) -> None:
    """Export all subscribers as CSV, to FILE or stdout.

    `newsletter subscribers import` reads it. Suppressed addresses that are nobody's are not in it: move them with
    `newsletter suppressions export`.
    """
    from newsletter.subscribers.import_export import exported_rows

    with opened.store() as store:
        csv.writer(file).writerows(exported_rows(store))
        others = store.suppressions.count_others()
    if others:
        what = f"{others} suppressed {'address has' if others == 1 else 'addresses have'} no subscriber"
        click.echo(f"{what}; to take the suppression list along: newsletter suppressions export", err=True)


def mapping_of(columns: tuple[str, ...]) -> dict[str, str]:
    """Return the columns that were named, by our names.

    Raises:
        ConfigError: There is no "=" in one of them, or a name is given twice.
    """
    found: dict[str, str] = {}
    for one in columns:
        name, equals, column = (part.strip() for part in one.partition("="))
        if not equals:
            raise ConfigError(f"--map {one}: NAME=COLUMN is expected, as in --map email=Kontakt")
        if name in found:
            raise ConfigError(f"--map {one}: {name} is read from {found[name]} already")
        found[name] = column
    return found


@click.command("sync", epilog="\b\nExamples:\n  newsletter subscribers sync --dry-run\n  newsletter subscribers sync")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@json_option
@pass_opened
def sync_files(opened: Opened, dry_run: bool, as_json: bool) -> None:
    """Load the profiles in subscribers/*.toml.

    An invalid file is reported, and the others are loaded. The subscriber of a deleted file is disabled. The shipped
    examples (example*.toml) are skipped: copy one to another name.
    """
    from newsletter.subscribers.sync import sync
    from newsletter.text import counted

    with opened.store() as store:
        report = sync(store, opened.site.subscribers, now(), dry_run=dry_run)
    if as_json:
        print_json(report)
    else:
        if report.changes:
            print_table(("file", "address", "would be" if dry_run else "outcome"), report.changes, optional=("file",))
        changed = sum(outcome not in ("same", "unsubscribed") for _, _, outcome in report.changes)
        click.echo(f"{counted(len(report.changes), 'profile')}, {changed} {'to change' if dry_run else 'changed'}")
    if report.examples and not as_json:
        click.echo(f"skipped {', '.join(report.examples)}: an example is not a subscriber; copy it to another name")
    print_problems([f"refused {refusal}" for refusal in report.refusals], "more refused")
    finish(clean=not report.refusals)


@contextmanager
def _refusals_written(path: Path | None) -> Iterator[Callable[[Refusal], None]]:
    """Open the CSV file of refused rows, if there is one; yields a function that writes a refusal."""
    if path is None:
        yield lambda _refusal: None
        return
    try:
        file = open(path, "w", encoding="utf-8", newline="", opener=make_private)  # noqa: SIM115
    except OSError as error:
        raise NewsletterError(f"{path}: {error.strerror or error}") from error
    with file:
        writer = csv.writer(file)
        writer.writerow(("where", "why"))
        yield lambda refusal: writer.writerow((refusal.place, refusal.why)) and None


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Show on stderr how many rows were read: live on a terminal, else once a minute."""
    began = logged = time.monotonic()

    def log(rows: int) -> None:
        nonlocal logged
        moment = time.monotonic()
        if moment - logged >= _LOG_INTERVAL_S:
            logged = moment
            click.echo(f"importing: {rows} rows, {rows / (moment - began):.0f}/s", err=True)

    if not sys.stderr.isatty():
        yield log
        return
    from rich.console import Console

    with Console(stderr=True).status("importing") as status:
        yield lambda rows: status.update(f"importing: {rows} rows, {rows / (time.monotonic() - began):.0f}/s")
