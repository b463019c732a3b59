"""`newsletter archive`."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import progress


@click.group(epilog="\b\nExample:\n  newsletter archive build public")
def archive() -> None:
    """Export papers and editions as static pages. `newsletter serve --web` serves the same pages, and more."""


@archive.command(
    epilog="""\b
Examples:
  newsletter archive build public
  newsletter archive build public \\
      && rsync -a public/ example.org:/srv/www/papers/

The links are relative: the files work in any folder, and opened from a disk. A search of the newest papers runs in the
browser; subscribing needs `newsletter serve --web`."""
)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@pass_opened
def build(opened: Opened, directory: Path) -> None:
    """Write the archive into DIRECTORY, as files for any web host."""
    from newsletter.text import counted
    from newsletter.web.app import make_archive
    from newsletter.web.archive.export import write_archive
    from newsletter.web.site_pages import SitePages

    prefix = SitePages(opened.config, opened.environment(), now).prefix
    app = make_archive(opened.config, now)
    try:
        with progress("writing pages") as show:
            number = write_archive(app, prefix, directory, lambda done: show(counted(done, "page")))
    finally:
        app.state.close()
    click.echo(f"wrote {counted(number, 'page')} to {directory}")
