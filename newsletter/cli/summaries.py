"""The one-line summaries of commands in `--help`."""

from __future__ import annotations

import inspect

import click


def keep_summaries_whole(command: click.Command) -> None:
    """Give a command and those below it the first sentence of their help as their summary.

    A summary that click has to find itself is cut to the width of the terminal, with "..." at its end.
    """
    paragraph = " ".join(inspect.cleandoc(command.help or "").partition("\n\n")[0].split())
    command.short_help = command.short_help or paragraph.partition(". ")[0].rstrip(".") + "."
    if isinstance(command, click.Group):
        for below in command.commands.values():
            keep_summaries_whole(below)
