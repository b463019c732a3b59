"""`newsletter demo`: the whole pipeline, from sample papers to an inbox, without an account, a server or a network."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened
from newsletter.cli.init import make_site
from newsletter.cli.pull import show_reports
from newsletter.cli.tables import print_table
from newsletter.errors import NewsletterError
from newsletter.files.site import Site, samples

if TYPE_CHECKING:
    from newsletter.models import PullReport
    from newsletter.pipeline.deliver import DeliveryReport
    from newsletter.sending.demo_server import Inbox

# The day of the sample papers, after the hour at which each example subscriber's digest is due.
_CLOCK = datetime(2026, 5, 8, 21, 0, tzinfo=UTC)
_MARK = ".newsletter-demo"
_NOTE = "Welcome to the demonstration. Every paper below is **invented**, but the mail is real: it went through SMTP."


@click.command(epilog="\b\nExamples:\n  newsletter demo\n  newsletter demo /tmp/papers")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default="newsletter-demo")
def demo(directory: Path) -> None:
    """Run the whole pipeline on sample papers, in a new directory.

    The papers are samples, the subscribers are the example profiles, and the SMTP server runs in this process:
    nothing leaves this machine. The digests are sent twice, to show that nobody gets a second copy.
    """
    from newsletter.sending.demo_server import Inbox

    opened = Opened(_fresh(directory.resolve()))
    click.echo(f"1. A site in {directory}, with sample papers pulled into its store:\n")
    show_reports(_pull(opened))
    with Inbox() as inbox:
        click.echo(f"\n2. Two digests ranked, rendered, and sent by SMTP to {inbox.host}:{inbox.port}:\n")
        first = _deliver(opened, inbox)
        print_table(
            ("subscriber", "outcome", "edition", "papers"),
            [(o.email, o.status, o.edition, o.papers) for o in first.outcomes],
        )
        click.echo("\n3. Sending again, to show that nobody gets a second copy:\n")
        again = _deliver(opened, inbox)
        print_table(("subscriber", "outcome", "reason"), [(o.email, o.status, o.detail) for o in again.outcomes])
        received = {message.recipient: message.content for message in inbox.received}
        complete = len(inbox.received) == len(received) == len(first.outcomes)
    click.echo("\n4. The messages that arrived. Open the .html in a browser, the .eml in a mail program:\n")
    rows = [row for recipient, content in received.items() for row in _save(content, recipient, directory / "inbox")]
    print_table(("subscriber", "subject", "file"), rows)
    if not (complete and first.is_clean):
        raise NewsletterError("the demonstration did not deliver every digest exactly once")
    click.echo(f"\nNext: newsletter --site {directory} preview ada@example.org --text")


def _fresh(root: Path) -> Path:
    """Recreate the demonstration's site at `root`; refuse a directory that holds anything else."""
    if root.exists() and any(root.iterdir()) and not (root / _MARK).exists():
        raise NewsletterError(
            f"{root} exists and is not a demonstration", hint="choose another directory: newsletter demo DIRECTORY"
        )
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    (root / _MARK).touch()
    make_site(root)
    copy_examples(Site(root).subscribers)
    return root


def copy_examples(folder: Path) -> None:
    """Copy the example profiles to other names, since they are never subscribers under their own."""
    for example, name in (("example.toml", "ada.toml"), ("example-weekly.toml", "grace.toml")):
        shutil.copyfile(folder / example, folder / name)


def _pull(opened: Opened) -> list[PullReport]:
    from newsletter.pipeline.pull import pull_files
    from newsletter.sources import HttpClient, find_source
    from newsletter.subscribers.sync import sync

    with opened.store() as store, HttpClient() as client:
        sync(store, opened.site.subscribers, _CLOCK)
        return [
            pull_files(store, find_source(kind)(), [str(samples() / file)], None, _CLOCK, client)
            for kind, file in (("huggingface", "huggingface-2026-05-08.json"), ("page", "daily-papers-2026-05-08.txt"))
        ]


def _deliver(opened: Opened, inbox: Inbox) -> DeliveryReport:
    from newsletter.config.load import load_config
    from newsletter.pipeline.deliver import deliver
    from newsletter.sending.smtp.settings import Security, SmtpSettings
    from newsletter.sending.smtp.transport import SmtpTransport

    transport = SmtpTransport(SmtpSettings(inbox.host, inbox.port, security=Security.NONE))
    try:
        with opened.store() as store:
            config = load_config(Site(opened.site.root), environ={})
            return deliver(store, transport, config, opened.environment(), lambda: _CLOCK, note=_NOTE)
    finally:
        transport.close()


def _save(content: bytes, recipient: str, folder: Path) -> list[tuple[str, str, str]]:
    """Write one received message as .html, .txt and .eml; return (recipient, subject, path) for each."""
    folder.mkdir(exist_ok=True)
    mail = message_from_bytes(content, policy=modern)
    forms = {".eml": content}
    for suffix, kind in ((".html", "html"), (".txt", "plain")):
        if part := mail.get_body((kind,)):
            forms[suffix] = part.get_content().encode()
    rows = []
    for suffix in (".html", ".txt", ".eml"):
        if suffix in forms:
            path = folder / (recipient.partition("@")[0] + suffix)
            path.write_bytes(forms[suffix])
            rows.append((recipient, str(mail["Subject"]), str(path)))
    return rows
