"""Old names of commands and options: they work for one more release, hidden from help."""

from __future__ import annotations

import copy
from typing import Any

import click

from newsletter.config.obsolete import SINCE, UNTIL


def add_alias(group: click.Group, command: click.Command, old: str) -> None:
    """Accept `old` as a name of `command` in `group`; using it prints the new name on stderr."""
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


class RenamedOption(click.Option):
    """An option that is also accepted by its old names, of which help shows only the first name declared."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return what help shows: the present name and its text."""
        shown = copy.copy(self)
        shown.opts = self.opts[:1]
        return click.Option.get_help_record(shown, ctx)
