from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.topics.highlight import highlight
from newsletter.topics.query import parse, wanted_terms


def marked(text: str, query: str) -> str:
    return "".join(f"[{piece}]" if is_hit else piece for piece, is_hit in highlight(text, wanted_terms(parse(query))))


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Pears and Kettles", "kettle", "Pears and [Kettles]"),
        ("On In-Context Learning", '"in context learning"', "On [In-Context Learning]"),
        ("Incontext cooking", "in-context", "[Incontext] cooking"),
        ("Cooking in context", "incontext", "Cooking [in context]"),
        ("Transformers transform forms", "transf*", "[Transformers transform] forms"),
        ("A pear, a kettle", "pear OR kettle -a", "A [pear], a [kettle]"),
        ("A pear (PEAR), pear", "pear", "A [pear] ([PEAR]), [pear]"),
        # Terms of other fields are looked for elsewhere.
        ("A pear, a kettle", "title:pear OR author:kettle OR abstract:kettle", "A pear, a [kettle]"),
        ("Nothing", "pear", "Nothing"),
        ("", "pear", ""),
    ],
)
def test_matches_of_a_query_are_highlighted(text: str, query: str, expected: str) -> None:
    assert marked(text, query) == expected


def test_a_title_shows_no_term_of_the_abstract() -> None:
    pieces = highlight("A pear, a kettle", wanted_terms(parse("title:pear OR abstract:kettle")), is_title=True)
    assert [piece for piece, is_hit in pieces if is_hit] == ["pear"]


@given(st.text(max_size=60), st.sampled_from(["pear", "a OR b", '"a b"', "ab*"]))
def test_the_pieces_joined_are_the_whole_text(text: str, query: str) -> None:
    assert "".join(piece for piece, _ in highlight(text, wanted_terms(parse(query)))) == text
