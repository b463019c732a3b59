from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.topics.query import parse
from newsletter.topics.spellings import Vocabulary, literal, near_of, phrase_of

KNOWN = frozenset((
    "in", "context", "incontext", "learning", "multi", "agent", "multiagent", "system", "for", "get", "forget", "news",
    "letter", "newsletter", "ad", "hoc", "adhoc", "contextr", "1",
))  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "spellings"),
    [
        ("in-context learning", {"in context learning", "incontext learning"}),
        ("incontext", {"incontext", "in context"}),
        ("multi agent systems", {"multi agent system", "multiagent system"}),
        ("multiagent", {"multiagent", "multi agent"}),
        # No compound begins or ends with a word like "for".
        ("forget", {"forget"}),
        ("newsletters", {"newsletter", "news letter"}),
        ("adhoc", {"adhoc"}),
        ("adhoc agent", {"adhoc agent", "ad hoc agent"}),
        ("inhoc agent", set()),
        ("Context-R1", {"contextr 1"}),
        ("pears", set()),
        ("agent of context", set()),
    ],
)
def test_a_phrase_has_the_spellings_whose_words_all_exist(typed: str, spellings: set[str]) -> None:
    assert {" ".join(one) for one in phrase_of(typed).spellings(Vocabulary(KNOWN.__contains__))} == spellings


@given(st.lists(st.sampled_from(sorted(KNOWN)), min_size=1, max_size=5), st.frozensets(st.sampled_from(sorted(KNOWN))))
def test_spellings_have_the_same_characters_and_only_known_words(typed: list[str], known: frozenset[str]) -> None:
    phrase = phrase_of(" ".join(typed))
    for one in phrase.spellings(Vocabulary(known.__contains__)):
        assert known.issuperset(one)
        assert "".join(one) in ("".join(phrase.parts), "".join(phrase.surfaces))


@pytest.mark.parametrize(
    ("typed", "is_hyphenated", "mark", "whole"),
    [
        ("to-code", True, "", "+tocode"),
        ("in-context", False, "", "+incontext"),
        ("to code", False, "", ""),
        ("RAGs", False, "=RAG", "+rag"),
        ("Rag", False, "", "+rag"),
    ],
)
def test_a_phrase_knows_its_hyphens_and_capitals(typed: str, is_hyphenated: bool, mark: str, whole: str) -> None:
    phrase = phrase_of(typed)
    assert (phrase.is_hyphenated, phrase.mark, phrase.whole) == (is_hyphenated, mark, whole)


@pytest.mark.parametrize(
    ("typed", "each", "marks"),
    [
        ("agents planning", ["agent", "planning"], ()),
        ("theory of mind", ["theory", "mind"], ()),
        ("multi-agent planning", ["multi agent", "planning"], ()),
        ("RAG agents", ["rag", "agent"], (("=RAG", "ragagent"),)),
        # All in capitals is a way to write, and asks for none.
        ("RAG LLM", ["rag", "llm"], ()),
        # One word, however often, is near nothing.
        ("planning planned", [], ()),
        ("the agents", [], ()),
    ],
)
def test_words_side_by_side_have_to_be_near_each_other(
    typed: str, each: list[str], marks: tuple[tuple[str, ...], ...]
) -> None:
    near = near_of(typed)
    assert ([" ".join(one.parts) for one in near.each], near.marks) == (each, marks)
    assert near.window == 3 * len(each)
    assert near.phrase == phrase_of(typed)


@pytest.mark.parametrize(
    ("excluded", "is_literal"),
    [("speeches", True), ("speech", False), ("speech*", False), ("LLMs", False), ("cat:cs.CL", False)],
)
def test_only_an_excluded_plural_means_itself(excluded: str, is_literal: bool) -> None:
    node = parse(excluded)
    assert (literal(node) != node) is is_literal


def test_what_is_excluded_is_literal_in_all_its_parts() -> None:
    assert str(literal(parse("a OR (b speeches^2)"))).count("is_literal=True") == 1
