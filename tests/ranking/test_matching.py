from __future__ import annotations

import pytest

from newsletter.models import Paper
from newsletter.models.weights import Weights
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.topics.query import format_query, parse
from tests.factories import make_paper

WORDS = ["pear", "kettle", "red wine", "robot", "agents"]


def paper(number: int, title: str, abstract: str = "", **facts: object) -> Paper:
    return make_paper(id=number, title=title, abstract=abstract, authors=(), arxiv_id=f"2605.{number:05}", **facts)


def matching(query: str, *titles: str) -> list[int]:
    papers = [paper(number, title) for number, title in enumerate(titles)]
    return [int(number) for number in Matcher(PaperIndex(papers)).evaluate(query).matches.nonzero()[0]]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("pear", [0, 1, 3]),
        ("pear robot", [1]),
        ("pear OR kettle", [0, 1, 2, 3]),
        ("pear -robot", [0, 3]),
        ("(pear OR kettle) -(robot OR red)", [0, 2]),
        ('"red pear"', [3]),
        ("ke*", [2]),
        ("pear^5 robot", [1]),
    ],
)
def test_a_query_matches_papers(query: str, numbers: list[int]) -> None:
    assert matching(query, "Pears", "A Robot's Pear", "Kettles", "Red Pears") == numbers


def test_papers_rejected_by_an_exclusion_are_reported() -> None:
    papers = [paper(0, "Pears"), paper(1, "A Survey of Pears"), paper(2, "A Survey of Kettles")]
    result = Matcher(PaperIndex(papers)).evaluate("pear -survey")
    assert (result.bits, result.rejected) == (0b001, 0b010)
    assert result.strength.tolist()[1:] == [0, 0]


def strengths(query: str, *papers: Paper, weights: Weights | None = None) -> list[float]:
    others = [paper(100 + number, "Nothing of the Kind") for number in range(30)]
    result = Matcher(PaperIndex([*papers, *others]), weights=weights).evaluate(query)
    return [float(value) for value in result.strength[: len(papers)]]


def test_title_outweighs_keywords_and_keywords_outweigh_abstract() -> None:
    title, keywords, abstract, twice = strengths(
        "pear",
        paper(1, "Pears"),
        paper(2, "", keywords=("pear",)),
        paper(3, "", "Pears."),
        paper(4, "", "Pears, pears."),
    )
    assert title > keywords > abstract > 0
    assert abstract < twice < 2 * abstract  # saturation


def test_a_boost_multiplies_and_further_alternatives_add_half() -> None:
    pear, boosted = (strengths(query, paper(1, "Pears"))[0] for query in ("pear", "pear^3"))
    assert boosted == pytest.approx(3 * pear)
    both = strengths("pear OR quince", paper(1, "Pears and Quinces"))[0]
    each = [strengths(word, paper(1, "Pears and Quinces"))[0] for word in ("pear", "quince")]
    assert both == pytest.approx(max(each) + 0.5 * min(each))
    assert strengths("pear AND quince", paper(1, "Pears and Quinces"))[0] == pytest.approx(sum(each))


def test_a_site_may_set_the_weights() -> None:
    plain, double = (strengths("pear", paper(1, "Pears"), weights=Weights(match=match))[0] for match in (1.0, 2.0))
    assert double == pytest.approx(2 * plain)


def test_the_terms_of_a_paper_are_returned_with_field_and_strength() -> None:
    papers = [paper(0, "Pears", "With quinces.")]
    matcher = Matcher(PaperIndex(papers))
    query = parse("pear^2 OR quince OR kettle -survey")
    assert [(term.text, str(place)) for term, place, _ in matcher.found(query, 0)] == [
        ("pear", "title"),
        ("quince", "abstract"),
    ]
    term_strengths = [strength for _, _, strength in matcher.found(query, 0)]
    assert float(matcher.evaluate(format_query(query)).strength[0]) == pytest.approx(
        max(term_strengths) + 0.5 * min(term_strengths)
    )
