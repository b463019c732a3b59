"""`newsletter reports`."""

from __future__ import annotations

import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems, print_table
from newsletter.errors import NewsletterError, StoreError

if TYPE_CHECKING:
    from newsletter.models import Refusal
    from newsletter.pipeline.bounces import ProcessedReports
    from newsletter.sending.bounces.mailboxes import BounceSettings
    from newsletter.store import Store


#: What was taken of a mail, and what its reader wished for, in words.
_Taken = tuple["ProcessedReports", "str | None"]


class _TryAgain(NewsletterError):
    """The mail server that pipes a report to us should keep it, and try again (sysexits.h)."""

    exit_code = 75


class _NoInput(NewsletterError):
    """A file cannot be read (sysexits.h)."""

    exit_code = 66


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  newsletter bounces                   the latest that came back
  newsletter bounces --json --limit 1000
  newsletter bounces --for ada@example.org""",
)
@click.option("--for", "email", metavar="EMAIL", help="Only what came back from this address.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@json_option
@click.pass_context
def bounces(ctx: click.Context, email: str | None, limit: int, as_json: bool) -> None:
    """List what came back of the mail: bounces and complaints; or read more of it."""
    if ctx.invoked_subcommand is not None:
        return
    with ctx.ensure_object(Opened).store() as store:
        rows = store.bounces.of(email)[:limit] if email else store.bounces.latest(limit)
        known = store.subscribers.get_many({row.subscriber_id for row in rows if row.subscriber_id is not None})
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if not rows:
        click.echo("no bounces or complaints")
        return
    shown = [(known[row.subscriber_id].email if row.subscriber_id in known else row.email_key, row) for row in rows]
    print_table(
        ("when", "address", "kind", "code", "from", "words"),
        [
            (f"{row.reported_at:%Y-%m-%d %H:%M}", to, row.kind, row.code, row.origin, row.response[:100])
            for to, row in shown
        ],
    )


@bounces.command(
    epilog="""\b
Examples:
  newsletter bounces read bounce.eml
  newsletter bounces read -                          one mail from stdin, as a mail server pipes it
  newsletter bounces read --maildir /var/mail/bounces
  newsletter bounces read --imap                     the mailbox of bounces.imap_host
  newsletter bounces read                            whatever mailboxes the settings name
\b
In Postfix's /etc/aliases:
  bounces: "|newsletter --site /srv/papers bounces read -"
\b
Exit codes are those of sysexits.h: 66 a file cannot be read, 75 try again later."""
)
@click.argument("files", metavar="[FILE|-]...", nargs=-1)
@click.option("--maildir", type=click.Path(path_type=Path), help="A Maildir: its unseen messages.")
@click.option("--imap", is_flag=True, help="The IMAP mailbox of the settings: its unseen messages.")
@json_option
@pass_opened
def read(opened: Opened, files: tuple[str, ...], maildir: Path | None, imap: bool, as_json: bool) -> None:
    """Read reports, and stop mailing whom they prove dead or unwilling; heed readers who write that they leave."""
    settings = opened.config.bounces
    if not files and maildir is None and not imap:
        maildir, imap = settings.maildir, settings.imap_host is not None
        if maildir is None and not imap:
            raise click.UsageError("name a FILE, - or --maildir, or set bounces.maildir or bounces.imap_host")
    if imap and settings.imap_host is None:
        raise click.UsageError("--imap needs bounces.imap_host in the settings")
    try:
        with opened.store() as store:
            taken = [_taken(store, settings.soft_limit, _content(file)) for file in files]
            found, refusals = _gather(store, settings, maildir, imap=imap)
    except StoreError as error:
        raise _TryAgain(error.message, hint=error.hint) from error
    _tell(taken + found, refusals, as_json=as_json)


def read_mailboxes(opened: Opened) -> None:
    """Read whatever mailboxes the settings name, and say what came of it, if anything did."""
    settings = opened.config.bounces
    if settings.maildir is None and settings.imap_host is None:
        return
    try:
        with opened.store() as store:
            taken, refusals = _gather(store, settings, settings.maildir, imap=settings.imap_host is not None)
    except NewsletterError as error:  # mail still goes out
        print_problems([str(error)])
        return
    suppressed = [email for report, _ in taken for email in report.suppressed]
    print_problems([f"{email} is not mailed any more: newsletter bounces --for {email}" for email in suppressed])
    print_problems([reply for _, reply in taken if reply])
    print_problems([f"could not read {refusal}" for refusal in refusals], "more could not be read")


def _gather(
    store: Store, settings: BounceSettings, maildir: Path | None, *, imap: bool
) -> tuple[list[_Taken], list[Refusal]]:
    from newsletter.sending.bounces.imap import each_in_imap
    from newsletter.sending.bounces.mailboxes import each_in_maildir

    taken: list[_Taken] = []
    refusals: list[Refusal] = []

    def take(raw: bytes) -> None:
        taken.append(_taken(store, settings.soft_limit, raw))

    if maildir is not None:
        refusals.extend(each_in_maildir(maildir, take).refusals)
    if imap:
        refusals.extend(each_in_imap(settings, take).refusals)
    return taken, refusals


def _content(file: str) -> bytes:
    from newsletter.sending.bounces.mime import MAX_BYTES

    if file == "-":
        raw = sys.stdin.buffer.read(MAX_BYTES)
        while sys.stdin.buffer.read(MAX_BYTES):  # a mail server takes a pipe that is closed early for a failure
            pass
        return raw
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES)
    except (OSError, ValueError) as error:
        raise _NoInput(f"{file}: {getattr(error, 'strerror', None) or error}") from error


def _taken(store: Store, soft_limit: int, raw: bytes) -> _Taken:
    from newsletter.pipeline.bounces import process_report
    from newsletter.pipeline.email_commands import process_reply
    from newsletter.sending.bounces.reports import read_bounce_report

    report = read_bounce_report(raw)
    return process_report(store, soft_limit, report, now()), None if report else process_reply(store, raw, now())


def _tell(taken: list[_Taken], refusals: list[Refusal], *, as_json: bool) -> None:
    """Print the sum of what was taken."""
    from newsletter.pipeline.bounces import ProcessedReports
    from newsletter.text import counted

    reports, replies = [report for report, _ in taken], [reply for _, reply in taken if reply]
    suppressed = [email for report in reports for email in report.suppressed]
    names = [one.name for one in fields(ProcessedReports) if one.name != "suppressed"]
    sums = {name: sum(getattr(report, name) for report in reports) for name in names}
    if as_json:
        print_json({"messages": len(reports), **sums, "suppressed": suppressed, "replies": replies})
    else:
        told = ", ".join(f"{count} {name}" for name, count in sums.items() if count) or "no report"
        click.echo(f"{counted(len(reports), 'message')}: {told}")
        for email in suppressed:
            click.echo(f"{email} is not mailed any more")
        for reply in replies:
            click.echo(reply)
    print_problems([f"could not read {refusal}" for refusal in refusals], "more could not be read")
    finish(clean=not refusals)
