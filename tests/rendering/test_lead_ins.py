from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.lead_ins import dangles, without_lead_in


@pytest.mark.parametrize(
    ("sentence", "on_its_own"),
    [
        ("In this paper, to address this, we propose Pear.", "We propose Pear."),
        ("In this paper we show that pears keep.", "We show that pears keep."),
        ("To address these limitations of A, B, and C, this paper introduces Pear.", "This paper introduces Pear."),
        ("To this end, a cellar is proposed.", "A cellar is proposed."),
        ("To tackle the aforementioned challenges, we dig.", "We dig."),
        ("Motivated by this observation, here, we dig.", "We dig."),
        ("However, iPear keeps longer.", "iPear keeps longer."),  # the spelling of a name is its own
        ("Thus, we dig.", "We dig."),
        # What says more than that something was said before stays.
        ("To keep pears in winter, we dig.", "To keep pears in winter, we dig."),
        ("In this regime, pears keep.", "In this regime, pears keep."),
        ("To address the lack of cellars, we dig.", "To address the lack of cellars, we dig."),
        ("Under these conditions, we show that pears keep.", "Under these conditions, we show that pears keep."),
        ("Thus.", "Thus."),
        ("", ""),
    ],
)
def test_what_leads_in_from_the_sentence_before_is_cut(sentence: str, on_its_own: str) -> None:
    assert without_lead_in(sentence) == on_its_own


@pytest.mark.parametrize(
    "sentence",
    [
        "This method keeps pears.",
        "It keeps pears.",
        "We show that such cellars keep pears.",
        "We formalize this as a game.",
        "Of these, we focus on pears.",
        "We also keep apples.",
    ],
)
def test_a_sentence_that_points_to_one_before_it_dangles(sentence: str) -> None:
    assert dangles(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "This paper keeps pears.",
        "We keep fruits such as pears in this work.",
        "We propose Pear, a cellar for fruits of all kinds and sizes, and show that this cellar keeps pears.",
    ],
)
def test_a_sentence_that_points_to_the_paper_or_to_itself_does_not_dangle(sentence: str) -> None:
    assert not dangles(sentence)


@given(st.text(max_size=300))
def test_what_is_left_is_the_end_of_the_sentence(sentence: str) -> None:
    assert sentence.casefold().endswith(without_lead_in(sentence).casefold()[1:])
