"""CSV rows with a limit of their own; the limit of the process stays as it was."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from newsletter.files.csv_table import CsvRows


def read(lines: list[str], max_cell: int) -> Iterator[list[str] | str]:
    rows = CsvRows(lines, delimiter=",", max_cell=max_cell)
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield str(error)


def test_a_cell_that_is_too_long_is_an_error_and_the_next_row_is_read() -> None:
    rows = list(read(["a,b\n", "aaaa,b\n", "c,d\n"], 3))
    assert rows == [["a", "b"], "field larger than field limit (3)", ["c", "d"]]


def test_the_limit_of_the_process_is_restored() -> None:
    before = csv.field_size_limit()
    rows = CsvRows(["a\n", "bbbb\n"], delimiter=",", max_cell=3)
    next(rows)
    assert csv.field_size_limit() == before
    with pytest.raises(csv.Error):
        next(rows)
    assert csv.field_size_limit() == before


def test_threads_keep_to_their_own_limits() -> None:
    before = csv.field_size_limit()
    lines = ["x" * 200_000 + "\n"] * 50

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda limit: [type(row) for row in read(lines, limit)], [2**20, 100, 2**20, 100]))

    assert found == [[list] * 50, [str] * 50] * 2
    assert csv.field_size_limit() == before
