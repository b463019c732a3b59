from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.ranking.index import Field
from newsletter.ranking.score import Score, popularity_reason, reasons_for, score
from newsletter.ranking.weights import Weights
from newsletter.topics.query import Term
from tests.factories import TODAY, make_paper


def of(match: float = 0, **facts: object) -> Score:
    known = {"upvotes": None, "comments": None, "published": TODAY}
    return score(make_paper(**(known | facts)), match, TODAY, Weights())


def test_the_sum_is_its_parts() -> None:
    whole = of(3.0, upvotes=9)

    assert whole == Score(match=3.0, popularity=1.0, freshness=1.0)
    assert whole.total == 5.0


def test_upvotes_and_comments_count_alike_and_ever_less() -> None:
    assert of(upvotes=5, comments=4).popularity == of(upvotes=9).popularity == pytest.approx(1)
    assert of(upvotes=99).popularity == pytest.approx(2)
    assert of(upvotes=None).popularity == 0


def test_freshness_halves_in_a_week_and_tomorrows_papers_are_as_fresh_as_todays() -> None:
    days = [of(published=TODAY - timedelta(days=age)).freshness for age in (0, 7, 14, -3)]

    assert days == [1.0, 0.5, 0.25, 1.0]


def test_reasons_name_the_place_and_the_term_the_strongest_first() -> None:
    found = [
        (Term("ICL"), Field.ABSTRACT, 1.0), (Term("in-context learning"), Field.TITLE, 1.0),
        (Term("few-shot"), Field.KEYWORDS, 1.0), (Term("prompt", None, is_prefix=True), Field.ABSTRACT, 1.0),
        (Term("ICL"), Field.ABSTRACT, 2.0),
    ]  # fmt: skip
    assert [str(reason) for reason in reasons_for(found)] == [
        "title: in-context learning",
        "keywords: few-shot",
        "abstract: ICL",
        "abstract: prompt*",
    ]


def test_a_paper_of_no_topic_is_there_for_how_much_it_is_liked() -> None:
    assert list(map(str, popularity_reason(make_paper(upvotes=12, comments=1)))) == ["trending: 12 upvotes, 1 comment"]
    assert popularity_reason(make_paper(upvotes=0, comments=None)) == ()


@given(st.integers(0, 2**53), st.integers(0, 2**53), st.integers(-400, 40000))
@settings(max_examples=100)
def test_being_liked_more_or_being_newer_never_costs_a_place(fewer: int, more: int, age: int) -> None:
    published = TODAY - timedelta(days=age)
    fewer, more = sorted((fewer, more))

    assert 0 <= of(upvotes=fewer, published=published).total <= of(upvotes=more, published=published).total
    assert of(published=published).total <= of(published=published + timedelta(days=1)).total
