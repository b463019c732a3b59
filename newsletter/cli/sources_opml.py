"""`newsletter sources import` and `export`: what is followed, as OPML."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter.cli.context import Opened, pass_opened
from newsletter.text import counted


@click.command("import", epilog="\b\nExample:\n  newsletter sources import feeds.opml")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_opened
@click.pass_context
def import_(ctx: click.Context, opened: Opened, file: Path) -> None:
    """Follow all feeds of an OPML FILE: they are added to newsletter.toml.

    A feed that is followed already is left out.
    """
    from newsletter.config.source_tables import add_feeds
    from newsletter.sources import Document
    from newsletter.sources.formats.opml import read_opml

    feeds, refusals = read_opml(Document(str(file), file.read_bytes()))
    followed = set(_followed(opened))
    new = [feed for feed in feeds if feed.url not in followed]
    if new:
        add_feeds(opened.site.config, new)
    for refusal in refusals:
        click.echo(f"refused: {refusal}", err=True)
    known = f", {len(feeds) - len(new)} followed already" if len(new) < len(feeds) else ""
    refused = f", {len(refusals)} refused" if refusals else ""
    click.echo(f"{counted(len(new), 'feed')} added to {opened.site.config}{known}{refused}")
    if refusals:
        ctx.exit(1)


@click.command(epilog="\b\nExample:\n  newsletter sources export > feeds.opml")
@pass_opened
def export(opened: Opened) -> None:
    """Print the feeds that are followed, as OPML."""
    from newsletter.sources.formats.opml import Subscription, write_opml

    feeds = [Subscription(url) for url in _followed(opened)]
    click.echo(write_opml(opened.config.site_name, feeds).decode(), nl=False)


def _followed(opened: Opened) -> list[str]:
    from newsletter.sources.feed import Feed

    return [url for source in opened.config.sources if isinstance(source, Feed) for url in source.follow]
