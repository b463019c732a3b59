from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.lead_ins import dangles, without_lead_in, without_tail


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
        ("RESULTS: Pears keep.", "Pears keep."),
        ("Conclusions and Relevance: Pears keep.", "Pears keep."),
        ("(2) We dig.", "We dig."),
        ("iii) we dig.", "We dig."),
        ("Herein, we dig.", "We dig."),
        ("To do so, we dig.", "We dig."),
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
        "We analyze their behavior in cellars.",
        "This paper examines whether they keep.",
        "We find it in cellars.",
        "该方法基于图神经网络。",
    ],
)
def test_a_sentence_that_points_to_one_before_it_dangles(sentence: str) -> None:
    assert dangles(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "This paper keeps pears.",
        "We show that it is hard to keep pears.",
        "We keep fruits such as pears in this work.",
        "We propose Pear, a cellar for fruits of all kinds and sizes, and show that this cellar keeps pears.",
    ],
)
def test_a_sentence_that_points_to_the_paper_or_to_itself_does_not_dangle(sentence: str) -> None:
    assert not dangles(sentence)


@pytest.mark.parametrize(
    ("sentence", "on_its_own"),
    [
        ("We dig a cellar to address this gap.", "We dig a cellar."),
        ("We dig Pear, a cellar designed to overcome these severe limitations.", "We dig Pear, a cellar."),
        ("We dig a cellar that jointly addresses all of these issues.", "We dig a cellar."),
        ("We dig a cellar, aimed at addressing this problem.", "We dig a cellar."),
        ("We dig a cellar based on this observation.", "We dig a cellar."),
        ("Cellars keep pears in these settings.", "Cellars keep pears."),
        ("Pear has three stages for fruits of all kinds and for all sizes: (1) digging of cellars.",
         "Pear has three stages for fruits of all kinds and for all sizes."),
        # What says more stays.
        ("We dig a cellar to address the lack of cellars.", "We dig a cellar to address the lack of cellars."),
        ("We dig for this, and keep pears.", "We dig for this, and keep pears."),
        ("Key results: (1) We show that pears keep.", "Key results: (1) We show that pears keep."),
        ("We keep two fruits: (1) pears, and (2) apples.", "We keep two fruits: (1) pears, and (2) apples."),
        ("", ""),
    ],
)  # fmt: skip
def test_an_end_that_points_back_is_cut(sentence: str, on_its_own: str) -> None:
    assert without_tail(sentence) == on_its_own


@given(st.text(max_size=300) | st.text("a (1):to address this.", max_size=200))
def test_what_is_left_is_the_beginning_of_the_sentence(sentence: str) -> None:
    left = without_tail(sentence)
    assert sentence.startswith(left.removesuffix("."))
    assert bool(left) == bool(sentence)


@given(st.text(max_size=300))
def test_what_is_left_is_the_end_of_the_sentence(sentence: str) -> None:
    assert sentence.casefold().endswith(without_lead_in(sentence).casefold()[1:])
