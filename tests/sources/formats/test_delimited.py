from __future__ import annotations

import io

from newsletter.sources.formats.delimited import Header, delimiter_of, read_table
from newsletter.sources.formats.tables import Broken, Raw


def test_a_header_is_found_below_lines_about_the_export() -> None:
    header = Header(["About the data: Exported on May 08, 2026.\n", "\n", "Title;Year\n"])
    assert (header.is_found, header.delimiter, header.columns, header.line) == (True, ";", ["Title", "Year"], 3)
    assert delimiter_of("a\tb,c\td") == "\t"


def test_an_open_quote_costs_its_own_row() -> None:
    text = 'title,year\nA,1\n"B,2\nC,3\n'
    found = list(read_table(io.BufferedReader(io.BytesIO(text.encode()))))
    assert found == [
        Raw(2, {"title": "A", "year": "1"}), Broken(3, "a quote is not closed"), Raw(4, {"title": "C", "year": "3"}),
    ]  # fmt: skip
