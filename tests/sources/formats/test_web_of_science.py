from __future__ import annotations

import io

from newsletter.sources.formats.tables import Raw
from newsletter.sources.formats.web_of_science import read_web_of_science


def test_full_names_win_and_wrapped_lines_are_joined() -> None:
    text = "FN Clarivate\nPT J\nAU Doe, A\n   Roe, B\nAF Doe, Ann\n   Roe, Ben\nTI Counting\n   clouds\nER\n\nEF\n"
    (one,) = read_web_of_science(io.BufferedReader(io.BytesIO(text.encode())))
    assert isinstance(one, Raw)
    assert (one.number, one.record["title"]) == (2, "Counting clouds")
    assert one.record["authors"] == ["Doe, Ann", "Roe, Ben"]
