from __future__ import annotations

import pytest

from newsletter.pipeline.explanation_text import ENGLISH, uncounted_text
from newsletter.topics.evaluation import matching
from newsletter.topics.index import PaperIndex
from newsletter.topics.query import parse, wanted_terms
from newsletter.topics.uncounted import uncounted
from tests.factories import make_paper

TITLE = "A rag doll for Medical Images"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("RAG", '“rag” in the title does not count: RAG stands for capitals only'),
        ("medical image segmentation",
         '“Medical” in the title does not count: medical image segmentation also needs: segmentation'),
        ('"images medical"',
         '“Medical” in the title does not count: only “images medical” counts, in this order'),
        ("abstract:doll", '“doll” in the title does not count: doll is only looked for in the field “abstract”'),
        ("kettles OR (doll zebrafish)", '“doll” in the title does not count: doll zebrafish also needs: zebrafish'),
        ("kettles OR (doll AND zebrafish)",
         '“doll” in the title does not count: the topic needs other words beside it'),
    ],
)  # fmt: skip
def test_a_word_of_the_title_that_does_not_count_has_a_reason(query: str, text: str) -> None:
    assert uncounted_text(next(iter(uncounted(TITLE, parse(query), frozenset()))), ENGLISH) == text


@pytest.mark.parametrize("query", ["doll", "medical images", "kettles", "author:doll", "-doll rag", '"medical doll"^2'])
def test_nothing_is_explained_of_what_counts_or_is_not_there(query: str) -> None:
    node = parse(query)
    index = PaperIndex([make_paper(title=TITLE)])
    counted = frozenset(term for term in wanted_terms(node) if matching(index, term)[0])
    found = list(uncounted(TITLE, node, counted))
    assert [one.why for one in found] == (["order", "order"] if "^" in query else [])
