from __future__ import annotations

import io

from newsletter.sources.formats.medline import read_medline, without_stop
from newsletter.sources.formats.tables import Raw


def test_full_names_groups_and_the_electronic_date_are_read() -> None:
    text = (
        "PMID- 1\nTI  - Counting\n      clouds.\nFAU - Doe, Ann\nAU  - Doe A\nCN  - Cloud Group\nDP  - 2016 May\n"
        "LID - 10.1000/x [doi]\nPT  - Retracted Publication\n"
    )
    (one,) = read_medline(io.BufferedReader(io.BytesIO(text.encode())))
    assert isinstance(one, Raw)
    assert (one.record["title"], one.record["doi"], one.record["withdrawn"]) == ("Counting clouds", "10.1000/x", True)
    assert one.record["authors"] == ["Doe, Ann", {"literal": "Cloud Group"}]


def test_the_final_full_stop_is_not_a_part_of_the_title() -> None:
    assert [without_stop(one) for one in ("[Clouds].", "In the U.S.", "Vitamin C.", "At x².", "Why?", "So...")] == [
        "Clouds", "In the U.S.", "Vitamin C", "At x²", "Why?", "So...",
    ]  # fmt: skip
