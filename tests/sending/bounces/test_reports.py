"""What came back is understood: a corpus of many servers' words, and anything at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sending.bounces.reports import read_bounce_report
from newsletter.sending.status_codes import Kind, diagnose
from tests.sending.bounces.samples import ADA, CASES, OURS, Case


def said(raw: bytes) -> dict[str, Kind]:
    return {one.email: one.kind for one in read_bounce_report(raw)}


def test_there_are_sixty_of_many_kinds() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    assert {kind for case in CASES for kind in case.said.values()} == set(Kind)
    assert sum(not case.said for case in CASES) >= 10


def test_precision_and_recall(record_property: Callable[[str, object], None]) -> None:
    told = [(case.name, address, kind) for case in CASES for address, kind in said(case.raw).items()]
    true = [(case.name, address, kind) for case in CASES for address, kind in case.said.items()]
    for kind in Kind:
        mine, theirs = ({one for one in both if one[2] is kind} for both in (told, true))
        precision, recall = len(mine & theirs) / len(mine), len(mine & theirs) / len(theirs)
        record_property(f"{kind}", f"precision {precision:.2f}, recall {recall:.2f}")
        print(f"{kind:10} {len(theirs):3} true: precision {precision:.2f}, recall {recall:.2f}")  # noqa: T201 - asked for
        # Who is called dead must be: nobody is suppressed by mistake.
        assert precision == 1.0 or kind is Kind.SOFT
        assert recall >= 0.9


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_says_what_it_means(case: Case) -> None:
    assert said(case.raw) == case.said


def test_a_report_names_the_mail_it_is_about() -> None:
    named = [
        one.message_id for case in CASES for one in read_bounce_report(case.raw) if case.name.startswith("postfix")
    ]
    assert set(named) == {OURS}


def test_the_same_report_has_the_same_fingerprint_and_others_have_others() -> None:
    prints = [one.fingerprint for case in CASES for one in read_bounce_report(case.raw)]
    assert len(set(prints)) == len(prints)
    assert prints == [one.fingerprint for case in CASES for one in read_bounce_report(case.raw)]


@given(st.binary(max_size=2000))
def test_anything_may_come_back(raw: bytes) -> None:
    read_bounce_report(raw)


@given(st.sampled_from(CASES), st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=8)), max_size=5))
def test_reports_may_be_broken(case: Case, changes: list[tuple[int, bytes]]) -> None:
    raw = case.raw
    for place, bytes_ in changes:
        raw = raw[:place] + bytes_ + raw[place + len(bytes_) :]
    for one in read_bounce_report(raw):
        assert "\n" not in one.response
        assert len(one.response) <= 500


@given(st.text(max_size=300), st.text(max_size=30))
def test_any_words_have_a_meaning(response: str, status: str) -> None:
    kind, _ = diagnose(status, response)
    assert kind in (Kind.HARD, Kind.SOFT)


def test_codes_are_of_the_address_or_not() -> None:
    assert diagnose("5.1.1", "")[0] is Kind.HARD
    assert diagnose("5.7.1", "user unknown")[0] is Kind.SOFT
    assert diagnose("", f"550 5.1.1 <{ADA}> no")[0] is Kind.HARD
    assert diagnose("", "")[0] is Kind.SOFT
