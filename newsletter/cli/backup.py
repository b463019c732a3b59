"""`newsletter backup`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_list, print_problems
from newsletter.errors import ProfileError, RequestError
from newsletter.models.addresses import parse_address

if TYPE_CHECKING:
    from newsletter.operations.backup import Backup


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter backup
  newsletter backup --to /mnt/backups --keep 30
  newsletter backup list
  newsletter backup verify latest
  # in a crontab, every night
  15 3 * * *  cd /srv/papers && newsletter backup

A backup is a folder (mode 0700) with the database, newsletter.toml, subscribers/, templates/ and notes/. The database
holds addresses, and the key that signs links unless it is kept elsewhere. Not in it: private keys (see --with-keys),
passwords in the environment, the outbox, the event log.""",
)
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="Folder for the backup.")
@click.option("--keep", type=click.IntRange(1), help="Delete all but this many of the latest.  [default: backup.keep]")
@click.option("--with-keys", is_flag=True, help="Copy the private keys of the settings, too, if they are in the site.")
@json_option
@click.pass_context
def backup(ctx: click.Context, folder: Path | None, keep: int | None, with_keys: bool, as_json: bool) -> None:
    """Back up the site, while it runs; or list and verify backups.

    The backup is verified, and old ones are deleted.
    """
    if ctx.invoked_subcommand is not None:
        return
    from newsletter.operations.backup import make_backup, rotate

    opened = ctx.ensure_object(Opened)
    with opened.store() as store:
        made = make_backup(opened.config, store, now(), folder=folder, with_keys=with_keys)
    deleted = rotate(made.path.parent, keep or opened.config.backup.keep)
    if as_json:
        print_json({"backup": made, "deleted": deleted})
        return
    old = f", {len(deleted)} old deleted" if deleted else ""
    click.echo(f"backed up and verified: {made.path} ({_megabytes(made.size_b)}, {_counted(made)}{old})")


@backup.command("list", epilog="\b\nExample:\n  newsletter backup list --json")
@json_option
@pass_opened
def list_backups(opened: Opened, as_json: bool) -> None:
    """List the backups, and the copies from before upgrades and restores."""
    from newsletter.operations.backup import all_copies, kind_of

    print_list(
        all_copies(opened.config),
        ("backup", "what", "made", "size", "subscribers"),
        lambda one: (
            one.path.name,
            kind_of(one.path),
            "" if one.made_at is None else f"{one.made_at:%Y-%m-%d %H:%M} UTC",
            _megabytes(one.size_b),
            one.counts.get("subscribers", ""),
        ),
        as_json=as_json,
        empty="no backups; make one with: newsletter backup",
        optional=("subscribers", "size"),
    )


@backup.command(epilog="\b\nExamples:\n  newsletter backup verify latest\n  newsletter backup verify /mnt/backups/NAME")
@click.argument("name", metavar="[BACKUP]", default="latest")
@json_option
@pass_opened
def verify(opened: Opened, name: str, as_json: bool) -> None:
    """Verify a backup; exit code 1 if it is damaged.

    Its checksums, the whole database, and the numbers of its rows are verified.

    BACKUP is a name as `list` shows it, a path, or "latest", which is the default.
    """
    from newsletter.operations.backup import find_backup, problems_of

    found = find_backup(opened.config, name)
    problems = problems_of(found)
    if as_json:
        print_json({"backup": found.path, "problems": problems})
    elif not problems:
        click.echo(f"sound: {found.path} ({_counted(found) or _megabytes(found.size_b)})")
    print_problems([f"{found.path}: {problem}" for problem in problems])
    finish(clean=not problems)


def addresses_in(file: Path) -> list[str]:
    """Return the addresses in a file: the first thing with an @ of each line that is no comment (#).

    Raises:
        RequestError: The file cannot be read, or a line has no address: nobody who unsubscribed is overlooked.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{file}: cannot be read: {error}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        words = re.split(r"[\s,;|<>\"']+", line)
        is_heading = number == 1 and "@" not in line
        if is_heading or not line.strip() or line.startswith("#"):
            continue
        try:
            found.append(parse_address(next((word for word in words if "@" in word), line.strip()), allow_local=True))
        except ProfileError as error:
            raise RequestError(f"{file}: line {number}: {error}", hint="one address per line") from error
    return found


def _counted(made: Backup) -> str:
    parts = [f"{made.counts[name]:,} {name}" for name in ("papers", "subscribers", "deliveries") if name in made.counts]
    return ", ".join(parts)


def _megabytes(size_b: int) -> str:
    return f"{size_b / 1_000_000:,.1f} MB"
