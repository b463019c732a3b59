from __future__ import annotations

import numpy as np

from newsletter.ranking.diversity import Similarity
from newsletter.ranking.serendipity import Neighbourhood, border
from tests.factories import make_paper


def neighbourhood(*texts: str) -> Neighbourhood:
    return Neighbourhood(Similarity([make_paper(id=n, title="", abstract=text) for n, text in enumerate(texts)]))


def test_nearness_is_one_for_a_typical_match_and_zero_without_a_word_in_common() -> None:
    of = neighbourhood(
        "pears cellar orchard", "pears cellar", "apples cellar orchard", "apples cellar kettle", "kettle"
    )
    nearness = of.nearness("pears", np.array([True, True, False, False, False]))

    assert nearness[:2].mean() == 1
    assert nearness[0] > nearness[2] > nearness[3] > nearness[4] == 0


def test_rare_words_say_more_than_frequent_ones() -> None:
    of = neighbourhood("pears rare common", "a rare", "b common", "c common", "d common", "d pears")
    nearness = of.nearness("pears", np.array([True, False, False, False, False, True]))

    assert nearness[1] > nearness[2]


def test_nothing_is_near_a_topic_without_papers_or_papers_without_words() -> None:
    assert neighbourhood("pears", "pears").nearness("apples", np.zeros(2, np.bool_)).tolist() == [0, 0]
    assert neighbourhood("", "").nearness("pears", np.ones(2, np.bool_)).tolist() == [0, 0]
    assert neighbourhood().nearness("pears", np.zeros(0, np.bool_)).tolist() == []


def test_words_that_most_papers_hold_bring_none_nearer() -> None:
    texts = ["we pears cellar", "we apples cellar", *(f"we kettle {number}" for number in range(20))]
    nearness = neighbourhood(*texts).nearness("pears", np.array([number == 0 for number in range(22)]))

    assert nearness[1] > 0
    assert not nearness[2:].any()


def test_at_the_border_are_the_nearest_of_which_the_best_comes_first() -> None:
    nearness = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6], np.float32)
    popular = np.array([9.0, 9.0, 1.0, 0.0, 0.0, 0.0, 0.0], np.float32)

    # The five nearest; of these, what else speaks for a paper counts beside how near it is.
    assert border(range(7), nearness, popular) == [2, 6, 5, 4, 3]
    assert border(range(7), nearness, popular, {2}) == [1, 6, 5, 4, 3]
    assert border([0], nearness, popular) == []
    assert border([], nearness, popular) == []


def test_the_border_is_a_tenth_of_many_papers() -> None:
    nearness = np.linspace(0, 1, 100, dtype=np.float32)

    assert border(range(100), nearness, np.zeros(100, np.float32)) == list(range(99, 89, -1))


def test_without_upvotes_the_nearest_is_chosen_and_ties_keep_their_order() -> None:
    nearness = np.array([0.5, 0.7, 0.7, 0.1], np.float32)

    assert border([3, 2, 1, 0], nearness, np.zeros(4, np.float32)) == [2, 1, 0, 3]
