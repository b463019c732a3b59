from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from newsletter.models import Paper
from newsletter.ranking import topic_model
from newsletter.ranking.embedding import Vectors, make_embedding
from newsletter.ranking.index import Flags, PaperIndex
from newsletter.ranking.matching import Matcher
from newsletter.ranking.topic_model import (
    Examples,
    TopicModel,
    choose_examples,
    in_title,
    learn_apart,
    learn_topic,
    text_terms,
    topic_words,
    unpack_topic_model,
    with_sure_mentions,
)
from newsletter.topics.query import parse
from tests.factories import make_paper
from tests.ranking.conftest import library


@pytest.fixture(scope="module")
def placed() -> Vectors:
    """The places of sixty papers on fruit (even) and metal (odd)."""
    embedding = make_embedding(library())
    assert embedding is not None
    return embedding.place_by_title(library())


@pytest.fixture(autouse=True)
def _small_archives_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic_model, "SMALLEST_ARCHIVE", 6)


def learned(placed: Vectors, examples: Examples) -> TopicModel:
    model = learn_topic(placed, examples, matching(placed, examples))
    assert model is not None
    return model


def matching(placed: Vectors, examples: Examples) -> Flags:
    """Return which papers match, if none does but the examples."""
    matches = np.zeros(len(placed), np.bool_)
    matches[examples.rows] = True
    return matches


def chosen(papers: list[Paper], query: str) -> Examples | None:
    matcher = Matcher(PaperIndex(papers))
    result = matcher.evaluate(query)
    return choose_examples(matcher.index, matcher.node(query), result.matches, result.strength)


def orchard(titled: int, mentioned: int) -> list[Paper]:
    """Papers that name pears in their title, and papers that mention them."""
    titles = ["On pears"] * titled + ["On fruit"] * mentioned
    texts = ["About fruit."] * titled + [
        "As pears are." if number % 2 else "Pears, pears." for number in range(mentioned)
    ]
    return [
        make_paper(id=number, title=title, abstract=text, arxiv_id=f"2605.{number:05}")
        for number, (title, text) in enumerate(zip(titles, texts, strict=True))
    ]


def test_papers_of_the_subject_score_higher_than_any_other(placed: Vectors) -> None:
    scores = learned(placed, Examples(range(0, 12, 2))).judge(placed)
    assert scores[0::2].min() > scores[1::2].max()


def test_a_typical_example_scores_about_one_and_papers_of_other_subjects_zero(placed: Vectors) -> None:
    for first in (0, 1):  # one threshold means the same for every topic
        scores = learned(placed, Examples(range(first, 20, 2))).judge(placed)
        assert abs(float(np.median(scores[1 - first :: 2]))) < 0.4
        assert 0.8 < float(np.median(scores[first:20:2])) < 1.2


def test_a_paper_that_matches_and_is_no_example_is_no_counterexample_either(placed: Vectors) -> None:
    examples = Examples(range(0, 12, 2))
    matches = matching(placed, examples)
    matches[12:60:2] = True
    free = learn_topic(placed, examples, matches)
    assert free is not None
    assert free.judge(placed)[12::2].mean() > learned(placed, examples).judge(placed)[12::2].mean() + 0.1


def test_few_examples_count_as_much_as_all_counterexamples(placed: Vectors) -> None:
    scores = learned(placed, Examples(range(0, 10, 2))).judge(placed)
    assert scores[0:10:2].min() > 0.8


def test_scores_are_rounded_and_survive_the_store(placed: Vectors) -> None:
    model = learned(placed, Examples(range(0, 12, 2)))
    again = unpack_topic_model(model.pack())
    scores = again.judge(placed)
    assert np.array_equal(scores, model.judge(placed))
    assert np.array_equal(scores, np.round(scores, 2))


