"""Commands that have another name now: the old one works, hidden from help, and says the new one on stderr."""

from __future__ import annotations

import copy
from typing import Any

import click

from newsletter.config.obsolete import SINCE, UNTIL


def add_alias(group: click.Group, command: click.Command, old: str) -> None:
    """Let `group` take `old` for `command`, for one release."""
    alias = copy.copy(command)
    alias.name, alias.hidden = old, True
    call = alias.invoke

    def invoke(ctx: click.Context) -> Any:
        click.echo(
            f"newsletter: {old!r} is called {command.name!r} since {SINCE}; the old name works until {UNTIL}", err=True
        )
        return call(ctx)

    alias.invoke = invoke  # type: ignore[method-assign]  # of this copy alone
    group.add_command(alias, old)
