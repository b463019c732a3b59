from __future__ import annotations

from newsletter.sources.formats.tagged_lines import Line, Record


def test_a_line_is_continued_by_the_next() -> None:
    record = Record(1)
    record.add(Line("TI", "Counting"))
    record.extend("clouds")
    record.add(Line("KW", "rain"))
    assert (record.text("T1", "TI"), record.items("TI"), record.all("AB")) == (
        "Counting clouds", ["Counting", "clouds"], [],
    )  # fmt: skip
