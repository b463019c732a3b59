from __future__ import annotations

import io

import numpy as np
import pytest

from newsletter.ranking.embedding import PaperVectors, make_embedding, unpack_embedding
from newsletter.ranking.grouping import group
from newsletter.ranking.index import PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.ranking.taste import VERSION, TasteModel, fading, learn, unpack_taste_model
from tests.factories import TODAY, make_profile, make_topic
from tests.ranking.conftest import library


def model(vectors: PaperVectors, liked: list[int], disliked: list[int] | None = None) -> TasteModel:
    taste = learn(vectors, liked, disliked or [])
    assert taste is not None
    return taste


@pytest.mark.parametrize("liked", [[0], [0, 2], [0, 2, 4, 6, 8]])
def test_papers_like_the_liked_ones_score_highest(vectors: PaperVectors, liked: list[int]) -> None:
    values = model(vectors, liked).judge(vectors)
    assert values[0::2].min() > values[1::2].max()
    assert abs(float(values.mean())) < 1e-4


def test_a_disliked_paper_scores_lower(vectors: PaperVectors) -> None:
    assert model(vectors, [0], [2]).judge(vectors)[2] < model(vectors, [0]).judge(vectors)[2]


def test_a_disliked_paper_of_another_field_changes_little(vectors: PaperVectors) -> None:
    liked, near, far = [0, 2, 4], [6, 8], [7, 9]
    before, with_far, with_near = (model(vectors, liked, one).judge(vectors) for one in ([], far, near))

    assert np.corrcoef(before, with_far)[0, 1] > np.corrcoef(before, with_near)[0, 1]
    assert np.corrcoef(before, with_far)[0, 1] > 0.99


def test_a_near_dislike_counts_among_many_far_ones(vectors: PaperVectors) -> None:
    liked, far = [0, 2, 4], list(range(7, 27, 2))
    with_near, without = model(vectors, liked, [6, *far]), model(vectors, liked, far)

    assert with_near.judge(vectors)[6] < without.judge(vectors)[6]


def test_tastes_that_change_are_followed(vectors: PaperVectors) -> None:
    fruit, metal = list(range(0, 20, 2)), [1, 3, 5]
    ages = [400.0] * len(fruit) + [1.0] * len(metal)
    weights = dict(zip(fruit + metal, fading(ages, 60).tolist(), strict=True))
    faded, even = learn(vectors, fruit + metal, weights=weights), model(vectors, fruit + metal)

    assert faded is not None
    of_faded, of_even = faded.judge(vectors), even.judge(vectors)
    assert of_even[30::2].mean() > of_even[31::2].mean()
    assert of_faded[31::2].mean() > of_faded[30::2].mean()


def test_feedback_fades_relative_to_the_latest() -> None:
    assert fading([0, 180, 360], 180).tolist() == [1, 0.5, 0.25]
    assert fading([100, 280], 180).tolist() == [1, 0.5]
    assert fading([0, 10**6], 180).tolist() == [1, np.float32(0.001)]
    assert fading([], 180).tolist() == []


def test_without_a_liked_paper_there_is_no_model(vectors: PaperVectors) -> None:
    assert learn(vectors, []) is None
    assert learn(vectors, [], [3]) is None


def test_papers_outside_of_the_archive_are_scored_alike(vectors: PaperVectors) -> None:
    embedding = make_embedding(library(60))
    assert embedding is not None
    values = model(vectors, [0, 2]).judge(embedding.place(library(80)[60:]))
    assert values[0::2].min() > values[1::2].max()


def test_scores_are_deterministic_and_survive_serialization(vectors: PaperVectors) -> None:
    embedding = make_embedding(library())
    assert embedding is not None
    restored = unpack_embedding(embedding.pack()).place(library())
    taste = model(vectors, [0, 3], [5])
    assert np.allclose(taste.judge(vectors), model(embedding.place(library()), [0, 3], [5]).judge(vectors), atol=1e-4)
    unpacked = unpack_taste_model(taste.pack())
    assert unpacked is not None
    assert np.allclose(unpacked.judge(restored), taste.judge(vectors), atol=0.02)


def test_models_of_earlier_releases_are_read(vectors: PaperVectors) -> None:
    taste, content = model(vectors, [0, 3], [5]), io.BytesIO()
    words = taste.words.astype(np.float16)
    np.savez_compressed(content, version=VERSION, towards=taste.towards, words=words, scale=taste.scale)
    before, now = unpack_taste_model(content.getvalue()), unpack_taste_model(taste.pack())
    assert before is not None
    assert now is not None
    assert before.judge(vectors).tolist() == now.judge(vectors).tolist()


def test_a_model_of_an_earlier_version_is_none() -> None:
    content = io.BytesIO()
    np.savez_compressed(content, towards=np.ones(100), words=np.ones(9), scales=np.ones((3, 2)))
    assert unpack_taste_model(content.getvalue()) is None
    assert unpack_taste_model(np.array([VERSION - 1, 0, 1, 0]).tobytes()) is None


def test_classifiers_count_the_more_the_more_papers_are_liked(vectors: PaperVectors) -> None:
    few, many = model(vectors, [0]), model(vectors, list(range(0, 30, 2)))
    assert np.linalg.norm(many.words) > np.linalg.norm(few.words) > 0


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
