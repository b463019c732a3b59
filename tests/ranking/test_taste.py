from __future__ import annotations

import random

import numpy as np
import pytest

from newsletter.models import Paper
from newsletter.ranking.embedding import PaperVectors, make_embedding, unpack_embedding
from newsletter.ranking.grouping import group
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.ranking.taste import TasteModel, learn, unpack_taste_model
from tests.factories import TODAY, make_paper, make_profile, make_topic

FRUIT = ["pear", "quince", "orchard", "apple", "branch", "blossom", "harvest", "juice", "cider", "peel"]
METAL = ["kettle", "spoon", "copper", "forge", "anvil", "rivet", "polish", "handle", "spout", "alloy"]
COMMON = ["study", "method", "result", "model", "data", "we", "show", "new", "large", "small"]


def library(number: int = 60) -> list[Paper]:
    """Papers on fruit (even) and on metal (odd)."""
    chance = random.Random(1)  # noqa: S311 - the same papers in every run
    papers = []
    for identity in range(number):
        words = chance.choices(METAL if identity % 2 else FRUIT, k=25) + chance.choices(COMMON, k=15)
        chance.shuffle(words)
        papers.append(
            make_paper(
                id=identity, title=" ".join(words[:5]), abstract=" ".join(words[5:]), arxiv_id=f"2605.{identity:05}"
            )
        )
    return papers


@pytest.fixture(scope="module")
def placed() -> PaperVectors:
    made = make_embedding(library())
    assert made is not None
    return made.place(library())


def learned(placed: PaperVectors, liked: list[int], disliked: list[int] | None = None) -> TasteModel:
    taste = learn(placed, liked, disliked or [])
    assert taste is not None
    return taste


@pytest.mark.parametrize("liked", [[0], [0, 2], [0, 2, 4, 6, 8]])
def test_what_is_like_the_liked_is_above_all_else(placed: PaperVectors, liked: list[int]) -> None:
    values = learned(placed, liked).judge(placed)
    assert values[0::2].min() > values[1::2].max()
    assert abs(float(values.mean())) < 1e-4


def test_what_is_disliked_sinks(placed: PaperVectors) -> None:
    assert learned(placed, [0], [2]).judge(placed)[2] < learned(placed, [0]).judge(placed)[2]


def test_without_a_liked_paper_nothing_is_known(placed: PaperVectors) -> None:
    assert learn(placed, []) is None
    assert learn(placed, [], [3]) is None


def test_papers_that_nothing_was_learned_from_are_judged_alike(placed: PaperVectors) -> None:
    made = make_embedding(library(60))
    assert made is not None
    values = learned(placed, [0, 2]).judge(made.place(library(80)[60:]))
    assert values[0::2].min() > values[1::2].max()


def test_it_is_the_same_every_time_and_when_kept(placed: PaperVectors) -> None:
    made = make_embedding(library())
    assert made is not None
    kept = unpack_embedding(made.pack()).place(library())
    taste = learned(placed, [0, 3], [5])
    assert np.allclose(taste.judge(placed), learned(made.place(library()), [0, 3], [5]).judge(placed), atol=1e-4)
    assert np.allclose(unpack_taste_model(taste.pack()).judge(kept), taste.judge(placed), atol=0.02)


@pytest.mark.parametrize(
    "papers", [[], library(5), [make_paper(id=n, title="the same", abstract="") for n in range(50)]]
)
def test_of_papers_too_few_or_too_alike_nothing_is_learned(papers: list[Paper]) -> None:
    assert make_embedding(papers) is None


def test_taste_moves_papers_within_a_topic_and_never_past_an_exclusion() -> None:
    papers = library(20)
    topics = (make_topic("All", ("study", "method", "result", "model", "data"), ("spoon",)),)
    profile = make_profile(topics=topics, max_per_section=50, max_papers=50)
    matcher = Matcher(PaperIndex(papers))
    metal = np.array([3.0 if number % 2 else -3.0 for number in range(20)], np.float32)

    def shown(taste: np.ndarray[tuple[int], np.dtype[np.float32]] | None) -> list[int]:
        return [
            item.paper.id for section in group(matcher, profile, frozenset(), TODAY, taste) for item in section.items
        ]

    before, after = shown(None), shown(metal)
    assert sorted(before) == sorted(after)
    assert all(number % 2 for number in after[: sum(number % 2 for number in after)])
    assert not any("spoon" in f"{papers[number].title} {papers[number].abstract}" for number in after)
