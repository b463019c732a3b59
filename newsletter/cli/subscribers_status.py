"""`newsletter subscribers pause`, `resume`, `unsubscribe` and `erase`: whether a person is mailed."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from newsletter.cli.aliases import RenamedOption
from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.profile_options import print_change


@click.command(
    epilog="""\b
Examples:
  newsletter subscribers pause ada@example.org
  newsletter subscribers pause ada@example.org --until 2026-12-31"""
)
@click.argument("email")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The first day of mail again, as in 2026-12-31.")
@pass_opened
def pause(opened: Opened, email: str, until: datetime | None) -> None:
    """Pause a subscription, until it is resumed or until a day."""
    from newsletter.subscribers.subscriptions import pause as pause_subscriber

    with opened.store() as store:
        print_change("paused", pause_subscriber(store, email, now(), until.date() if until else None))


@click.command(epilog="\b\nExample:\n  newsletter subscribers resume ada@example.org")
@click.argument("email")
@click.option(
    "--resubscribe", "--they-asked", cls=RenamedOption, is_flag=True, help="They unsubscribed, and asked to come back."
)
@pass_opened
def resume(opened: Opened, email: str, resubscribe: bool) -> None:
    """Resume a paused subscription."""
    from newsletter.subscribers.subscriptions import resume as resume_subscriber

    with opened.store() as store:
        print_change("resumed", resume_subscriber(store, email, now(), resubscribe=resubscribe))


@click.command(
    epilog="""\b
Examples:
  newsletter subscribers unsubscribe ada@example.org
  # the token in the subject of an unsubscribe request
  newsletter subscribers unsubscribe 12.Yk3v…

No file and no import subscribes the address again. To resume: newsletter subscribers resume EMAIL --resubscribe"""
)
@click.argument("who", metavar="EMAIL|TOKEN")
@pass_opened
def unsubscribe(opened: Opened, who: str) -> None:
    """Unsubscribe an address, at once and permanently."""
    from newsletter.subscribers.subscriptions import unsubscribe as unsubscribe_address

    with opened.store() as store:
        print_change("unsubscribed", unsubscribe_address(store, who, now()))


@click.command(
    epilog="""\b
Examples:
  newsletter subscribers erase ada@example.org
  newsletter subscribers erase ada@example.org --yes"""
)
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_opened
def erase(opened: Opened, email: str, yes: bool) -> None:
    """Erase a subscriber and all data about them.

    A suppressed address (unsubscribed, bounced or complained) stays on the suppression list.
    """
    from newsletter.subscribers.privacy import erase as erase_person
    from newsletter.subscribers.subscriptions import find

    with opened.store() as store:
        known = find(store, email)
        if not yes:
            if not sys.stdin.isatty():
                raise click.UsageError("this cannot be undone; confirm with --yes")
            click.confirm(f"Delete {known.email}, their preferences, deliveries and feedback?", abort=True)
        erase_person(store, known.email, now(), opened.config.outbox, opened.config.log_path)
    click.echo(f"erased {known.email}")
