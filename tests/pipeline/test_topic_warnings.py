from __future__ import annotations

import pytest

from newsletter.pipeline.topic_warnings import warning_text
from newsletter.ranking.topic_check import Listed, NotFound, TooBroad
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
                "A paper has to hold all of this list. “pears OR figs” finds any of it: 1,001 of 2,000 papers.",
            ],
        ),
        (
            "de",
            [
                "Passt zu 1.234 von 2.000 Artikeln: Füge ein Wort hinzu oder schließe eines aus (-wort).",
                "„pearz“ findet 0 von 2.000 Artikeln.",
                "„pearz“ findet 0 von 2.000 Artikeln. Meintest du „pears“?",
                (
                    "Ein Artikel muss alles aus dieser Liste enthalten. „pears OR figs“ findet, was eines davon "
                    "enthält: 1.001 von 2.000 Artikeln."
                ),
            ],
        ),
    ],
)
def test_a_warning_is_a_sentence_in_the_language(code: str, texts: list[str]) -> None:
    listed = Listed("pears OR figs", 1001, 2000)
    warnings = (TooBroad(1234, 2000), NotFound("pearz", 2000, None), NotFound("pearz", 2000, "pears"), listed)
    assert [warning_text(one, language(code)) for one in warnings] == texts
