"""`newsletter web`: the operator's password."""

from __future__ import annotations

import sys

import click

_MIN_LENGTH = 8


@click.group(epilog="\b\nExample:\n  newsletter web hash-password")
def web() -> None:
    """Set up the pages."""


@web.command(
    "hash-password",
    epilog="""\b
Examples:
  newsletter web hash-password            asks for the password
  pwgen 20 1 | newsletter web hash-password --stdin""",
)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from the first line of stdin.")
def hash_password(*, from_stdin: bool) -> None:
    """Print a password as a hash, for `web.password`.

    Whoever reads the settings then does not learn the password of the operator's page.
    """
    from newsletter.config import passwords

    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if len(password) < _MIN_LENGTH:
        raise click.UsageError(f"the password needs {_MIN_LENGTH} characters or more")
    click.echo(passwords.hash_password(password))
