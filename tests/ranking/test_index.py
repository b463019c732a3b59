from __future__ import annotations

import pytest

from newsletter.ranking.index import PaperIndex, Statistics
from newsletter.topics.query import phrase
from tests.factories import make_paper


def test_rarity_decreases_with_document_frequency() -> None:
    papers = [make_paper(id=n, title=f"Pears {'quinces' if n == 0 else ''}", abstract="") for n in range(20)]
    statistics = Statistics(lambda: PaperIndex(papers))
    rarities = [statistics.rarity(phrase(word)) for word in ("pear", "quince", "medlar")]
    assert 0 < rarities[0] < 0.1
    assert 0.5 < rarities[1] < rarities[2] == pytest.approx(1)
    assert Statistics(lambda: PaperIndex([])).rarity(phrase("pear")) == pytest.approx(1)
