"""What click makes of the help of commands, put right."""

from __future__ import annotations

import inspect

import click


def complete_help(command: click.Command) -> None:
    """Give a command, and those below it, a whole summary, and an epilog whose paragraphs are what they look like.

    The summary is the first sentence of the help; click would cut it to the width of the terminal, with "..." at its
    end. A line of "\\b" (no wrapping) begins a paragraph; click would print it as a control character in one.
    """
    paragraph = " ".join(inspect.cleandoc(command.help or "").partition("\n\n")[0].split())
    command.short_help = command.short_help or paragraph.partition(". ")[0].rstrip(".") + "."
    if command.epilog:
        command.epilog = command.epilog.replace("\n\b\n", "\n\n\b\n")
    if isinstance(command, click.Group):
        for below in command.commands.values():
            complete_help(below)
