from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Paper
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.ranking.weights import Weights
from newsletter.text import words
from newsletter.topics.query import All, Any, Boost, Node, Not, Term, format_query, parse, wanted_terms
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
    assert (result.matches.tolist(), result.excluded.tolist()) == ([True, False, False], [False, True, False])
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
    assert strengths("pear quince", paper(1, "Pears and Quinces"))[0] == pytest.approx(sum(each))


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


NODES: st.SearchStrategy[Node] = st.recursive(
    st.builds(Term, st.sampled_from(WORDS), st.none() | st.sampled_from(["title", "abstract"])),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Any(tuple(parts))),
        st.builds(Not, inner),
        st.builds(Boost, inner, st.just(2.0)),
    ),
    max_leaves=6,
)
TEXTS = st.lists(st.sampled_from(["pear", "kettles", "red", "wine", "robot", "agent"]), max_size=6).map(" ".join)


def holds(node: Node, title: str, abstract: str) -> bool:
    """Evaluate a query on one paper without an index."""
    match node:
        case Term(text, field):
            texts = {"title": [title], "abstract": [abstract]}.get(field or "", [title, abstract])
            return any(f" {' '.join(words(text))} " in f" {' '.join(words(text_of_field))} " for text_of_field in texts)
        case All(parts):
            return all(holds(part, title, abstract) for part in parts)
        case Any(parts):
            return any(holds(part, title, abstract) for part in parts)
        case Not(part):
            return not holds(part, title, abstract)
        case Boost(part, _):
            return holds(part, title, abstract)


@given(NODES.filter(lambda node: any(True for _ in wanted_terms(node))), st.lists(st.tuples(TEXTS, TEXTS), max_size=6))
def test_a_query_matches_the_papers_that_a_linear_search_finds(node: Node, texts: list[tuple[str, str]]) -> None:
    papers = [paper(number, title, abstract) for number, (title, abstract) in enumerate(texts)]
    result = Matcher(PaperIndex(papers)).evaluate(format_query(node))
    assert result.matches.tolist() == [holds(node, title, abstract) for title, abstract in texts]
    assert not (result.matches & result.excluded).any()
    assert (result.strength >= 0).all()
