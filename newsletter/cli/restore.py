"""`newsletter restore`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.backup import addresses_in
from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json
from newsletter.errors import RequestError
from newsletter.files.site import Site

if TYPE_CHECKING:
    from newsletter.operations.backup import Backup
    from newsletter.operations.restore import Restored


@click.command(
    epilog="""\b
Examples:
  newsletter restore latest
  newsletter restore 2026-05-08T031500Z --yes
  newsletter restore backups/before-upgrade-2026-05-08T081213Z
  newsletter --site /srv/new restore /mnt/backups/2026-05-08T031500Z \\
      --hold --unsubscribed since.txt

What happened after the backup is not forgotten: nobody is mailed who unsubscribed, was suppressed or erased since, and
nothing is mailed again that was mailed since. It is taken from the present database, if it can be read, and from the
recovery log beside it (newsletter.recovery). Where neither reaches back to the backup, as on another machine, restore
refuses: --hold then holds every edition that is due, for you to decide (newsletter deliveries retry --held).

The database that is replaced is kept: newsletter backup list. Files that exist are kept, unless --files is given."""
)
@click.argument("name", metavar="BACKUP")
@click.option("--hold", is_flag=True, help="Hold what may have been mailed, where it is not known what was.")
@click.option(
    "--unsubscribed",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with addresses, one per line, that unsubscribed since the backup.",
)
@click.option("--files", is_flag=True, help="Replace newsletter.toml, subscribers/, templates/ and notes/, too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_opened
def restore(
    opened: Opened, name: str, hold: bool, file: Path | None, files: bool, yes: bool, as_json: bool
) -> None:  # fmt: skip
    """Restore a backup, without forgetting who unsubscribed since.

    BACKUP is a name as `newsletter backup list` shows it, a path, or "latest".
    """
    from newsletter.config.signing_keys import signing_keys
    from newsletter.operations import restore as restoring
    from newsletter.operations.backup import backup_at, find_backup

    written: list[str] = []
    addresses = addresses_in(file) if file is not None else []
    with ExitStack() as undo:
        if opened.site_dir is not None and not Site(opened.site_dir).config.exists():  # a new machine
            source = backup_at(Path(name))
            written = restoring.restore_files(opened.site_dir, source, overwrite=False)
            undo.callback(restoring.delete_files, opened.site_dir, written)
        else:
            source = find_backup(opened.config, name)
        if not yes:
            _confirm(opened, source)
        report = restoring.restore(
            opened.config, source, lambda: signing_keys(opened.config), now(), hold=hold, unsubscribed=addresses
        )
        undo.pop_all()
    if files:
        written = restoring.restore_files(opened.site.root, source, overwrite=True)
    if as_json:
        print_json({"restored": report, "files": written})
    else:
        _print(report, written)


def _confirm(opened: Opened, source: Backup) -> None:
    if not sys.stdin.isatty():
        raise RequestError("restore replaces the database", hint="confirm with --yes")
    click.confirm(f"Replace {opened.config.store_file()} by the database of {source.path}?", abort=True)


def _print(report: Restored, written: list[str]) -> None:
    recovered = report.recovered
    click.echo(f"restored {report.backup}, of {report.made_at:%Y-%m-%d %H:%M} UTC")
    since = (
        (recovered.unsubscribed, "subscriber", "unsubscribed or paused since, and still so"),
        (recovered.suppressed, "address", "suppressed since, and still so"),
        (recovered.erased, "subscriber", "erased since, and erased again"),
        (recovered.mailed, "message", "mailed since, and not to be mailed again"),
        (recovered.cancelled, "edition", "paused or cancelled since"),
        (report.unsubscribed, "address", "suppressed, as your file says"),
        (recovered.moved, "subscriber", "with another address since, and paused: newsletter subscribers list"),
        (recovered.lost, "subscriber", "added since, and not in the backup: ask them to subscribe again"),
        (
            report.held + recovered.held,
            "message",
            "held or skipped, may have been mailed: newsletter deliveries failures --held",
        ),
    )
    for number, one, words in since:
        ending = "es" if one.endswith("s") else "s"
        if number:
            click.echo(f"  {number:,} {one if number == 1 else one + ending} {words}")
    if written:
        click.echo(f"  files: {', '.join(written[:8])}{f' and {len(written) - 8} more' if len(written) > 8 else ''}")
    if report.former is not None:
        click.echo(f"  the database before: {report.former}")
    click.echo("Papers since then are pulled again: newsletter pull")
