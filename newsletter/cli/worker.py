"""`newsletter worker`."""

from __future__ import annotations

import click

from newsletter.cli.context import Opened, pass_opened
from newsletter.cli.output import print_problems
from newsletter.cli.progress import make_ports
from newsletter.cli.tables import visible
from newsletter.errors import NewsletterError
from newsletter.operations.shutdown import handle_signals


def _report(line: str) -> None:
    click.echo(visible(line))


def _warn(line: str) -> None:
    print_problems([line])


@click.command(
    epilog="""\b
Examples:
  newsletter worker  on each machine, as often as it has cores
  newsletter --site /srv/papers worker

Needs the database on a PostgreSQL server (database.url) and the extra `fleet`. All workers have the same settings and
templates. Together they do all that `newsletter run` does, each minute: one plans, and all of them send. A worker that
dies is replaced by the others after three minutes. SIGTERM finishes the messages in flight; others send the rest.
How it works, and what happens if: docs/fleet.md"""
)
@pass_opened
def worker(opened: Opened) -> None:
    """Plan and send with others, on any number of machines."""
    url = opened.config.database
    if url is None:
        raise NewsletterError(
            "workers share a database on a PostgreSQL server; this site's is a file",
            hint="set database.url, after: newsletter store copy newsletter.db postgresql://…",
        )
    try:
        from newsletter.operations.fleet import serve_fleet
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"procrastinate", "psycopg", "psycopg_pool"}:
            raise
        from newsletter.errors.installation import install_command

        raise NewsletterError("workers need the package procrastinate", hint=install_command("fleet")) from error
    from newsletter.operations.fleet_worker import FleetWorker

    with handle_signals() as shutdown:
        ports = make_ports(opened, shutdown, is_quiet=True)
        one = FleetWorker(opened.config, ports, _report, _warn)
        click.echo(f"worker {one.id}")
        serve_fleet(one, url, shutdown)
