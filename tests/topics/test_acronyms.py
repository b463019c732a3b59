from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.topics.acronyms import Definitions, definitions, offers
from newsletter.topics.query import format_query, parse
from tests.factories import make_paper


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We ask large language models (LLMs) to knit.", [("LLM", "large language model")]),
        ("Mixture-of-Experts (MoE) kettles", [("MoE", "Mixture-of-Experts")]),
        ("Patients with multiple sclerosis (MS) and x-rays", [("MS", "multiple sclerosis")]),
        ("Partially observable Markov decision processes (POMDPs)",
         [("POMDP", "Partially observable Markov decision processes")]),
        ("Retrieval-augmented generation (RAG). In-context learning (ICL)",
         [("RAG", "Retrieval-augmented generation"), ("ICL", "In-context learning")]),
        ("The kettle (LLM) and a pot (see below), (RAG)", []),
        ("A tale of Kettles (KETTLES)", []),
        ("Fig. 1 (FP) of Freedom. Pears (FP)", []),
        ("as of (A) and of (Ab)", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_text_defines_acronyms(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(definitions(text)) == expected


@given(st.text("aAbB ().-s", max_size=60) | st.text(max_size=60))
def test_a_definition_is_in_the_text_and_begins_as_its_acronym(text: str) -> None:
    for short, long in definitions(text):
        assert f"({short}" in text
        assert set(long.split()) <= set(text.replace("(", " ").split()) | {long.split()[-1]}
        assert long[0].lower() == short[0].lower()


PAPERS = [
    make_paper(
        id=number,
        title=f"Kettle {number}",
        abstract="Large language models (LLMs) and Retrieval-Augmented Generation (RAG) boil. "
        + (
            "A Model Context Protocol (MCP) of mixture-of-experts (MoE)."
            if number
            else "A minimum convex polygon (MCP)."
        ),
    )
    for number in range(3)
]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("RAG", [('"retrieval-augmented generation"', 3)]),
        ("rag", [('"retrieval-augmented generation"', 3)]),
        ("LLM agents", [("large language model agents", 3)]),
        ("large language models agents", [("LLM agents", 3)]),
        ('"retrieval augmented generation"', [("RAG", 3)]),
        ("moes", [("mixture-of-experts", 2)]),
        ("title:RAG -survey", [('title:"retrieval-augmented generation"', 3)]),
        # One paper may be mistaken.
        ("MCP", [('"model context protocol"', 2)]),
        # What is asked for already is not offered.
        ('RAG OR "retrieval-augmented generation"', []),
        ("retrieval-augmented generation / RAG", []),
        ("large language models, LLMs", []),
        ("kettle -RAG", []),
        ("RA* author:RAG", []),
    ],
)
def test_what_the_papers_write_a_topic_as_is_offered(query: str, expected: list[tuple[str, int]]) -> None:
    found = offers(PAPERS, parse(query))
    assert [(str(offer), offer.papers) for offer in found] == expected
    assert all(parse(f"({query}) OR {offer}") for offer in found)


def test_the_most_common_are_offered_first() -> None:
    found = offers(PAPERS, parse("MCP OR RAG"))
    assert [offer.papers for offer in found] == [3, 2]
    assert offers([], parse("RAG")) == []


@pytest.mark.parametrize(
    ("query", "widened"),
    [
        ("LLM knitting", "LLM knitting OR large language model knitting"),
        ('"large language model" -LLM', '("large language model" OR LLM) -LLM'),
        ("title:LLM^2 OR pears", '(title:LLM OR title:"large language model")^2 OR pears'),
        ("pears", "pears"),
        ("-LLM pears", "-LLM pears"),
    ],
)
def test_a_query_is_widened_by_what_its_terms_are_defined_as(query: str, widened: str) -> None:
    papers = [make_paper(id=n, abstract="We ask large language models (LLMs) to knit.") for n in range(2)]
    assert format_query(Definitions(papers).widened(parse(query))) == format_query(parse(widened))


def test_a_query_is_not_widened_by_an_acronym_of_other_meanings() -> None:
    texts = ["Flow matching (FM).", "Flow matching (FM).", *["A foundation model (FM)."] * 3]
    papers = [make_paper(id=n, abstract=text) for n, text in enumerate(texts)]
    node = parse("flow matching")
    assert Definitions(papers, 0.8).widened(node) == node != Definitions(papers, 0.4).widened(node)
