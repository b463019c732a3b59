"""`newsletter editions …`: the editions so far, and special ones that the operator writes."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened, read_moment
from newsletter.cli.deliveries import Progress, progress_of
from newsletter.cli.output import json_option, print_json
from newsletter.cli.tables import print_table
from newsletter.errors import NewsletterError, RequestError
from newsletter.text import counted

if TYPE_CHECKING:
    from newsletter.models import Edition, Message
    from newsletter.store import Store


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter editions
  newsletter editions new summer-school.md --to all --dry-run
  newsletter editions new summer-school.md --to tag:lab --to topic:robotics""",
)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Maximum number of editions.")
@json_option
@click.pass_context
def editions(ctx: click.Context, limit: int, as_json: bool) -> None:
    """List the editions, or write a special one.

    The latest come first.

    To pause, resume or cancel one: newsletter deliveries pause EDITION.
    """
    if ctx.invoked_subcommand is not None:
        return
    with ctx.ensure_object(Opened).store() as store:
        latest = store.editions.latest(limit)
        found = list(zip(latest, progress_of(store, latest), strict=True))
    if as_json:
        print_json([
            {"subject": edition.subject or None, "audience": edition.audience or None, **asdict(progress)}
            for edition, progress in found
        ])  # fmt: skip
    elif found:
        print_table(
            ("edition", "subject", "to", "sent", "waiting", "state"),
            [
                (one.edition, edition.subject, edition.audience, one.sent, one.waiting, _state(edition, one))
                for edition, one in found
            ],
            optional=("subject", "to"),
        )
    else:
        click.echo("No editions yet. Next: newsletter send, or: newsletter editions new NOTE.md --to all")


def _state(edition: Edition, progress: Progress) -> str:
    """Return what a list says: from when on a special edition is sent, or where an edition is in its life."""
    is_scheduled = edition.created_at > now() and progress.state == "sending"
    return f"from {edition.created_at:%Y-%m-%d %H:%M} UTC" if is_scheduled else progress.state


@editions.command(
    epilog="""\b
Examples:
  # show it, and how many would get it
  newsletter editions new summer-school.md --to all --dry-run
  newsletter editions new summer-school.md --to all --test me@example.org
  newsletter editions new summer-school.md --to tag:lab --to topic:robotics
  newsletter editions new - --subject "No digests next week" --to all \\
      --at 2026-12-24T08:00 < note.md

The note is Markdown. If it begins with a heading ("# Summer school"), that is the subject. Everybody gets it once,
however many audiences they are in; who unsubscribed, paused or is suppressed does not. It comes in addition to the
digest of the day, at any hour. `newsletter send`, `run` or `serve` sends it; to stop it meanwhile:
newsletter deliveries pause EDITION, or cancel."""
)
@click.argument("file", metavar="NOTE.md", type=click.File(encoding="utf-8-sig", lazy=True))
@click.option(
    "--to", "audiences", multiple=True, required=True, metavar="AUDIENCE", help="all, tag:NAME, topic:NAME; repeatable."
)
@click.option("--subject", help="The subject. Default: the heading with which the note begins.")
@click.option("--at", metavar="TIME", help="Send it from then on, as in 2026-12-24T08:00 (schedule.time_zone).")
@click.option("--dry-run", is_flag=True, help="Show it and how many would get it; store and send nothing.")
@click.option("--test", "test_to", metavar="EMAIL", help="Send it to this address as a test email only.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
@pass_opened
def new(
    opened: Opened, *, file: IO[str], audiences: tuple[str, ...], subject: str | None, at: str | None, dry_run: bool,
    test_to: str | None, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Mail a note to all subscribers, a tag or a topic.

    NOTE.md is Markdown; - is stdin.
    """
    from newsletter.pipeline.special_editions import queue_special, read_audience, recipients, special_edition

    moment = _later(opened, at) if at else now()
    to = [read_audience(text) for text in audiences]
    edition = special_edition(_read(file), subject, to, moment)
    with opened.store() as store:
        ids = recipients(store, to)
        message = _render(opened, store, edition, ids[0], test_to)  # before it is queued: a template may be broken
        number = len(ids)
        if not dry_run and not test_to:
            _confirm(f"Send {edition.subject!r} to {counted(number, 'subscriber')}?", is_sure=yes)
            number = queue_special(store, edition, to, opened.config.sender, now())
    if test_to:
        from newsletter.cli.preview import send_test

        send_test(opened, message)
        return
    if as_json:
        print_json({"edition": edition.key, "subject": edition.subject, "to": list(map(str, to)), "subscribers": number,
                    "at": moment, "is_queued": not dry_run})  # fmt: skip
        return
    if dry_run:
        click.echo(f"Subject: {message.subject}\n\n{message.text}")
        click.echo(f"{counted(number, 'subscriber')} would get it as {edition.key} ({edition.audience})")
        return
    when = f", from {moment:%Y-%m-%d %H:%M} UTC on" if at else ""
    click.echo(f"{edition.key}: {counted(number, 'message')} queued{when}. Next: newsletter send")


def _read(file: IO[str]) -> str:
    from newsletter.pipeline.notes import read_note

    place = str(getattr(file, "name", "-"))
    try:
        return read_note(file, place)
    except UnicodeDecodeError as error:
        raise NewsletterError(f"{place}: cannot be read: {error}", hint="a note is Markdown, in UTF-8") from error


def _later(opened: Opened, text: str) -> datetime:
    """Return a moment to come, in UTC.

    Raises:
        RequestError: It is past.
    """
    moment = read_moment(opened, text).astimezone(UTC)
    if moment <= now():
        raise RequestError(f"--at {text}: this is past", hint=f"it is {now():%Y-%m-%dT%H:%M} UTC")
    return moment


def _render(opened: Opened, store: Store, edition: Edition, recipient: int, test_to: str | None) -> Message:
    """Render it for one of those who get it, or as a test email.

    Raises:
        TemplateError: A template is missing or broken.
    """
    from newsletter.cli.preview import render_preview
    from newsletter.models import Digest

    (subscriber,) = store.subscribers.get_many([recipient]).values()
    return render_preview(opened, store, Digest(edition=edition, sections=(), considered=0), subscriber, test_to)


def _confirm(question: str, *, is_sure: bool) -> None:
    """Ask whether to send it.

    Raises:
        click.Abort: The answer is no.
        click.UsageError: Nobody can be asked.
    """
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("this sends mail; confirm with --yes, or look at it with --dry-run")
    click.confirm(question, abort=True)
