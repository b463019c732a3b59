"""`newsletter bounces`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_list, print_problems
from newsletter.errors import NewsletterError, StoreError

if TYPE_CHECKING:
    from newsletter.pipeline.email_commands import EmailCommand
    from newsletter.pipeline.inbound import ProcessedMail
    from newsletter.store.bounces import Bounce


class _TryAgain(NewsletterError):
    """The mail server that pipes a report should keep it and try again (EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75


class _NoInput(NewsletterError):
    """A file cannot be read (EX_NOINPUT of sysexits.h)."""

    exit_code = 66


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter bounces                   the latest bounces and complaints
  newsletter bounces --json --limit 1000
  newsletter bounces --for ada@example.org""",
)
@click.option("--for", "email", metavar="EMAIL", help="Only those of this address.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="Maximum number of entries.")
@json_option
@click.pass_context
def bounces(ctx: click.Context, email: str | None, limit: int, as_json: bool) -> None:
    """List bounces and complaints, or process new reports."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.ensure_object(Opened).store() as store:
        rows = store.bounces.of(email)[:limit] if email else store.bounces.latest(limit)
        known = store.subscribers.get_many({row.subscriber_id for row in rows if row.subscriber_id is not None})

    def cells(row: Bounce) -> Sequence[object]:
        to = known[row.subscriber_id].email if row.subscriber_id in known else row.email_key
        return (f"{row.reported_at:%Y-%m-%d %H:%M}", to, row.kind, row.code, row.origin, row.response[:100])

    print_list(
        rows,
        ("when", "address", "kind", "code", "from", "response"),
        cells,
        as_json=as_json,
        empty="no bounces or complaints",
        optional=("from", "code"),
    )


@bounces.command(
    epilog="""\b
Examples:
  # the addresses that wait for a decision
  newsletter bounces review
  # they are gone: do not mail them any more
  newsletter bounces review --suppress
  # the server was wrong: keep mailing this one
  newsletter bounces review --dismiss ada@example.org"""
)
@click.argument("emails", metavar="[EMAIL]...", nargs=-1)
@click.option("--suppress", "decision", flag_value="suppressed", help="Suppress them.")
@click.option("--dismiss", "decision", flag_value="dismissed", help="Keep mailing them.")
@json_option
@pass_opened
def review(opened: Opened, emails: tuple[str, ...], decision: str | None, as_json: bool) -> None:
    """Decide on an unusual number of hard bounces.

    When too many addresses bounce at once, none of them is suppressed before this decision.
    """
    from newsletter.pipeline.fuse import decide
    from newsletter.store.bounces import Review

    with opened.store() as store:
        rows = decide(store, emails, Review(decision) if decision else None, now())
    print_list(
        rows,
        ("when", "address", "response"),
        lambda row: (f"{row.reported_at:%Y-%m-%d %H:%M}", row.email_key, row.response[:100]),
        as_json=as_json,
        empty="no bounces wait for review",
    )
    if rows and not as_json:
        verb = f"{len(rows)} {decision}" if decision else "Next: newsletter bounces review --suppress, or --dismiss"
        click.echo(verb)


@bounces.command(
    epilog="""\b
Examples:
  newsletter bounces read bounce.eml
  # one message from stdin, as a mail server pipes it
  newsletter bounces read -
  newsletter bounces read --maildir /var/mail/bounces
  # the mailbox of bounces.imap_host, and those of [[mailboxes]]
  newsletter bounces read --imap
  # the mailboxes of the settings
  newsletter bounces read

By a pipe, in an aliases file that belongs to the site's user (commands in /etc/aliases run as `nobody`, who cannot
write the site):

\b
  bounces:
    "|/opt/newsletter/bin/newsletter --site /var/lib/papers bounces read -"

Exit codes as in sysexits.h: 66 if a file cannot be read, 75 for a temporary failure."""
)
@click.argument("files", metavar="[FILE|-]...", nargs=-1)
@click.option("--maildir", type=click.Path(path_type=Path), help="Read the unseen messages of this Maildir.")
@click.option("--imap", is_flag=True, help="Read the unseen messages of the configured IMAP mailboxes.")
@json_option
@pass_opened
def read(opened: Opened, files: tuple[str, ...], maildir: Path | None, imap: bool, as_json: bool) -> None:
    """Process bounces, complaints and replies.

    Addresses that bounce hard or complain are suppressed; unsubscribe and feedback emails are carried out.
    """
    from newsletter.pipeline.inbound import ProcessedMail, process_message, read_mailboxes
    from newsletter.sending.bounces.settings import Mailbox

    settings = opened.config.bounces
    mailboxes = [Mailbox(maildir=maildir)] if maildir is not None else []
    if imap:
        mailboxes += [one for one in settings.mailboxes if one.account is not None]
    elif not files and maildir is None:
        mailboxes = [*settings.mailboxes]
        if not mailboxes:
            raise click.UsageError("name a FILE, - or --maildir, or set bounces.maildir or bounces.imap_host")
    if imap and all(one.account is None for one in mailboxes):
        raise click.UsageError("--imap needs bounces.imap_host, or one in [[mailboxes]], in the settings")
    processed = ProcessedMail()
    try:
        with opened.store() as store:
            for file in files:
                processed += process_message(store, settings.soft_limit, _content(file), now())
            processed += read_mailboxes(store, settings.soft_limit, mailboxes, now)
    except StoreError as error:
        raise _TryAgain(error.message, hint=error.hint) from error
    _print_totals(processed, as_json=as_json)


def _content(file: str) -> bytes:
    from newsletter.pipeline.inbound import message_from

    if file == "-":
        return message_from(sys.stdin.buffer)
    try:
        with Path(file).open("rb") as opened:
            return message_from(opened)
    except (OSError, ValueError) as error:
        raise _NoInput(f"{file}: {getattr(error, 'strerror', None) or error}") from error


def _print_totals(processed: ProcessedMail, *, as_json: bool) -> None:
    """Print the counts of all outcomes, suppressed addresses and commands."""
    from newsletter.text import counted

    reports, commands = processed.reports, [_command_text(command) for command in processed.commands]
    names = [one.name for one in fields(reports) if one.name != "suppressed"]
    counts = {name: getattr(reports, name) for name in names}
    if as_json:
        suppressed = list(reports.suppressed)
        print_json({"messages": processed.messages, **counts, "suppressed": suppressed, "replies": commands})
    else:
        outcomes = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no reports"
        click.echo(f"{counted(processed.messages, 'message')}: {outcomes}")
        for email in reports.suppressed:
            click.echo(f"{email} is suppressed")
        for command in commands:
            click.echo(command)
    print_problems([f"cannot read {refusal}" for refusal in processed.refusals], "more that cannot be read")
    print_problems([str(error) for error in processed.errors])
    finish(clean=not (processed.refusals or processed.errors))


def print_processed_mail(processed: ProcessedMail) -> None:
    """Print whom a run suppressed, and which commands it carried out, because of inbound mail."""
    for email in processed.reports.suppressed:
        click.echo(f"{email} is suppressed: newsletter bounces --for {email}")
    for command in processed.commands:
        click.echo(_command_text(command))


def print_unreadable_mail(processed: ProcessedMail) -> None:
    """Print which inbound messages cannot be read on stderr."""
    print_problems([f"cannot read {refusal}" for refusal in processed.refusals], "more that cannot be read")


def _command_text(done: EmailCommand) -> str:
    from newsletter.pipeline.email_commands import Command

    match done.command:
        case Command.UNSUBSCRIBE:
            return f"{done.email} unsubscribed"
        case Command.MORE_LIKE_THIS:
            return f"{done.email} wants more like {done.paper}"
        case Command.LESS_LIKE_THIS:
            return f"{done.email} wants less like {done.paper}"
