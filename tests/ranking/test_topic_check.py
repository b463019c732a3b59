"""Help while typing a topic."""

from __future__ import annotations

import pytest

from newsletter.errors import QueryError
from newsletter.models import Paper
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.ranking.topic_check import Listed, NotFound, TooBroad, TopicChecker
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


@pytest.mark.parametrize(
    ("query", "word", "meant"),
    [
        # Swapped letters are likelier than one too few, and a plural is shown as it is typed.
        ("mountians", "mountians", "mountain"),
        ("title:kettels", "kettels", "kettle"),
        ("author:kettels", "kettels", None),
        # No paper has it in this field, and it is not misspelt.
        ("keyword:kettles", "kettles", None),
        ("zeppelins", "zeppelins", None),
    ],
)
def test_a_word_that_no_paper_has_is_shown_as_typed(
    checker: TopicChecker, query: str, word: str, meant: str | None
) -> None:
    assert checker.check(query).warnings == (NotFound(word, 17, meant),)


def test_a_topic_of_everything_has_a_warning(checker: TopicChecker) -> None:
    (warning,) = checker.check("trains").warnings
    assert warning == TooBroad(7, 17)


def test_a_malformed_query_is_refused(checker: TopicChecker) -> None:
    with pytest.raises(QueryError):
        checker.check("(")


def checker_of(*papers: Paper) -> TopicChecker:
    return TopicChecker(Matcher(PaperIndex(papers)), 1)


def test_without_upvotes_the_best_say_it_outright_and_not_in_passing() -> None:
    passing, outright = (make_paper(id=n, key=f"arxiv:{n}", upvotes=None, title=t, abstract=a) for n, t, a in (
        (1, "Trains", "Kettles."), (2, "Kettles", "They are heated for long, in trains."),
    ))  # fmt: skip
    popular = make_paper(id=3, key="arxiv:3", upvotes=9, title="Kettles Again", abstract="")

    check = checker_of(passing, outright, popular).check("kettles")
    assert check.best == (popular, outright, passing)


def test_what_is_typical_of_the_matches_is_offered_before_what_many_papers_say() -> None:
    slides = [make_paper(id=n, title=f"Pathology of Slides: Efficient {n}", abstract="") for n in range(3)]
    others = [make_paper(id=n, title=f"Efficient {n}", abstract="") for n in range(10, 13)]
    fillers = [make_paper(id=n, title=f"Trains {n}", abstract="") for n in range(20, 40)]

    assert checker_of(*slides, make_paper(id=9, title="Slides", abstract=""), *others, *fillers).check(
        "pathology"
    ).also == ("slide", "efficient")


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("author:Zahng", "Zhang"), ('author:"Ada Exmaple"', "Ada Example"), ('author:"Example Ada"', "Ada Example"),
        ("author:Mueler", "Müller"), ("org:Labratory", "Laboratory"), ("author:Xqzw", None),
    ],
)  # fmt: skip
def test_a_misspelt_name_has_a_warning(query: str, meant: str | None) -> None:
    papers = [
        make_paper(id=n, authors=(name,), organization="Example Laboratory")
        for n, name in enumerate(("Wei Zhang", "Ada Example", "Jan Müller"))
    ]
    (warning,) = checker_of(*papers).check(query).warnings

    assert warning == NotFound(query.partition(":")[2].strip('"'), 3, meant)
    if meant is not None:
        assert checker_of(*papers).check(f'{query.partition(":")[0]}:"{meant}"').warnings == ()


@pytest.mark.parametrize("query", ["pears, kettles", "pears; kettles", "pears / kettles", "pears\u3001kettles"])
def test_a_list_finds_less_than_each_of_it(query: str) -> None:
    papers = [make_paper(id=n, title=title, abstract="") for n, title in enumerate(("Pears", "Kettles"))]

    assert checker_of(*papers).check(query).warnings == (Listed("pears OR kettles", 2, 2),)


@pytest.mark.parametrize("query", ["pears/kettles", '"pears, kettles"', "pears,", "(pears, kettles)"])
def test_what_is_no_list_has_no_warning_of_one(query: str) -> None:
    papers = [make_paper(id=1, title="Pears and the Kettles", abstract="")]

    assert not any(isinstance(one, Listed) for one in checker_of(*papers).check(query).warnings)
