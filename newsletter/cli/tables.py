"""Tables for people to read: aligned columns that no terminal has to break.

Programs read `--json`, or the CSV of `export`, which are always complete.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.text import Text

#: The width of a table that goes into a pipe or a file: nothing is wrapped there, so that `grep` finds whole lines.
_UNLIMITED = 100_000
#: Between two columns.
_GAP = 2
#: A word of up to this width is kept whole while there is room; no terminal shows a longer one well.
_LONGEST_WHOLE_WORD = 32
#: One character of Chinese, Japanese or Korean.
_NARROWEST = 2


@dataclass(frozen=True, slots=True)
class _Column:
    """A header, the cells under it, and whether they are numbers."""

    header: str
    cells: tuple[Text, ...]
    is_numeric: bool

    @property
    def natural_width(self) -> int:
        """The width at which no cell is wrapped."""
        return max(_NARROWEST, *(text.cell_len for text in self._texts()))

    @property
    def word_width(self) -> int:
        """The width at which no word is broken, but for very long ones."""
        from rich.cells import cell_len

        longest = (cell_len(word) for text in self._texts() for word in text.plain.split())
        return min(max(_NARROWEST, *longest, 0), _LONGEST_WHOLE_WORD)

    def _texts(self) -> tuple[Text, ...]:
        from rich.text import Text

        return (Text(self.header), *self.cells)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]], *, optional: Sequence[str] = ()) -> None:
    """Print aligned columns, with no line longer than the terminal is wide.

    Where the columns do not fit, the `optional` ones are left out, the first named first, and the text of the others
    is wrapped. The width is that of the terminal, or COLUMNS; without either, nothing is wrapped or left out.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    width = _terminal_width()
    columns = _fitting([_column(header, [row[i] for row in rows]) for i, header in enumerate(headers)], optional, width)
    widths = _shared_out(columns, width - _GAP * (len(columns) - 1))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, _GAP - 1, 0, 0), pad_edge=False, show_edge=False)
    for column, wide in zip(columns, widths, strict=True):
        table.add_column(column.header, width=wide, overflow="fold", justify="right" if column.is_numeric else "left")
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        click.echo(line.rstrip())


def visible(text: str) -> str:
    """Replace the characters that a terminal would act on by spaces."""
    return "".join(character if character.isprintable() else " " for character in text)


def _terminal_width() -> int:
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        return shutil.get_terminal_size().columns
    return _UNLIMITED


def _column(header: str, values: Sequence[object]) -> _Column:
    from rich.text import Text

    cells = tuple(one if isinstance(one, Text) else Text("" if one is None else visible(str(one))) for one in values)
    return _Column(header, cells, any(isinstance(one, int) for one in values))


def _fitting(columns: list[_Column], optional: Sequence[str], width: int) -> list[_Column]:
    """Return the columns without as many of the optional ones as keep the others from being legible."""
    for name in optional:
        if sum(column.word_width + _GAP for column in columns) - _GAP <= width:
            break
        columns = [column for column in columns if column.header != name]
    return columns


def _shared_out(columns: Sequence[_Column], room: int) -> list[int]:
    """Return each column's width: wrap the widest between words first; break words only where that is not enough."""
    widths = [column.natural_width for column in columns]
    for least in ([column.word_width for column in columns], [_NARROWEST] * len(columns)):
        while sum(widths) > room:
            shrinkable = [number for number, width in enumerate(widths) if width > least[number]]
            if not shrinkable:
                break
            widths[max(shrinkable, key=widths.__getitem__)] -= 1
    return widths
