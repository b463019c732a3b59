"""`newsletter upgrade-check`."""

from __future__ import annotations

import click

from newsletter.cli.output import finish, json_option, print_json


@click.command(
    name="upgrade-check",
    epilog="""\b
Examples:
  newsletter upgrade-check
  newsletter upgrade-check --json

Exit code 0 if this is the newest release, 1 if there is a newer one, 69 if the index cannot be asked.""",
)
@click.option("--index", default="https://pypi.org", show_default=True, metavar="URL", help="The package index to ask.")
@click.option(
    "--timeout", type=click.FloatRange(0.1, 60), default=5.0, show_default=True, help="Seconds to wait for it, in all."
)
@json_option
def upgrade_check(index: str, timeout: float, as_json: bool) -> None:
    """Ask PyPI for a newer release.

    It says how to upgrade this installation. Nothing is installed, and nothing about the site is sent.
    docs/upgrading.md says what each release asks of you.
    """
    from newsletter.errors.installation import installation
    from newsletter.files.site import docs_path
    from newsletter.operations.upgrade_check import check_releases

    found = check_releases(index, timeout)
    command = installation().upgrade_command()
    if as_json:
        document = {"installed": found.installed, "newest": found.newest, "is_newer": found.is_newer}
        print_json(document | {"command": command if found.is_newer else None})
    elif found.is_newer:
        click.echo(
            f"{found.newest} is out; this is {found.installed}. Read {docs_path('upgrading.md')}, then: {command}"
        )
    else:
        click.echo(
            f"{found.installed} is the newest release" if found.newest else f"{found.installed}; none is released"
        )
    finish(clean=not found.is_newer)
