from __future__ import annotations

from math import inf, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.topics.places import Places
from newsletter.topics.spellings import near_of, phrase_of

#: The texts of a field, one for each paper: words as the index keeps them, with a bar between passages.
TEXTS = (
    " agent that plan ",
    " plan with some agent ",
    " agent are here far away from what other plan ",
    " agent | plan ",
    "",
    " in context planning ",
)


def holding(texts: tuple[str, ...], one: str, other: str, window: float, stems: tuple[str, str]) -> set[int]:
    places = Places(texts)
    found = [places.of(phrase_of(text), stem) for text, stem in zip((one, other), stems, strict=True)]
    return places.together(found, window)


@pytest.mark.parametrize(
    ("window", "papers"),
    [(2, set()), (3, {0}), (4, {0, 1}), (9, {0, 1, 2}), (inf, {0, 1, 2})],
)
def test_papers_hold_words_among_so_many_of_a_passage(window: float, papers: set[int]) -> None:
    assert holding(TEXTS, "agent", "plan", window, ("agent", "plan")) == papers


def test_a_compound_begins_where_its_first_word_stands() -> None:
    assert holding(TEXTS, "in-context", "planning", 3, ("", "plan")) == {5}
    assert holding(TEXTS, "in-context", "planning", 2, ("", "plan")) == set()
    assert holding(TEXTS, "context-in", "planning", inf, ("", "plan")) == set()


def test_a_paper_holds_one_of_the_words_in_any_form() -> None:
    places = Places(TEXTS)
    assert places.holders(near_of("agents planning")) == {0, 1, 2, 3, 5}
    assert places.holders(near_of("agents kettles")) == {0, 1, 2, 3}
    assert places.holders(near_of("in-context kettles")) == {5}


def test_what_nobody_wrote_is_nowhere() -> None:
    assert holding(TEXTS, "agent", "kettle", inf, ("agent", "kettl")) == set()
    assert holding((), "agent", "plan", inf, ("agent", "plan")) == set()


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", "|"]), max_size=10), max_size=5),
    st.integers(1, 5) | st.just(inf),
)
def test_places_tell_what_a_look_at_each_window_tells(papers: list[list[str]], window: float) -> None:
    def holds(paper: list[str]) -> bool:
        passages = [passage.split() for passage in " ".join(paper).split("|")]
        size = 100 if window == inf else int(window)
        return any({"a", "b"} <= set(words[at : at + size]) for words in passages for at in range(len(words)))

    texts = tuple(f" {' '.join(paper)} " for paper in papers)
    expected = {number for number, paper in enumerate(papers) if holds(paper)}
    assert holding(texts, "a", "b", window, ("a", "b")) == expected


@given(st.lists(st.lists(st.sampled_from(["agent", "plan", "tree"]), max_size=6), max_size=5))
def test_where_a_word_is_first_does_not_depend_on_which_words_are_kept(texts: list[list[str]]) -> None:
    phrase = phrase_of("plan")
    for places in (Places([" ".join(text) for text in texts], asked) for asked in (None, {"plan", "planet"})):
        first = places.first(places.of(phrase, ""))

        expected = [text.index("plan") / len(text) if "plan" in text else None for text in texts]
        assert [None if isnan(where) else where for where in first.tolist()] == pytest.approx(expected)
