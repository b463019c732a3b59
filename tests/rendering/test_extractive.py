from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.extractive import key_sentence, one_line
from newsletter.text import squeeze
from tests.factories import make_paper

ABSTRACT = (
    "Pears are eaten all over the world and have been for a long time. "
    "However, nobody knows which pears keep best in winter. "
    "We show that pears keep 30% longer in a cold cellar than in a kitchen. "
    "Further research on cellars would be welcome to many people."
)


def test_the_sentence_that_states_a_result_is_the_key_sentence() -> None:
    assert key_sentence("Keeping Pears in Winter", ABSTRACT) == (
        "We show that pears keep 30% longer in a cold cellar than in a kitchen."
    )


def test_the_first_sentence_that_says_what_was_done_precedes_results() -> None:
    done = "To address this, we propose Cellar, a cold and dark room below the kitchen for pears of all kinds."
    result = "Experiments show that pears keep 30% longer in the cold than in a kitchen."

    assert key_sentence("Keeping Pears in Winter", f"Pears are eaten. {result} {done} {result}") == (
        "We propose Cellar, a cold and dark room below the kitchen for pears of all kinds."
    )


def test_a_sentence_that_points_to_the_one_before_is_not_chosen() -> None:
    first = "Pears are eaten all over the world and have been for a long time."
    dangling = "We show that this method keeps pears 30% longer than the kitchens of our neighbours do."
    last = "Our cold and dark cellar reduces what is lost of all kinds of pears in a long winter."

    assert key_sentence("Keeping Pears in Winter", f"{first} {dangling} {last}") == last


def test_a_sentence_that_adds_little_to_the_title_is_not_chosen() -> None:
    repeated = "We show how to keep pears in winter."
    result = "A cold cellar reduces what is lost of all kinds of fruit by a third."

    assert key_sentence("How to Keep Pears in Winter", f"{repeated} {result}") == result


@pytest.mark.parametrize(
    ("sentence", "line"),
    [
        # Where the code is says nothing of the paper.
        ("We release all of our code and our data on pears and cellars at https://example.org/pears.", None),
        ("The source code of this paper will be released on the pages of our laboratory in winter.", None),
        # Nor does what was there before.
        ("A cold cellar reduces what is lost of all kinds of fruit, yet nobody of today has one.", None),
        ("We analyze their behavior in several kinds of cold and dark rooms below the kitchen.", None),
        (
            "We propose Cellar, a cold and dark room for pears of all kinds, to address these challenges.",
            "We propose Cellar, a cold and dark room for pears of all kinds.",
        ),
        (
            "This paper shows that kitchens of all kinds remain limited, but that a cold cellar does not.",
            "This paper shows that kitchens of all kinds remain limited, but that a cold cellar does not.",
        ),
        (
            "METHODS: We randomized 300 pears of all kinds to a cellar or a kitchen for twelve weeks.",
            "We randomized 300 pears of all kinds to a cellar or a kitchen for twelve weeks.",
        ),
    ],
)
def test_only_what_the_paper_did_is_chosen(sentence: str, line: str | None) -> None:
    result = "Our cold and dark cellar reduces what is lost of all kinds of pears in a long winter."
    last = result if line is None else "Pears are good."

    assert key_sentence("Keeping Pears", f"Pears are eaten all over the world. {sentence} {last}") == (line or last)


def test_a_sentence_with_a_macro_of_the_authors_is_the_second_choice() -> None:
    macro = r"We propose \cellarname, a cold and dark room below the kitchen for pears of all kinds."
    other = "We show that pears keep 30% longer in a cold cellar than in a kitchen."

    assert key_sentence("Keeping Pears", f"{macro} {other}") == other
    assert key_sentence("Keeping Pears", f"{macro} Pears are good.") == macro


def test_no_sentence_below_400_characters_is_cut() -> None:
    done = f"We propose a cellar that keeps {', '.join(['many kinds of pears'] * 16)}."
    abstract = f"Pears are eaten all over the world. {done} {done[:-1]} and {'apples' * 20}."

    assert 300 < len(done) <= 400
    assert one_line(make_paper(abstract=abstract, summary=None)) == done


def test_one_line_prefers_a_generated_summary_to_the_sources_and_this_to_the_abstract() -> None:
    summarized = make_paper(abstract=ABSTRACT, summary="From the source.")

    assert one_line(summarized, "Generated.") == "Generated."
    assert one_line(summarized) == "From the source."
    assert one_line(make_paper(abstract=ABSTRACT, summary=None)).startswith("We show that pears")
    assert one_line(make_paper(abstract="", summary=None)) == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=600).map(squeeze), st.text(max_size=40))
def test_one_line_is_verbatim_but_for_its_ends_and_at_most_400_characters(abstract: str, title: str) -> None:
    assert key_sentence(title, abstract).removesuffix(".")[1:] in abstract
    assert len(one_line(make_paper(title=title, abstract=abstract, summary=None))) <= 400


def test_of_recorded_abstracts_no_key_sentence_is_cut_and_few_point_back(shared: Path) -> None:
    with gzip.open(shared / "arxiv-days/2026-03-02.jsonl.gz", "rt") as rows:
        papers = [json.loads(row) for row in rows]
    lines = [
        one_line(make_paper(title=squeeze(paper["title"]), abstract=squeeze(paper["summary"]), summary=None))
        for paper in papers
    ]

    assert sum(line.endswith("…") for line in lines) <= 3
    assert sum(line.startswith(("In this", "To address th", "This method", "However")) for line in lines) <= 3
    assert sum(line.startswith(("We ", "This paper")) for line in lines) > 0.75 * len(lines)
