"""What commands print: a table, a sentence, or JSON. Results go to stdout, all else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")

_SHOWN_COMPLAINTS = 20


def print_json(value: Any) -> None:
    """Print dataclasses, lists and plain values as JSON."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print aligned columns: as wide as the terminal, or unbroken where there is none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headers, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
    for column, header in zip(table.columns, headers, strict=True):
        column.overflow = "fold"
        if any(isinstance(row[headers.index(header)], int) for row in rows):
            column.justify = "right"
    width = None if sys.stdout.isatty() else 400
    Console(width=width, highlight=False).print(table)


def print_problems(lines: Sequence[str], rest: str = "more") -> None:
    """Print each line on stderr, up to twenty, and how many `rest` there are beyond."""
    for line in lines[:_SHOWN_COMPLAINTS]:
        click.echo(f"newsletter: {visible(line)}", err=True)
    if len(lines) > _SHOWN_COMPLAINTS:
        click.echo(f"newsletter: and {len(lines) - _SHOWN_COMPLAINTS} {rest}", err=True)


def finish(*, clean: bool, code: int = 0) -> None:
    """Exit with 1 unless all went well, or with the code that something else asks for."""
    if code or not clean:
        click.get_current_context().exit(code or 1)


@contextmanager
def progress(doing: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal's stderr what is being done; yields a function to say what it is now."""
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(doing)) as status:
        yield lambda what: status.update(escape(f"{doing} {what}"))


def _cell(value: object) -> str:
    return "" if value is None else visible(str(value))


def visible(text: str) -> str:
    """Take out what a terminal would act on."""
    return "".join(character if character.isprintable() else " " for character in text)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
