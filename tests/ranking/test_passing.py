from __future__ import annotations

import pytest

from newsletter.ranking.passing import in_passing
from newsletter.topics.index import PaperIndex
from newsletter.topics.query import parse
from tests.factories import make_paper

PAPERS = [
    make_paper(id=0, title="Pears", abstract="Robots.", arxiv_id="2605.00000", categories=("cs.CL",)),
    make_paper(id=1, title="Kettles", abstract="Pears and robots.", arxiv_id="2605.00001", categories=("cs.CL",)),
    make_paper(id=2, title="Teapots", abstract="Pears.", arxiv_id="2605.00002", keywords=("robots",)),
]


@pytest.mark.parametrize(
    ("query", "passing"),
    [
        ("pears", {1, 2}),
        ("robots", {0, 1}),
        ("pears OR robots", {1}),
        ("pears robots", {1}),
        ("pears AND robots", {1}),
        ("title:pears", set()),
        ("kettles", set()),
        # A category says nothing of the words; without words it is all that is asked for.
        ("pears cat:cs.CL", {1}),
        ("cat:cs.CL", set()),
        # The part of a query that does not hold is not what matches.
        ("pears OR (teapots zebrafish)", {1, 2}),
        ("pears^2 -robots", set()),
    ],
)
def test_a_mention_in_the_abstract_alone_is_in_passing(query: str, passing: set[int]) -> None:
    index = PaperIndex(PAPERS)
    bits = in_passing(index, parse(query))
    assert {number for number in range(len(PAPERS)) if bits >> number & 1} == passing
