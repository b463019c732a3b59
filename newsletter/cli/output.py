"""What commands print: results on stdout, as a table, a sentence or JSON; problems and progress on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from newsletter.cli.tables import print_table, visible
from newsletter.files.private_files import touch_private

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")

#: More lines than these are counted.
MAX_PROBLEMS = 20
_T = TypeVar("_T")


class PrivateFile(click.File):
    """A parameter that names a text file to write, or "-" for stdout; the file is created for its owner only."""

    def __init__(self) -> None:
        super().__init__("w", encoding="utf-8", lazy=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Create the file, if it does not exist, and open it."""
        if isinstance(value, str) and value != "-":
            with suppress(OSError):  # which opening it will report
                touch_private(Path(value))
        return super().convert(value, param, ctx)


def print_json(value: Any) -> None:
    """Print dataclasses, lists and plain values as JSON."""
    click.echo(json_text(value))


def json_text(value: Any) -> str:
    """Return dataclasses, lists and plain values as JSON."""
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def print_json_lines(lines: Iterable[str], *, indent: str = "") -> None:
    """Print a JSON array of values that are JSON already, one after the other: it need not be in memory."""
    separator = "\n"
    click.echo("[", nl=False)
    for line in lines:
        click.echo(f"{separator}{indent}  {line}", nl=False)
        separator = ",\n"
    click.echo("]" if separator == "\n" else f"\n{indent}]", nl=False)


def print_list(
    found: Sequence[_T],
    headers: Sequence[str],
    cells: Callable[[_T], Sequence[object]],
    *,
    as_json: bool,
    empty: str,
    optional: Sequence[str] = (),
) -> None:
    """Print what a command lists: as JSON with all its fields, as a table of `cells`, or `empty` if there is nothing.

    The columns that are `optional` are left out of the table where they do not fit; see `print_table`.
    """
    if as_json:
        print_json(found)
    elif found:
        print_table(headers, [cells(one) for one in found], optional=optional)
    else:
        click.echo(empty)


def print_problems(lines: Sequence[str], rest: str = "more") -> None:
    """Print up to twenty lines on stderr, and how many there are beyond, as in "and 7 more refused"."""
    for line in lines[:MAX_PROBLEMS]:
        click.echo(f"newsletter: {visible(line)}", err=True)
    if len(lines) > MAX_PROBLEMS:
        click.echo(f"newsletter: and {len(lines) - MAX_PROBLEMS} {rest}", err=True)


def finish(*, clean: bool, code: int = 0) -> None:
    """Exit with `code` if it is not 0, else with 1 unless the command was `clean`."""
    if code or not clean:
        click.get_current_context().exit(code or 1)


@contextmanager
def progress(activity: str) -> Iterator[Callable[[str], None]]:
    """Show a spinner on stderr, if that is a terminal; yields a function that shows a detail after `activity`."""
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(activity)) as status:
        yield lambda detail: status.update(escape(f"{activity} {detail}"))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
