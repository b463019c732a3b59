"""`newsletter secret`: the key that signs the links in emails."""

from __future__ import annotations

from datetime import timedelta

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json
from newsletter.cli.tables import print_table

_GRACE_DAYS = 90


@click.group(
    epilog="\b\nExamples:\n  newsletter secret list\n  newsletter secret rotate\n  newsletter secret rotate --grace 0"
)
def secret() -> None:
    """Show or rotate the key that signs the links in emails."""


@secret.command("list", epilog="\b\nExample:\n  newsletter secret list --json")
@json_option
@pass_opened
def list_keys(opened: Opened, as_json: bool) -> None:
    """List the keys, with their age and use.

    They are named by their fingerprints. Former keys are accepted until the day that is shown.
    """
    from newsletter.operations.key_rotation import list_keys

    with opened.store() as store:
        keys = list_keys(opened.config, store, now())
    if as_json:
        print_json(keys)
        return
    rows = [
        (
            key.fingerprint,
            key.status.value,
            key.kept_in,
            "" if key.made_at is None else str(key.made_at.date()),
            "" if key.made_at is None else f"{(now() - key.made_at).days} days",
            "" if key.valid_until is None else str(key.valid_until.date()),
        )
        for key in keys
    ]
    print_table(("key", "status", "kept in", "since", "age", "accepted until"), rows)


@secret.command(
    epilog="""\b
Examples:
  # the links of the last 90 days go on working until they expire
  newsletter secret rotate
  # somebody else has the key: no link works that was sent before
  newsletter secret rotate --grace 0"""
)
@click.option(
    "--grace",
    type=click.IntRange(0, 3650),
    default=_GRACE_DAYS,
    show_default=True,
    metavar="DAYS",
    help="For how long links in emails that were sent go on working.",
)
@pass_opened
def rotate(opened: Opened, grace: int) -> None:
    """Sign links with a new key from now on.

    What the former key signed is accepted for some days.
    """
    from newsletter.operations.key_rotation import rotate

    moment = now()
    with opened.store() as store:
        fingerprint = rotate(opened.config, store, moment, timedelta(days=grace))
    until = f"until {(moment + timedelta(days=grace)).date()}" if grace else "no more"
    click.echo(f"links are signed with the key {fingerprint}; those that were sent before work {until}")
