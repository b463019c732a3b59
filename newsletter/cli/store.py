"""`newsletter store`: move a site's database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.output import json_option, print_json
from newsletter.errors import RequestError
from newsletter.models.database_url import DatabaseUrl

if TYPE_CHECKING:
    from newsletter.store.copying import Copied


class DatabaseLocation(click.ParamType[Path | DatabaseUrl]):
    """The path of a database file, or the URL of a database on a server."""

    name = "database"

    def convert(
        self, value: str | Path | DatabaseUrl, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path | DatabaseUrl:
        """Return a path, or a URL."""
        if not isinstance(value, str):
            return value
        if "://" not in value:
            return Path(value)
        try:
            return DatabaseUrl(value)
        except ValueError as error:
            self.fail(f"{error}; for example postgresql://papers@db.example/papers", param, ctx)


@click.group(epilog="\b\nExample:\n  newsletter store copy newsletter.db postgresql://papers@db.example/papers")
def store() -> None:
    """Move a site's database."""


@store.command(
    epilog="""\b
Examples:
  newsletter store copy newsletter.db postgresql://papers@db.example/papers
  newsletter store copy postgresql://papers@db.example/papers newsletter.db

Both are the path of a file, or the URL of a PostgreSQL database. Stop `serve` before; then set or remove database.url.
A password belongs into ~/.pgpass or PGPASSWORD: others on this machine can read the arguments of commands. All is
copied, or nothing. Each table is verified by the number of its rows and a checksum of them."""
)
@click.argument("source", metavar="FROM", type=DatabaseLocation())
@click.argument("target", metavar="TO", type=DatabaseLocation())
@json_option
def copy(source: Path | DatabaseUrl, target: Path | DatabaseUrl, as_json: bool) -> None:
    """Copy a store into an empty database, of either kind."""
    from newsletter.store import open_store

    if isinstance(source, Path) and not source.is_file():
        raise RequestError(f"{source}: no such file", hint="name a newsletter.db, or a URL")

    def report(table: Copied) -> None:
        if table.rows and not as_json:
            click.echo(f"{table.table}: {table.rows:,}")

    with open_store(source) as former, open_store(target) as new:
        copied = former.copy_into(new, report)
    if as_json:
        print_json({"tables": copied})
    else:
        click.echo(f"copied and verified: {sum(one.rows for one in copied):,} rows of {len(copied)} tables")
        click.echo(f"now set database.url, or remove it; let nothing use {source} again: it would send what was sent")
