from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.models import PartialDate, Reason, ReasonKind
from newsletter.models.weights import Weights
from newsletter.ranking.index import Field
from newsletter.ranking.score import Score, popularity_reason, reasons_for, score
from newsletter.topics.query import Term
from tests.factories import NOW, TODAY, make_paper


def of(match: float = 0, **facts: object) -> Score:
    known = {"upvotes": None, "comments": None, "published": TODAY}
    return score(make_paper(**(known | facts)), match, TODAY, Weights())


def test_the_total_is_the_sum_of_the_parts() -> None:
    whole = of(3.0, upvotes=9)

    assert whole == Score(match=3.0, popularity=1.0, freshness=1.0, outright=2.0)
    assert whole.total == 7.0


def test_popularity_is_logarithmic_in_upvotes_and_comments() -> None:
    assert of(upvotes=5, comments=4).popularity == of(upvotes=9).popularity == pytest.approx(1)
    assert of(upvotes=99).popularity == pytest.approx(2)
    assert of(upvotes=None).popularity == 0


def test_freshness_halves_in_a_week_and_is_capped_for_future_dates() -> None:
    days = [of(published=TODAY - timedelta(days=age)).freshness for age in (0, 7, 14, -3)]

    assert days == [1.0, 0.5, 0.25, 1.0]


def test_a_month_or_a_year_alone_is_as_fresh_as_its_first_day() -> None:
    dates = (PartialDate(2026), PartialDate(2026, 5), TODAY, PartialDate(2026, 6), date(2026, 5, 1))
    year, month, day, to_come, first = (of(published=one, seen_at=NOW, listed=None).freshness for one in dates)
    assert year < month == first < day == 1.0
    assert to_come == 1.0  # it was seen today


def test_reasons_are_distinct_terms_with_the_strongest_field_first() -> None:
    hits = [
        (Term("ICL"), Field.ABSTRACT), (Term("in-context learning"), Field.TITLE),
        (Term("few-shot"), Field.KEYWORDS), (Term("prompt", None, is_prefix=True), Field.ABSTRACT),
        (Term("ICL"), Field.ABSTRACT),
    ]  # fmt: skip
    assert reasons_for(hits) == (
        Reason(ReasonKind.TITLE, "in-context learning"),
        Reason(ReasonKind.KEYWORDS, "few-shot"),
        Reason(ReasonKind.ABSTRACT, "ICL"),
        Reason(ReasonKind.ABSTRACT, "prompt*"),
    )


def test_a_term_that_is_part_of_a_longer_one_is_no_reason_of_its_own() -> None:
    hits = [
        (Term("In-context"), Field.TITLE), (Term("in-context learning"), Field.TITLE),
        (Term("learning"), Field.ABSTRACT), (Term("learn", None, is_prefix=True), Field.ABSTRACT),
        (Term("in-context learning at scale"), Field.ABSTRACT),
    ]  # fmt: skip
    assert reasons_for(hits) == (
        Reason(ReasonKind.TITLE, "in-context learning"),
        Reason(ReasonKind.ABSTRACT, "learn*"),
        Reason(ReasonKind.ABSTRACT, "in-context learning at scale"),
    )


def test_every_field_has_a_reason() -> None:
    kinds = [reason.kind for reason in reasons_for([(Term("pear"), field) for field in Field])]

    assert len(set(kinds)) == len(Field)
    assert set(ReasonKind) - set(kinds) == {
        ReasonKind.POPULARITY,
        ReasonKind.NEW_VERSION,
        ReasonKind.NEAR,
        ReasonKind.PASSING,
    }


def test_a_paper_with_upvotes_or_comments_has_a_popularity_reason() -> None:
    assert popularity_reason(make_paper(upvotes=12, comments=1)) == (Reason(ReasonKind.POPULARITY),)
    assert popularity_reason(make_paper(upvotes=0, comments=None)) == ()


@given(st.integers(0, 2**53), st.integers(0, 2**53), st.integers(-400, 40000))
def test_more_upvotes_or_a_later_date_never_lower_the_score(fewer: int, more: int, age: int) -> None:
    published = TODAY - timedelta(days=age)
    fewer, more = sorted((fewer, more))

    assert 0 <= of(upvotes=fewer, published=published).total <= of(upvotes=more, published=published).total
    assert of(published=published).total <= of(published=published + timedelta(days=1)).total
