"""Help while typing a topic."""

from __future__ import annotations

import pytest

from newsletter.errors import QueryError
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.ranking.topic_check import NotFound, TooBroad, TopicChecker
from tests.factories import make_paper

TITLES = (
    *(f"Digital pathology of whole slide images {name}" for name in ("one", "two", "three")),
    "Whole slide scanners",
    *(f"Generalization of kettles in town {name}" for name in ("red", "blue", "green", "grey", "pink", "black")),
    *(f"Trains between mountains {name}" for name in ("red", "blue", "green", "grey", "pink", "black", "white")),
)


@pytest.fixture(scope="module")
def checker() -> TopicChecker:
    papers = [
        make_paper(id=number, key=f"arxiv:2605.{number:05}", title=title, abstract="", keywords=(), upvotes=number)
        for number, title in enumerate(TITLES)
    ]
    return TopicChecker(Matcher(PaperIndex(papers)), 2)


def test_matches_are_counted_and_terms_that_the_query_lacks_are_offered(checker: TopicChecker) -> None:
    check = checker.check("digital pathology")
    assert (check.matched, check.papers, check.per_day) == (3, len(TITLES), 1.5)
    assert check.best[0].title == TITLES[2]
    assert check.also[0] == "whole slide"
    assert check.warnings == ()


def test_a_misspelt_word_has_a_warning(checker: TopicChecker) -> None:
    (warning,) = checker.check("generalizaton").warnings
    assert warning == NotFound("generalizaton", 17, "generalization")


@pytest.mark.parametrize(
    ("query", "meant"),
    [("cat:cs", "cat:cs.*"), ("cat:cs.LC", "cat:cs.CL"), ("cat:math.OC", None), ("source:arxive", "source:arxiv")],
)
def test_a_category_or_source_without_papers_has_a_warning(query: str, meant: str | None) -> None:
    papers = [make_paper(id=1, title="Trains", categories=("cs.CL", "q-bio.NC"), sources=("arxiv",))]
    checker = TopicChecker(Matcher(PaperIndex(papers)), 1)

    assert checker.check(f"trains {query}").warnings == (NotFound(query, 1, meant),)
    assert checker.check("trains cat:CS.cl source:arxiv cat:q-bio.*").warnings == ()


def test_a_topic_of_everything_has_a_warning(checker: TopicChecker) -> None:
    (warning,) = checker.check("trains").warnings
    assert warning == TooBroad(7, 17)


def test_a_malformed_query_is_refused(checker: TopicChecker) -> None:
    with pytest.raises(QueryError):
        checker.check("(")
