"""`newsletter preview`."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import json_option, print_json, print_problems
from newsletter.errors import NewsletterError
from newsletter.files.private_files import write_private
from newsletter.models import Style
from newsletter.models.languages import LANGUAGES

if TYPE_CHECKING:
    from newsletter.models import Digest, Message, Subscriber
    from newsletter.pipeline.notes import Notes
    from newsletter.store import Store


@click.command(
    epilog="""\b
Examples:
  # open the studio, which reloads as you edit templates; Ctrl-C quits
  newsletter preview
  # print it
  newsletter preview ada@example.org --text
  # write a file: .html, .txt, .eml, or a folder for all three
  newsletter preview ada@example.org --once x.eml
  newsletter preview ada@example.org --style compact --language de \\
      --once digest.html
  newsletter preview --topic "LLM agents" --days 30 --text
  newsletter preview ada@example.org --send me@example.org"""
)
@click.argument("email", required=False)
@click.option("--topic", "topics", multiple=True, help="Preview this topic, for no particular subscriber; repeatable.")
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    metavar="N",
    help="Show the papers of the last N days, including those sent before.",
)
@click.option("--edition", metavar="KEY", help="Show a past edition, as in daily-2026-05-08.")
@click.option("--style", type=click.Choice([style.value for style in Style]), help="Instead of the subscriber's own.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Instead of the subscriber's own.")
@click.option("--text", "as_text", is_flag=True, help="Print the text part.")
@click.option("--once", type=click.Path(path_type=Path), help="Write a .html, .txt or .eml file, or a folder of all.")
@click.option(
    "--send", "send_to", metavar="EMAIL", help="Send it to this address as a test email; the ledger is not changed."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8400, show_default=True, help="Port of the studio; 0: any."
)
@click.option(
    "--note",
    "note_file",
    type=click.File(encoding="utf-8"),
    help="Markdown to open the edition with; - for stdin.",
)
@json_option
@pass_opened
def preview(
    opened: Opened, *, email: str | None, topics: tuple[str, ...], days: int | None, edition: str | None,
    style: str | None, language: str | None, as_text: bool, once: Path | None, send_to: str | None, port: int,
    note_file: IO[str] | None, as_json: bool,
) -> None:  # fmt: skip
    """Show the digest that a subscriber would get now.

    Without an option it is shown in the studio, a web page on this machine.
    """
    from newsletter.pipeline.notes import Notes, read_note
    from newsletter.subscribers.subscriptions import subscriber_to_preview

    if not (as_text or once or send_to or as_json):
        if note_file:
            raise click.UsageError("--note needs --text, --once, --json or --send; the studio shows notes/DAY.md")
        last = f"last-{days}-days" if days else edition
        _serve(opened, port, subscriber=email, topics="; ".join(topics), edition=last, style=style, language=language)
        return
    notes = Notes(opened.site.notes, read_note(note_file, note_file.name) if note_file else "")
    with opened.store() as store:
        subscriber = subscriber_to_preview(store, email, topics, now())
        own = subscriber.profile
        profile = replace(own, style=Style(style or own.style), language=language or own.language)
        subscriber = replace(subscriber, profile=profile)
        digest = compose_preview(opened, store, subscriber, days, edition, notes)
        if as_json:
            print_json(digest)
            return
        message = render_preview(opened, store, digest, subscriber, send_to)
    if send_to:
        send_test(opened, message)
    elif once is not None:
        for path in _write(message, once):
            click.echo(f"wrote {path}")
    else:
        click.echo(message.text, nl=False)


def _serve(opened: Opened, port: int, **chosen: str | None) -> None:
    """Serve the studio, with these options chosen, and open it in a browser if this is a terminal."""
    from urllib.parse import urlencode

    from newsletter.web.studio.app import serve_studio

    query = urlencode({name: value for name, value in chosen.items() if value})
    page = opened.site.root / ".studio.html"

    def announce(address: str) -> None:
        url = address.strip() + (f"&{query}" if query else "")
        click.echo(f"{url}\nPress Ctrl-C to quit.", err=True)
        if sys.stdout.isatty():
            _launch(url, page)

    try:
        serve_studio(opened.site, port, announce)
    finally:
        page.unlink(missing_ok=True)


def _launch(url: str, page: Path) -> None:
    """Open a URL in a browser, by a page that only this user can read.

    Every account of a machine sees the arguments of a browser's process, and the URL has the studio's token.
    """
    with suppress(OSError):  # the address is printed, too
        write_private(page, f'<!doctype html><meta http-equiv="refresh" content="0; url={escape(url)}">'.encode())
        click.launch(str(page))


def compose_preview(
    opened: Opened,
    store: Store,
    subscriber: Subscriber,
    days: int | None = None,
    edition: str | None = None,
    notes: Notes | None = None,
) -> Digest:
    """Return the digest that is shown; what should be known of it is printed on stderr."""
    from newsletter.pipeline.notes import Notes
    from newsletter.pipeline.preview import preview_digest, sample_digest

    notes = notes or Notes(opened.site.notes)
    if edition is None and store.papers.count() == 0:
        print_problems(["the store holds no papers yet; these are invented samples (newsletter pull)"])
        return sample_digest(subscriber, now(), notes)
    digest = preview_digest(store, subscriber, now(), days, opened.config.weights, edition, notes)
    if not digest.items:
        new = f"{digest.considered} new papers, none on these topics" if digest.considered else "no new papers"
        hint = "newsletter pull" if days else "add --days 30 for older papers, or: newsletter pull"
        print_problems([f"nothing to show: {new} ({hint})"])
    return digest


def render_preview(
    opened: Opened, store: Store, digest: Digest, subscriber: Subscriber, send_to: str | None = None
) -> Message:
    """Render the message; the links of a test email do nothing to the subscriber for whom it was composed."""
    from newsletter.pipeline.messages import MessageRenderer, make_message_id, make_test_message_id, sent_as_test

    secret = store.secret()
    name = make_message_id(secret, digest.edition.key, subscriber.id, opened.config.sender)
    if send_to:
        subscriber = sent_as_test(subscriber, send_to)
        name = make_test_message_id(now(), opened.config.sender)
    messages = MessageRenderer(opened.config, opened.environment(), secret, store.summaries)
    return messages.write(digest, subscriber, name, now())


def _write(message: Message, out: Path) -> list[Path]:
    """Write the message in the format of the file's suffix, or in all formats into a folder."""
    html = message.html
    forms = {".html": html.encode()} if html is not None else {}
    forms |= {".txt": message.text.encode(), ".eml": message.content}
    if out.suffix and out.suffix not in forms and not out.is_dir():
        raise NewsletterError(f"{out}: not a format of this message", hint=f"use {', '.join(forms)}, or a folder")
    paths = {out.suffix: out} if out.suffix in forms else {suffix: out / f"digest{suffix}" for suffix in forms}
    try:
        for suffix, path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_private(path, forms[suffix])  # with links of the subscriber
    except OSError as error:
        raise NewsletterError(f"{out}: {error.strerror or error}") from error
    return list(paths.values())


def send_test(opened: Opened, message: Message) -> None:
    """Send a test email, and print where it went.

    Raises:
        NewsletterError: It was not accepted.
    """
    from newsletter.sending import Verdict, send_one

    transport = opened.transport()
    try:
        transport.open()
        result = send_one(transport, message)
        if result.verdict is not Verdict.SENT:
            raise NewsletterError(result.response)
    finally:
        transport.close()
    to = f"by {opened.config.smtp}" if opened.config.smtp else f"into the Maildir {opened.config.outbox}"
    click.echo(f"sent {message.subject!r} to {message.recipient}, {to}")
