"""`newsletter suppressions`: the addresses that are never mailed."""

from __future__ import annotations

import csv
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import PrivateFile, finish, json_option, print_json, print_list, print_problems
from newsletter.cli.subscribers_bulk import mapping_of

if TYPE_CHECKING:
    from newsletter.models import Refusal


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter suppressions
  newsletter suppressions add ada@example.org --reason "asked by phone"
  newsletter suppressions import cleaned.csv""",
)
@json_option
@click.pass_context
def suppressions(ctx: click.Context, as_json: bool) -> None:
    """List the suppressed addresses, or change the list.

    They are never mailed. An address is suppressed when its owner unsubscribes or complains, and when it bounces.
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Opened), as_json=as_json)


@suppressions.command("list", epilog="\b\nExample:\n  newsletter suppressions list --json")
@json_option
@pass_opened
def list_suppressions(opened: Opened, as_json: bool) -> None:
    """List the suppressed addresses, and why they are."""
    _list(opened, as_json=as_json)


def _list(opened: Opened, *, as_json: bool) -> None:
    with opened.store() as store:
        found = [
            {"email": key, "reason": reason, "suppressed_at": at} for key, reason, at in store.suppressions.entries()
        ]
        _, hashed = store.suppressions.count()
    print_list(
        found,
        ("address", "since", "reason"),
        lambda one: (one["email"], one["suppressed_at"][:10], one["reason"]),
        as_json=as_json,
        empty="no suppressed addresses",
    )
    if hashed and not as_json:
        click.echo(f"and {hashed} of erased people, known only by a keyed hash")


@suppressions.command(epilog='\b\nExample:\n  newsletter suppressions add ada@example.org --reason "asked by phone"')
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL...")
@click.option("--reason", default="suppressed by the operator", show_default=True, help="Why.")
@pass_opened
def add(opened: Opened, emails: tuple[str, ...], reason: str) -> None:
    """Suppress addresses, subscribed or not."""
    from newsletter.subscribers.subscriptions import suppress

    with opened.store() as store, store.transaction():
        for email in emails:
            is_new = suppress(store, email, reason, now())
            click.echo(f"suppressed {email}" if is_new else f"{email} is already suppressed")


@suppressions.command(epilog="\b\nExample:\n  newsletter suppressions remove ada@example.org")
@click.argument("email")
@pass_opened
def remove(opened: Opened, email: str) -> None:
    """Remove an address from the list, as after a bounce by mistake.

    Who unsubscribed stays unsubscribed: see `newsletter subscribers resume --resubscribe`.
    """
    from newsletter.subscribers.subscriptions import unsuppress

    with opened.store() as store:
        reason = unsuppress(store, email)
    click.echo(f"removed {email}, which was suppressed: {reason}")


@suppressions.command(
    "import",
    epilog="""\b
Examples:
  newsletter suppressions import cleaned.csv \\
      --reason "bounced at our former provider"
  newsletter suppressions import addresses.txt

FILE is a list of addresses, one per line, or a CSV file with a column of them and perhaps one of reasons, as export
writes it. Every address in it is suppressed, whatever its status. Exit code 1 if a row was refused.""",
)
@click.argument("file", type=click.File("rb"))
@click.option("--reason", default="imported", show_default=True, help="For rows that give none.")
@click.option("--map", "columns", multiple=True, metavar="NAME=COLUMN", help="Read NAME from COLUMN; repeatable.")
@json_option
@pass_opened
def import_file(opened: Opened, file: IO[bytes], reason: str, columns: tuple[str, ...], as_json: bool) -> None:
    """Suppress every address in FILE; - is stdin."""
    from newsletter.subscribers.csv_rows import open_text
    from newsletter.subscribers.import_export import import_suppressions

    refused: list[Refusal] = []
    with opened.store() as store, open_text(file) as lines:
        report = import_suppressions(
            store, lines, getattr(file, "name", "-"), now(), reason,
            mapping=mapping_of(columns), refuse=refused.append,
        )  # fmt: skip
    if as_json:
        print_json(report)
    else:
        click.echo(f"{report.added} suppressed, {report.known} already were, {report.refused} refused")
    print_problems(report.warnings)
    print_problems([f"refused {refusal}" for refusal in refused], "more refused")
    finish(clean=not refused)


@suppressions.command("export", epilog="\b\nExample:\n  newsletter suppressions export suppressions.csv")
@click.argument("file", type=PrivateFile(), default="-")
@pass_opened
def export_file(opened: Opened, file: IO[str]) -> None:
    """Export the suppressed addresses as CSV, to FILE or stdout.

    `newsletter suppressions import` reads it.
    """
    from newsletter.subscribers.import_export import suppression_rows

    with opened.store() as store:
        csv.writer(file).writerows(suppression_rows(store))
