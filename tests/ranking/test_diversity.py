from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import Paper
from newsletter.ranking.diversity import Similarity, choose
from newsletter.ranking.grouping import group
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from tests.factories import TODAY, make_paper, make_profile, make_topic


def text(seed: int) -> str:
    """Forty words of one idea; another seed is another idea."""
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    return " ".join("".join(chance.choices("bdfgklmnprtvz", k=5)) + "o" for _ in range(40))


def paper(number: int, title: str, abstract: str = "", upvotes: int = 0) -> Paper:
    return make_paper(id=number, title=title, abstract=abstract, upvotes=upvotes, arxiv_id=f"2605.{number:05}")


def chosen(papers: list[Paper], scores: list[float], places: int, shown: tuple[int, ...] = ()) -> list[int]:
    ranked = sorted(range(len(papers)), key=lambda number: -scores[number])
    return choose([(number, scores[number]) for number in ranked], places, Similarity(papers), 3.0, shown)


def test_a_paper_similar_to_a_better_one_is_ranked_lower() -> None:
    idea, other = text(1), text(2)
    papers = [paper(0, "First", idea), paper(1, "Second", f"{idea} again"), paper(2, "Third", other)]
    assert chosen(papers, [5.0, 4.9, 3.0], 3) == [0, 2, 1]
    assert chosen(papers, [5.0, 4.9, 3.0], 2) == [0, 2]
    assert chosen(papers, [5.0, 4.9, 1.0], 3) == [0, 1, 2]  # a much better one is shown all the same


def test_a_near_duplicate_is_left_out() -> None:
    papers = [
        paper(0, "Counting All the Clouds Above"),
        paper(1, "Counting all the clouds above."),
        paper(2, "Kettles"),
    ]
    assert chosen(papers, [3.0, 2.0, 1.0], 3) == [0, 2]
    assert chosen(papers, [3.0, 2.0, 1.0], 3, shown=(1,)) == [2]


def test_short_titles_and_texts_are_not_compared() -> None:
    papers = [paper(0, "Pears", "Of pears."), paper(1, "Pears", "Of pears.")]
    assert chosen(papers, [2.0, 1.0], 2) == [0, 1]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 9)), max_size=12), st.integers(0, 6))
def test_the_best_paper_comes_first_and_the_number_of_places_is_kept(
    given_papers: list[tuple[int, float]], places: int
) -> None:
    papers = [paper(number, f"T{number}", text(idea)) for number, (idea, _) in enumerate(given_papers)]
    scores = [score for _, score in given_papers]
    found = chosen(papers, scores, places)
    assert len(found) == len(set(found)) == min(places, len(papers))
    assert not found or scores[found[0]] == max(scores)


@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 4)), max_size=16), st.integers(1, 5), st.integers(0, 6))
def test_each_pick_has_the_highest_score_less_its_similarity_to_those_before(
    given_papers: list[tuple[int, float]], places: int, other: int
) -> None:
    papers = [
        paper(number, f"T{number}", f"{text(idea)} {text(other)[: 40 * idea]}")
        for number, (idea, _) in enumerate(given_papers)
    ]
    similarity = Similarity(papers).of_pair
    ranked = sorted(enumerate([score for _, score in given_papers]), key=lambda one: -one[1])
    rest, picked = ranked[: 4 * places], list[int]()
    while rest and len(picked) < places:
        margins = [score - 3.0 * max([similarity(one, number) for one in picked], default=0) for number, score in rest]
        picked.append(rest.pop(margins.index(max(margins)))[0])
    assert chosen(papers, [score for _, score in given_papers], places) == picked


def test_a_digest_mixes_similar_papers_with_others() -> None:
    idea = text(1)
    papers = [paper(number, f"Pears {number}", f"{idea} v{number}", upvotes=9) for number in range(5)]
    papers += [paper(number, f"Pears {number}", text(number), upvotes=8) for number in (5, 6)]
    profile = make_profile(topics=(make_topic("Pears", ("pear",)),), max_per_section=3)
    (section,) = group(Matcher(PaperIndex(papers)), profile, frozenset(), TODAY)
    assert {item.paper.id for item in section.items} == {0, 5, 6}
    assert section.matched == 7
