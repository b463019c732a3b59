from __future__ import annotations

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


def test_a_sentence_that_depends_on_the_one_before_is_not_chosen() -> None:
    first = "Pears are eaten all over the world and have been for a long time."
    dependent = "However, we show that pears keep 30% longer in a cold cellar in winter."
    last = "Our method keeps pears in a cellar."

    assert key_sentence("Keeping Pears in Winter", f"{first} {dependent} {last}") == last


def test_one_line_prefers_a_generated_summary_to_the_sources_and_this_to_the_abstract() -> None:
    summarized = make_paper(abstract=ABSTRACT, summary="From the source.")

    assert one_line(summarized, "Generated.") == "Generated."
    assert one_line(summarized) == "From the source."
    assert one_line(make_paper(abstract=ABSTRACT, summary=None)).startswith("We show that pears")
    assert one_line(make_paper(abstract="", summary=None)) == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=600).map(squeeze), st.text(max_size=40))
def test_one_line_is_verbatim_and_at_most_240_characters(abstract: str, title: str) -> None:
    assert key_sentence(title, abstract) in abstract
    assert len(one_line(make_paper(title=title, abstract=abstract, summary=None))) <= 240
