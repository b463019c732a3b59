from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ranking import serendipity
from newsletter.ranking.diversity import Similarity
from newsletter.ranking.serendipity import Neighbourhood, border
from tests.factories import make_paper


def neighbourhood(*texts: str) -> Neighbourhood:
    return Neighbourhood(Similarity([make_paper(id=n, title="", abstract=text) for n, text in enumerate(texts)]))


def test_nearness_is_one_for_a_typical_match_and_zero_without_a_word_in_common() -> None:
    of = neighbourhood(
        "pears cellar orchard", "pears cellar", "apples cellar orchard", "apples cellar kettle", "kettle"
    )
    nearness = of.nearness("pears", 0b00011)

    assert nearness[:2].mean() == 1
    assert nearness[0] > nearness[2] > nearness[3] > nearness[4] == 0


def test_rare_words_say_more_than_frequent_ones() -> None:
    of = neighbourhood("pears rare common", "a rare", "b common", "c common", "d common", "d pears")
    nearness = of.nearness("pears", 0b100001)

    assert nearness[1] > nearness[2]


def test_nothing_is_near_a_topic_without_papers_or_papers_without_words() -> None:
    assert neighbourhood("pears", "pears").nearness("apples", 0).tolist() == [0, 0]
    assert neighbourhood("", "").nearness("pears", 0b11).tolist() == [0, 0]
    assert neighbourhood().nearness("pears", 0).tolist() == []


def test_words_that_most_papers_hold_bring_none_nearer() -> None:
    texts = ["we pears cellar", "we apples cellar", *(f"we kettle {number}" for number in range(20))]
    nearness = neighbourhood(*texts).nearness("pears", 1)

    assert nearness[1] > 0
    assert not nearness[2:].any()


@pytest.mark.parametrize("few", [0, 2000])
@given(data=st.data())
def test_by_the_papers_of_its_terms_a_query_is_as_near_to_each_as_by_its_own(few: int, data: st.DataObject) -> None:
    words = st.lists(
        st.sampled_from(["pear", "apple", "cellar", "orchard", "kettle", "wine", "robot", "agent"]), max_size=5
    )
    texts = data.draw(st.lists(words, min_size=1, max_size=12))
    papers = st.integers(0, (1 << len(texts)) - 1)
    matches, terms, of = (
        data.draw(papers),
        data.draw(st.lists(papers, max_size=4)),
        neighbourhood(*map(" ".join, texts)),
    )
    with patch.object(serendipity, "_FEW", few):
        plain, by_terms = of.nearness("plain", matches), of.nearness("by terms", matches, terms)

    assert by_terms.tolist() == pytest.approx(plain.tolist(), rel=1e-6)
    assert (by_terms > 0).tolist() == (plain > 0).tolist()


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
