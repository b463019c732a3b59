from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.ranking.index import Field, Match, PaperIndex
from newsletter.text import words
from tests.factories import make_paper, make_topic


def found(keyword: str, title: str = "", abstract: str = "", keywords: tuple[str, ...] = ()) -> Field | None:
    paper = make_paper(title=title, abstract=abstract, keywords=keywords)
    return PaperIndex([paper]).find(keyword).get(paper.id)


@pytest.mark.parametrize(
    ("keyword", "title"),
    [
        ("rag", "RAG for Pears"),
        ("in-context learning", "Incontestable In Context Learning"),
        ("in context learning", "On In-Context-Learning"),
        ("agent", "Agents at Sea"),
        ("agents", "The Agent's Kettle"),
        ("GPU", "Ten GPUs"),
        ("policy", "Policies for Robots"),
        ("Gödel", "A GÖDEL Machine"),
        ("学習", "文脈内学習の話"),
        ("3D", "Pears in 3d"),
    ],
)
def test_words_are_found_across_case_hyphens_and_plurals(keyword: str, title: str) -> None:
    assert found(keyword, title) is Field.TITLE


@pytest.mark.parametrize(
    ("keyword", "title"),
    [
        ("rag", "Fragments of Dragons"),
        ("agent", "Reagents"),
        ("in-context learning", "Learning In Context"),
        ("in-context learning", "In Context: Deep Learning"),
        ("pear tree", "Tree Pear"),
    ],
)
def test_parts_of_words_and_scattered_phrases_are_not(keyword: str, title: str) -> None:
    assert found(keyword, title) is None


def test_the_strongest_place_counts() -> None:
    assert found("pear", "Pears", "Of pears.", ("pear",)) is Field.TITLE
    assert found("pear", "Fruit", "Of pears.", ("pear",)) is Field.KEYWORDS
    assert found("pear", "Fruit", "Of pears.") is Field.ABSTRACT


def test_a_phrase_does_not_run_from_one_keyword_of_a_paper_into_the_next() -> None:
    assert found("winter pear", keywords=("kettles in winter", "pear trees")) is None


def test_a_topic_matches_by_any_keyword_and_tells_what_excludes() -> None:
    pears = make_paper(id=1, title="Pears in Winter")
    survey = make_paper(id=2, title="A Survey of Pears", abstract="Of orchards.")
    kettles = make_paper(id=3, title="Kettles", abstract="")
    topic = make_topic("Fruit", ("pear", "orchard"), ("survey",))

    assert PaperIndex([pears, survey, kettles]).match(topic) == {
        1: Match({"pear": Field.TITLE}, None),
        2: Match({"pear": Field.TITLE, "orchard": Field.ABSTRACT}, "survey"),
    }


vocabulary = st.lists(
    st.sampled_from(["pear", "pears", "in-context", "in", "context", "Kettle", "a|b", "x"]), max_size=8
)


@given(st.lists(vocabulary, max_size=5), vocabulary.filter(lambda typed: words(" ".join(typed)) != []))
@settings(max_examples=200)
def test_what_is_found_is_what_a_plain_search_through_the_words_finds(
    titles: list[list[str]], typed: list[str]
) -> None:
    papers = [make_paper(id=n, title=" ".join(title), abstract="") for n, title in enumerate(titles)]
    phrase = words(" ".join(typed))

    def holds(title: list[str]) -> bool:
        text = words(" ".join(title))
        return any(text[start : start + len(phrase)] == phrase for start in range(len(text)))

    assert set(PaperIndex(papers).find(" ".join(typed))) == {n for n, title in enumerate(titles) if holds(title)}


@pytest.mark.parametrize("nothing", ["", " ", "-", "?!", "…"])
def test_a_keyword_without_words_is_found_nowhere(nothing: str) -> None:
    assert PaperIndex([make_paper(title="Pears - and ?! Kettles", abstract="")]).find(nothing) == {}


typed_text = st.text(st.sampled_from("aAbsS'-_ |$.é学習3"), max_size=12)


@given(
    st.lists(st.tuples(typed_text, st.lists(typed_text, max_size=3), typed_text), max_size=4),
    typed_text.filter(lambda typed: words(typed) != []),
)
@settings(max_examples=100)
def test_the_place_is_the_first_of_title_keywords_and_abstract_whose_words_hold_the_phrase(
    library: list[tuple[str, list[str], str]], keyword: str
) -> None:
    papers = [
        make_paper(id=number, title=title, keywords=tuple(keywords), abstract=abstract)
        for number, (title, keywords, abstract) in enumerate(library)
    ]
    phrase = words(keyword)

    def holds(text: str) -> bool:
        spoken = words(text)
        return any(spoken[start : start + len(phrase)] == phrase for start in range(len(spoken)))

    def place(title: str, keywords: list[str], abstract: str) -> Field | None:
        if holds(title):
            return Field.TITLE
        if any(map(holds, keywords)):
            return Field.KEYWORDS
        return Field.ABSTRACT if holds(abstract) else None

    expected = {number: place(*texts) for number, texts in enumerate(library)}
    assert PaperIndex(papers).find(keyword) == {number: where for number, where in expected.items() if where}
