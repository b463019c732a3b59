"""The command line: one group of commands, one place that prints errors, one module per noun."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from newsletter import __version__
from newsletter.cli.aliases import add_alias
from newsletter.cli.archive import archive
from newsletter.cli.backup import backup
from newsletter.cli.bounces import bounces
from newsletter.cli.completion import completion
from newsletter.cli.config import config
from newsletter.cli.context import Opened
from newsletter.cli.deliveries import deliveries
from newsletter.cli.demo import demo
from newsletter.cli.doctor import doctor
from newsletter.cli.editions import editions
from newsletter.cli.explain import explain
from newsletter.cli.feedback import feedback
from newsletter.cli.help_texts import complete_help
from newsletter.cli.init import init
from newsletter.cli.output import print_problems
from newsletter.cli.papers import papers
from newsletter.cli.preview import preview
from newsletter.cli.pull import pull
from newsletter.cli.restore import restore
from newsletter.cli.retention import retention, vacuum
from newsletter.cli.run import run, send
from newsletter.cli.schedule import schedule
from newsletter.cli.secret import secret
from newsletter.cli.serve import serve
from newsletter.cli.sources import sources
from newsletter.cli.status import status
from newsletter.cli.store import store
from newsletter.cli.subscribers import subscribers
from newsletter.cli.summarize import summarize
from newsletter.cli.suppressions import suppressions
from newsletter.cli.tables import visible
from newsletter.cli.templates import templates
from newsletter.cli.topics import topics
from newsletter.cli.upgrade_check import upgrade_check
from newsletter.cli.web import web
from newsletter.cli.worker import worker
from newsletter.errors import NewsletterError
from newsletter.files.site import docs_path

_EPILOG = f"""\b
A first digest:
  newsletter init papers --email ada@example.org \\
      --topic "in-context learning" && cd papers
  newsletter send

\b
Examples for each command: newsletter COMMAND --help
All commands on one page: {docs_path("reference/commands.md")}
"""


class Commands(click.Group):
    """The commands; the one place where an error becomes a line on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error that a person can fix is printed as one line, without a traceback."""
        try:
            return super().invoke(ctx)
        except NewsletterError as error:
            print_problems([str(error)])
            ctx.exit(error.exit_code)
        except BrokenPipeError:  # the program that reads our output, such as `head`, has exited
            sys.stderr.close()
            ctx.exit(1)
        except (click.ClickException, click.exceptions.Exit, click.Abort, OSError):
            raise
        except Exception:  # a bug; or a value in a damaged database that only stood out later
            damage = ctx.obj.damage() if isinstance(ctx.obj, Opened) else None
            if damage is None:
                raise
            print_problems([str(damage)])
            ctx.exit(damage.exit_code)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order in which a new user needs them."""
        return list(self.commands)


@click.group(
    cls=Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.option(
    "--site",
    "site_dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="NEWSLETTER_SITE",
    help="The site's directory. Default: the nearest one, here or above, that has a newsletter.toml.",
)
@click.version_option(__version__, prog_name="newsletter")
@click.pass_context
def main(ctx: click.Context, site_dir: Path | None) -> None:
    """Send a personal email newsletter of new research papers: pull, rank by topic, render, send."""
    ctx.obj = Opened(site_dir.expanduser() if site_dir else None)
    warn_of_unknown_variables(os.environ)


def warn_of_unknown_variables(environ: Mapping[str, str]) -> None:
    """Print one line on stderr about the variables that are named like ours and set nothing."""
    if any(name.startswith("NEWSLETTER_") and name != "NEWSLETTER_SITE" for name in environ):
        from newsletter.config.environment import unknown_variables

        if lines := unknown_variables(environ):
            click.echo(f"newsletter: environment: {visible('; '.join(lines))}", err=True)


COMMANDS = (
    init, sources, pull, papers, topics, subscribers, preview, templates, explain, feedback, summarize,
    send, run, serve, worker, schedule, archive, editions, deliveries, bounces, suppressions, status, backup, restore,
    store, retention, vacuum, config, doctor, upgrade_check, secret, web, completion, demo,
)  # fmt: skip
for command in COMMANDS:
    main.add_command(command)
add_alias(main, bounces, "returns")
complete_help(main)