def test_what_a_topics_words_say_apart_survives_the_store(placed: Vectors) -> None:
    examples = Examples(range(0, 12, 2))
    axes = np.eye(placed.shape[1], dtype=np.float32)[:, 5:8]
    apart = learn_apart(placed, examples, matching(placed, examples), axes)
    assert apart is not None
    again = unpack_topic_model(replace(learned(placed, examples), apart=apart).pack())
    assert again.apart is not None
    assert np.array_equal(again.apart.judge(placed), apart.judge(placed))
    assert np.array_equal(again.judge(placed), learned(placed, examples).judge(placed))


def test_apart_from_its_words_a_paper_scores_the_same_wherever_it_is_along_them(placed: Vectors) -> None:
    examples = Examples(range(0, 12, 2))
    axes = np.linalg.qr(placed[:3].T)[0].astype(np.float32)
    apart = learn_apart(placed, examples, matching(placed, examples), axes)
    assert apart is not None
    moved = placed + axes @ np.ones(3, np.float32)
    assert np.allclose(apart.judge(moved), apart.judge(placed), atol=0.02)


def test_the_mean_of_two_models_scores_their_mean(placed: Vectors) -> None:
    one, other = learned(placed, Examples(range(0, 12, 2))), learned(placed, Examples(range(0, 20, 2)))
    mean = (one.judge(placed) + other.judge(placed)) / 2
    assert np.allclose(one.mean(other).judge(placed), mean, atol=0.02)


def test_the_words_of_a_topic_are_those_that_say_what_it_is_about() -> None:
    assert topic_words(parse("(multi-agent systems OR RAG) author:Example -survey")) == {
        "multi",
        "agent",
        "system",
        "rag",
    }


def test_a_small_archive_teaches_nothing(placed: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = Examples(range(0, 12, 2))
    monkeypatch.setattr(topic_model, "SMALLEST_ARCHIVE", len(placed) + 1)
    assert learn_topic(placed, examples, matching(placed, examples)) is None


def test_mentions_that_a_model_is_sure_of_become_examples(placed: Vectors) -> None:
    examples = Examples(range(0, 12, 2), [12])
    model = learned(placed, examples)
    mentions = np.full(len(placed), np.nan, np.float32)
    mentions[[0, 12, 14, 16]] = [0, 0, 2, -2]  # known, known, early, late
    more = with_sure_mentions(examples, model, placed, mentions)
    assert more == Examples(examples.titles, [12, 14])


def test_an_example_that_is_no_title_counts_less(placed: Vectors) -> None:
    fruit = range(0, 12, 2)
    with_title, without = learned(placed, Examples([*fruit, 1])), learned(placed, Examples(fruit, [1]))
    assert without.judge(placed)[1] < with_title.judge(placed)[1]


def test_examples_without_anything_in_common_teach_nothing() -> None:
    apart = np.eye(6, dtype=np.float32)
    assert learn_topic(apart, Examples(range(5)), np.arange(6) < 5) is None


def test_titles_are_the_examples_and_the_strongest_mentions_only_where_they_are_few() -> None:
    assert chosen(orchard(titled=9, mentioned=4), "pear") == Examples(list(range(9)), [])
    assert chosen(orchard(titled=5, mentioned=6), "pear") == Examples(list(range(5)), [5, 7, 9])


def test_fewer_than_five_examples_are_too_few() -> None:
    assert chosen(orchard(titled=2, mentioned=2), "pear") is None
    assert chosen(orchard(titled=2, mentioned=3), "pear") is not None


def test_at_most_two_hundred_of_the_latest_are_examples() -> None:
    assert chosen(orchard(titled=230, mentioned=0), "pear") == Examples(list(range(200)), [])


@pytest.mark.parametrize("query", ["author:Example", "cat:cs.CL", "source:huggingface OR org:Example"])
def test_names_and_codes_are_no_subject_to_learn(query: str) -> None:
    assert text_terms(parse(query)) == []
    assert chosen(orchard(titled=9, mentioned=0), query) is None


def test_what_is_excluded_is_not_looked_for_in_titles() -> None:
    index = PaperIndex(orchard(titled=1, mentioned=1))
    assert in_title(index, parse("fruit -pear")).tolist() == [False, True]
