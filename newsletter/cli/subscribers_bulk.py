"""`newsletter subscribers import`, `export` and `forget`: many at once, and all there is of one."""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from newsletter.models import Refusal

_TOLD = 20
_TOLD_EVERY_S = 60.0


@click.command(
    "import",
    epilog="""\b
Examples:
  newsletter subscribers import people.csv --dry-run
  newsletter subscribers import people.csv --refused refused.csv
  newsletter subscribers import addresses.txt --topic "LLM agents" --cadence weekly
\b
The first line names the columns: email, and any of name, topics (one a line), cadence, weekday, month_day, hour,
time_zone, style, language. A file of addresses alone needs none. Who is known stays as they are; who left, complained
or bounced stays away. Exit code 1 if a row was refused.""",
)
@click.argument("file", type=click.File("rb"))
@click.option("--topic", "topics", multiple=True, help="For rows that name none; repeatable.")
@click.option("--cadence", help="For rows that name none.")
@click.option("--dry-run", is_flag=True, help="Only tell what would become of each row.")
@click.option("--refused", type=click.Path(dir_okay=False, path_type=Path), help="Where to write refused rows, as CSV.")
@json_option
@pass_opened
def import_file(
    opened: Opened, file: IO[bytes], topics: tuple[str, ...], cadence: str | None, dry_run: bool,
    refused: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Make subscribers of the rows of a CSV FILE; - is stdin."""
    from newsletter.subscribers.import_export import import_people
    from newsletter.subscribers.profiles import make_profile
    from newsletter.subscribers.subscriptions import catalogue

    told: list[str] = []
    preferences = {name: value for name, value in (("topics", topics), ("cadence", cadence)) if value}
    lines = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    with ExitStack() as stack:
        write = stack.enter_context(_written(refused))
        tell = stack.enter_context(_shown())
        store = stack.enter_context(opened.store())

        def refuse(refusal: Refusal) -> None:
            if len(told) < _TOLD:
                told.append(f"refused {refusal}")
            write(refusal)

        report = import_people(
            store, lines, getattr(file, "name", "-"), now(), make_profile(preferences, catalogue(store)),
            dry_run=dry_run, refuse=refuse, tell=tell,
        )  # fmt: skip
    if as_json:
        print_json(report)
    else:
        done = "would be added" if dry_run else "added"
        click.echo(
            f"{report.added} {done}, {report.known} known already, {report.unwanted} not wanted any more, "
            f"{report.refused} refused"
        )
    more = report.refused - len(told)
    print_problems(told + ([f"and {more} more refused"] if more > 0 else []))
    finish(clean=not report.refused)


@click.command(
    "export",
    epilog="""\b
Examples:
  newsletter subscribers export > people.csv
  newsletter subscribers export people.csv""",
)
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=False), default="-")
@pass_opened
def export_file(opened: Opened, file: IO[str]) -> None:
    """Write all subscribers into a CSV FILE, as `import` reads it; - is stdout."""
    from newsletter.subscribers.import_export import export_rows

    with opened.store() as store:
        csv.writer(file).writerows(export_rows(store.subscribers.each()))


@click.command(
    epilog="""\b
Examples:
  newsletter subscribers erase ada@example.org
  newsletter subscribers erase ada@example.org --yes"""
)
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_opened
def erase(opened: Opened, email: str, yes: bool) -> None:
    """Delete a person and all that is known of them. That they must not be mailed, if so, is remembered."""
    from newsletter.subscribers.privacy import erase as erase_person
    from newsletter.subscribers.subscriptions import find

    with opened.store() as store:
        known = find(store, email)
        if not yes:
            if not sys.stdin.isatty():
                raise click.UsageError("this cannot be undone: say --yes")
            click.confirm(f"Delete {known.email}, their preferences, deliveries and feedback?", abort=True)
        erase_person(store, known.email, now())
    click.echo(f"erased {known.email}")


@contextmanager
def _written(path: Path | None) -> Iterator[Callable[[Refusal], None]]:
    """Open the file that refused rows are written to, if there is one."""
    if path is None:
        yield lambda _refusal: None
        return
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise NewsletterError(f"{path}: {error.strerror or error}") from error
    with file:
        writer = csv.writer(file)
        writer.writerow(("where", "why"))
        yield lambda refusal: writer.writerow((refusal.place, refusal.why)) and None


@contextmanager
def _shown() -> Iterator[Callable[[int], None]]:
    """Show on stderr how many rows were read: all the time on a terminal, once a minute elsewhere."""
    began = told = time.monotonic()

    def tell(rows: int) -> None:
        nonlocal told
        moment = time.monotonic()
        if moment - told >= _TOLD_EVERY_S:
            told = moment
            click.echo(f"importing: {rows} rows, {rows / (moment - began):.0f}/s", err=True)

    if not sys.stderr.isatty():
        yield tell
        return
    from rich.console import Console

    with Console(stderr=True).status("importing") as status:
        yield lambda rows: status.update(f"importing: {rows} rows, {rows / (time.monotonic() - began):.0f}/s")
