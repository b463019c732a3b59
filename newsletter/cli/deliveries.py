"""`newsletter deliveries …`: show the ledger of deliveries, and retry, pause, resume or cancel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_list
from newsletter.models import DeliveryStatus
from newsletter.text import counted

if TYPE_CHECKING:
    from newsletter.models import Edition
    from newsletter.store import Store


_edition = click.option("--edition", "key", metavar="KEY", help="Only this edition, as in daily-2026-05-08.")


@dataclass(frozen=True, slots=True)
class Progress:
    """The delivery progress of one edition."""

    edition: str
    planned: int
    sent: int
    waiting: int
    deferred: int
    failed: int
    skipped: int
    held: int
    bounced: int
    state: str


@dataclass(frozen=True, slots=True)
class _Failure:
    """One delivery that was not sent, and the SMTP response."""

    subscriber: str
    edition: str
    status: str
    attempts: int
    next_attempt_at: datetime | None
    response: str


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter deliveries
  newsletter deliveries failures --held
  newsletter deliveries retry --edition daily-2026-05-08
  newsletter deliveries pause daily-2026-05-08""",
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Maximum number of editions.")
@json_option
@click.pass_context
def deliveries(ctx: click.Context, limit: int, as_json: bool) -> None:
    """Show delivery progress by edition, the latest first."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.ensure_object(Opened).store() as store:
        rows = progress_of(store, store.editions.latest(limit))
    headers = ("edition", "planned", "sent", "waiting", "deferred", "failed", "skipped", "held", "bounced", "state")
    print_list(
        rows,
        headers,
        lambda row: [getattr(row, name) for name in headers],
        as_json=as_json,
        empty="No editions yet. Next: newsletter send",
        optional=("bounced", "skipped", "deferred", "planned", "held", "failed"),
    )


def progress_of(store: Store, editions: Sequence[Edition]) -> list[Progress]:
    """Return how far editions are."""
    from newsletter.operations.edition_status import edition_statuses

    return [
        Progress(
            edition=one.key,
            planned=one.planned,
            sent=one.done,
            waiting=one.waiting,
            deferred=one.deliveries.get("deferred", 0),
            failed=one.deliveries.get("failed", 0),
            skipped=one.deliveries.get("skipped", 0),
            held=one.deliveries.get("held", 0),
            bounced=one.bounced,
            state=one.state,
        )
        for one in edition_statuses(store, editions)
    ]


@deliveries.command(
    epilog="\b\nExamples:\n  newsletter deliveries failures\n  newsletter deliveries failures --deferred"
)
@_edition
@click.option("--held", "which", flag_value="held", help="Deliveries in doubt that are held for you to decide.")
@click.option("--deferred", "which", flag_value="deferred", help="Deliveries that will be retried automatically.")
@click.option(
    "--in-doubt", "which", flag_value="in doubt", help="Deliveries that were in doubt, whatever became of them since."
)
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Maximum number of deliveries.")
@json_option
@pass_opened
def failures(opened: Opened, key: str | None, which: str | None, limit: int, as_json: bool) -> None:
    """List failed and held deliveries, with the SMTP response.

    The latest come first.
    """
    from newsletter.pipeline.edition_state import check_known
    from newsletter.pipeline.ledger import IN_DOUBT

    containing = IN_DOUBT if which == "in doubt" else ""
    if which is None:
        statuses = [DeliveryStatus.FAILED, DeliveryStatus.HELD]
    else:
        statuses = [*DeliveryStatus] if containing else [DeliveryStatus(which)]
    with opened.store() as store:
        check_known(store, key)
        found = store.deliveries.with_status(statuses, key, limit, containing=containing)
        subscribers = store.subscribers.get_many(delivery.subscriber_id for delivery in found)
    rows = [
        _Failure(
            subscribers[one.subscriber_id].email, one.edition_key, one.status.value, one.attempts, one.next_attempt_at,
            one.detail,
        )
        for one in found
        if one.subscriber_id in subscribers
    ]  # fmt: skip
    print_list(
        rows,
        ("subscriber", "edition", "status", "attempts", "next attempt", "SMTP response"),
        lambda r: (r.subscriber, r.edition, r.status, r.attempts, _moment(r.next_attempt_at), r.response),
        as_json=as_json,
        empty=f"No deliveries {which}."
        if containing
        else f"No {' or '.join(one.value for one in statuses)} deliveries.",
        optional=("attempts", "next attempt", "edition"),
    )


def _moment(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else None


@deliveries.command(
    epilog="""\b
Examples:
  newsletter deliveries retry
  newsletter deliveries retry --held --edition daily-2026-05-08

The next `newsletter send` sends them, under the same Message-ID. Deliveries to suppressed addresses are not
requeued."""
)
@_edition
@click.option("--held", "which", flag_value="held", help="Deliveries in doubt: a subscriber may get a second copy.")
@click.option(
    "--deferred", "which", flag_value="deferred", help="Deferred deliveries, before their next attempt is due."
)
@pass_opened
def retry(opened: Opened, key: str | None, which: str | None) -> None:
    """Requeue failed deliveries."""
    from newsletter.pipeline.edition_state import queue_again

    status = DeliveryStatus(which or "failed")
    hours = opened.config.delivery.max_age_hours
    with opened.store() as store:
        found = queue_again(store, status, key, now(), timedelta(hours=hours))
    click.echo(f"{counted(found.queued, 'message')} queued" + (". Next: newsletter send" if found.queued else ""))
    if found.over:
        click.echo(f"{found.over} not requeued: the day is over, and what they had comes with the next edition")
    if found.others:
        click.echo(
            f"{found.others} {status.value} not requeued: suppressed, or of editions older than {hours} hours "
            "(delivery.max_age_hours)"
        )


@deliveries.command(epilog="\b\nExample:\n  newsletter deliveries pause daily-2026-05-08")
@click.argument("key", metavar="EDITION")
@pass_opened
def pause(opened: Opened, key: str) -> None:
    """Pause an edition, even while it is being sent."""
    from newsletter.pipeline.edition_state import Action, change_state

    with opened.store() as store:
        change_state(store, key, Action.PAUSE, now())
    click.echo(f"{key} is paused. Next: newsletter deliveries resume {key}")


@deliveries.command(epilog="\b\nExample:\n  newsletter deliveries resume daily-2026-05-08")
@click.argument("key", metavar="EDITION")
@pass_opened
def resume(opened: Opened, key: str) -> None:
    """Resume a paused edition."""
    from newsletter.pipeline.edition_state import Action, change_state

    with opened.store() as store:
        change_state(store, key, Action.RESUME, now())
    click.echo(f"{key} is resumed. Next: newsletter send")


@deliveries.command(epilog="\b\nExample:\n  newsletter deliveries cancel daily-2026-05-08")
@click.argument("key", metavar="EDITION")
@pass_opened
def cancel(opened: Opened, key: str) -> None:
    """Cancel an edition's unsent deliveries.

    They are skipped, and their papers may come in the next edition.
    """
    from newsletter.pipeline.edition_state import Action, change_state

    with opened.store() as store:
        number = change_state(store, key, Action.CANCEL, now())
    click.echo(f"{key} is cancelled: {counted(number, 'message')} skipped")
