from __future__ import annotations

import pytest

from newsletter.pipeline.topic_warnings import warning_text
from newsletter.ranking.topic_check import NotFound, TooBroad
from newsletter.rendering.language import language


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        (
            "en",
            [
                "It matches 1,234 of 2,000 papers: add a word, or exclude one (-word).",
                "“pearz” finds 0 of 2,000 papers.",
                "“pearz” finds 0 of 2,000 papers. Did you mean “pears”?",
            ],
        ),
        (
            "de",
            [
                "Passt zu 1.234 von 2.000 Artikeln: Füge ein Wort hinzu oder schließe eines aus (-wort).",
                "„pearz“ findet 0 von 2.000 Artikeln.",
                "„pearz“ findet 0 von 2.000 Artikeln. Meintest du „pears“?",
            ],
        ),
    ],
)
def test_a_warning_is_a_sentence_in_the_language(code: str, texts: list[str]) -> None:
    warnings = (TooBroad(1234, 2000), NotFound("pearz", 2000, None), NotFound("pearz", 2000, "pears"))
    assert [warning_text(one, language(code)) for one in warnings] == texts
