"""Read CSV with a limit on the length of a cell.

`csv.field_size_limit` belongs to the whole process. It is set here only, while one row is read, and restored.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from threading import RLock

#: Held while the limit of one reader is in force: threads read different tables at the same time.
_LIMIT = RLock()


class CsvRows:
    """The rows of a CSV file, as `csv.reader` returns them, with cells of at most `max_cell` characters."""

    def __init__(self, lines: Iterable[str], *, delimiter: str, max_cell: int, strict: bool = False) -> None:
        self._rows = csv.reader(lines, delimiter=delimiter, strict=strict)
        self._max_cell = max_cell

    @property
    def line_num(self) -> int:
        """Number of lines read so far."""
        return self._rows.line_num

    def read(self) -> list[list[str]]:
        """Return the rows that are left, much faster than one by one; keep `lines` few, since other threads wait.

        Raises:
            csv.Error: A row is not valid CSV, or a cell is too long.
        """
        with _LIMIT:
            before = csv.field_size_limit(self._max_cell)
            try:
                return list(self._rows)
            finally:
                csv.field_size_limit(before)

    def __iter__(self) -> CsvRows:
        return self

    def __next__(self) -> list[str]:
        """Return the next row.

        Raises:
            csv.Error: The row is not valid CSV, or a cell is too long; the next row can be read.
        """
        with _LIMIT:
            before = csv.field_size_limit(self._max_cell)
            try:
                return next(self._rows)
            finally:
                csv.field_size_limit(before)
